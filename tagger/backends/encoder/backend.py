"""The encoder as a back end of the frozen tagger.

Every step is encoded by itself, in a batch of one, and the head reads one step at a time: the
same sums in the same order whether a trace streams in or is finished, alone or among others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.encoder.reading import ReadStep, StepReader, Tokens
from tagger.backends.encoder.settings import EncoderSettings
from tagger.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from tagger.backends.encoder.net import Net

FILES = ("config.json", "tokenizer.json")
_FILE = "file."
_OUT = "head.out.0."


class EncoderBackend:
    """Scores steps with a sentence encoder and a causal head whose weights never change.

    Args:
        settings: What fixes the net.
        arrays: ``encoder.*`` and ``head.*``, the net's weights; ``file.config.json`` and
            ``file.tokenizer.json``, the bytes of the encoder's files. Made read-only.

    Raises:
        UserError: An array is missing, is too many, or does not fit the settings.
    """

    name = "encoder"

    def __init__(self, settings: EncoderSettings, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._settings = settings
        self._arrays = {k: np.ascontiguousarray(v) for k, v in sorted(arrays.items())}
        for array in self._arrays.values():
            array.setflags(write=False)
        missing = [n for n in FILES if _FILE + n not in self._arrays]
        if missing or f"{_OUT}bias" not in self._arrays or settings.pooling == "auto":
            raise UserError(
                "The encoder tagger's weights are incomplete "
                f"({', '.join(missing) or 'head or pooling'} missing); train or fetch it again."
            )
        known = [_FILE + f for f in FILES]
        extra = [n for n in self._arrays if n.startswith(_FILE) and n not in known]
        if extra:
            raise UserError(
                f"The encoder tagger's weights hold {', '.join(extra)}, which it does not read; "
                "train or fetch it again."
            )
        self._tokens = Tokens(self._file("tokenizer.json"), settings)
        self._net = self._build()

    @classmethod
    def load(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> EncoderBackend:
        """Build from what a tagger folder holds; errors as the constructor."""
        return cls(EncoderSettings.from_dict(settings), arrays)

    @classmethod
    def from_net(cls, net: Net, files: Mapping[str, str]) -> EncoderBackend:
        """Round and keep a trained net; heads of other taxonomies are dropped.

        Args:
            net: The net.
            files: Content of the encoder's `FILES`.
        """
        stored = np.dtype(net.settings.weights)
        arrays: dict[str, NDArray[Any]] = {}
        for name, tensor in net.state_dict().items():
            values = tensor.detach().cpu().numpy()
            if name.startswith("head.out.") and not name.startswith(_OUT):
                continue
            floating = np.issubdtype(values.dtype, np.floating)
            arrays[name] = values.astype(stored) if floating else values.copy()
        for name in FILES:
            arrays[_FILE + name] = np.frombuffer(files[name].encode(), dtype=np.uint8).copy()
        return cls(net.settings, arrays)

    def _file(self, name: str) -> str:
        return self._arrays[_FILE + name].tobytes().decode()

    def _build(self) -> Net:
        import torch

        from tagger.backends.encoder.net import Net, build_body

        net = Net(self._settings, build_body(self._file("config.json")), [self.types])
        weights = {
            name: torch.tensor(a, dtype=torch.float32 if a.dtype.kind == "f" else None)
            for name, a in self._arrays.items()
            if not name.startswith(_FILE)
        }
        try:
            net.load_state_dict(weights)
        except RuntimeError as error:
            first = str(error).strip().splitlines()[-1].strip()
            raise UserError(
                f"The encoder tagger's weights do not fit its settings ({first}); "
                "train or fetch it again."
            ) from error
        return net.eval().requires_grad_(False)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings by name, JSON-able."""
        return self._settings.to_dict()

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All weights by name, read-only, the encoder's files as bytes among them."""
        return dict(self._arrays)

    @property
    def types(self) -> int:
        """Number of types it scores."""
        return len(self._arrays[f"{_OUT}bias"])

    def start(self, question: str) -> EncoderReader:
        """Start reading a trace."""
        return EncoderReader(self._net, StepReader(self._tokens, self._settings, question))

    def logits(self, steps: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Scores of steps, (steps, types): what `EncoderReader.read` returned, one under another.

        A score depends on what came before, so the reader computes it when it reads the step.
        """
        return np.stack(steps) if len(steps) else np.empty((0, self.types))

    def logits_many(
        self, traces: Sequence[Sequence[str]], questions: Sequence[str], device: str = "cpu"
    ) -> list[NDArray[np.float64]]:
        """Scores of whole traces in large batches: for training and distillation only.

        Several times as fast as reading step by step, but not bit for bit the same: the last
        digits depend on the batch. `FrozenTagger` never calls it.

        Args:
            traces: Texts of the steps of each trace.
            questions: The question of each, empty where unknown.
            device: Where to compute.

        Returns:
            (steps, types) for each trace.
        """
        import torch

        from tagger.backends.encoder.predict import score_many

        read = []
        for texts, question in zip(traces, questions, strict=True):
            reader = StepReader(self._tokens, self._settings, question)
            read.append([reader.read(text) for text in texts])
        self._net.to(torch.device(device))
        try:
            return score_many(self._net, read)
        finally:
            self._net.to(torch.device("cpu"))


class EncoderReader:
    """Reads one trace; made by `EncoderBackend.start`."""

    def __init__(self, net: Net, steps: StepReader) -> None:
        self._net = net
        self._steps = steps
        self._state: tuple[Tensor, Tensor | None] | None = None

    def read(self, text: str) -> NDArray[np.float64]:
        """Take the next step's text; return its scores, (types,)."""
        step = self._steps.read(text)
        return self._score(step)

    def _score(self, step: ReadStep) -> NDArray[np.float64]:
        import torch

        from tagger.backends.encoder.net import flags_of

        with torch.inference_mode():
            vector = self._net.encode([step])[None]
            seen, self._state = self._net.head(vector, flags_of([step])[None], self._state)
            scores: NDArray[np.float64] = self._net.head.out[0](seen)[0, 0].double().numpy()
        return scores
