"""The encoder as a back end of the frozen tagger.

Every step is encoded in a batch of one, and the head processes one step at a time: the same
operations in the same order whether a trace streams in or is finished, alone or in a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.encoder.reading import StepExtractor, StepInput, Tokens
from tagger.backends.encoder.settings import EncoderSettings
from tagger.backends.pretrained.backend import PretrainedBackend, stored_arrays
from tagger.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from tagger.backends.encoder.net import Net

_OUT = "head.out.0."


class EncoderBackend(PretrainedBackend[EncoderSettings]):
    """Scores steps with a sentence encoder and a causal head whose weights never change.

    Args:
        settings: What fixes the net.
        arrays: ``encoder.*`` and ``head.*``, the net's weights; ``file.config.json`` and
            ``file.tokenizer.json``, the bytes of the encoder's files. Made read-only.

    Raises:
        UserError: An array is missing, is too many, or does not fit the settings.
    """

    name = "encoder"
    output_bias = f"{_OUT}bias"

    def __init__(self, settings: EncoderSettings, arrays: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(settings, arrays)
        if settings.pooling == "auto":
            raise UserError(
                "The encoder tagger's settings are incomplete (pooling is auto); train or fetch it "
                "again."
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
        """Round the weights of a trained net; auxiliary heads are dropped.

        Args:
            net: The net.
            files: Content of the encoder's files, `tagger.backends.pretrained.backend.FILES`.
        """

        def keep(name: str) -> bool:
            return name.startswith(_OUT) or not name.startswith("head.out.")

        return cls(net.settings, stored_arrays(net, net.settings.weights, files, keep))

    def _build(self) -> Net:
        from tagger.backends.encoder.net import Net, build_body

        net = Net(self._settings, build_body(self._file("config.json")), [self.types])
        self._load_weights(net)
        return net

    def start(self, question: str) -> EncoderExtractor:
        """Start a trace."""
        return EncoderExtractor(self._net, StepExtractor(self._tokens, self._settings, question))

    def logits_batch(
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

        from tagger.backends.encoder.predict import score_batch

        read = []
        for texts, question in zip(traces, questions, strict=True):
            extractor = StepExtractor(self._tokens, self._settings, question)
            read.append([extractor.read(text) for text in texts])
        self._net.to(torch.device(device))
        try:
            return score_batch(self._net, read)
        finally:
            self._net.to(torch.device("cpu"))


class EncoderExtractor:
    """Reads one trace; made by `EncoderBackend.start`."""

    def __init__(self, net: Net, steps: StepExtractor) -> None:
        self._net = net
        self._steps = steps
        self._state: tuple[Tensor, Tensor | None] | None = None

    def read(self, text: str) -> NDArray[np.float64]:
        """Take the next step's text; return its scores, (types,)."""
        step = self._steps.read(text)
        return self._score(step)

    def _score(self, step: StepInput) -> NDArray[np.float64]:
        import torch

        from tagger.backends.encoder.net import flags_of

        with torch.inference_mode():
            vector = self._net.encode([step])[None]
            seen, self._state = self._net.head(vector, flags_of([step])[None], self._state)
            scores: NDArray[np.float64] = self._net.head.out[0](seen)[0, 0].double().numpy()
        return scores
