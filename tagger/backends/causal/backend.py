"""The causal language model as a back end of the frozen tagger.

The tokens of one step are processed in one forward pass with the KV cache of the window: the same
operations in the same order whether a trace streams in or is finished, alone or in a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.causal.reading import Tokens
from tagger.backends.causal.settings import CausalSettings
from tagger.backends.causal.windows import Span, Window, WindowBuilder, windows_of
from tagger.backends.pretrained.backend import PretrainedBackend, stored_arrays

if TYPE_CHECKING:
    from tagger.backends.causal.net import Net


class CausalBackend(PretrainedBackend[CausalSettings]):
    """Scores steps with a causal language model whose weights never change.

    Args:
        settings: What fixes the net.
        arrays: ``body.*`` and ``head.*``, the net's weights; ``file.config.json`` and
            ``file.tokenizer.json``, the bytes of the language model's files. Made read-only.

    Raises:
        UserError: An array is missing, is too many, or does not fit the settings.
    """

    name = "causal"
    output_bias = "head.out.bias"

    def __init__(self, settings: CausalSettings, arrays: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(settings, arrays)
        self._tokens = Tokens(self._file("tokenizer.json"), settings)
        self._net = self._build()

    @classmethod
    def load(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> CausalBackend:
        """Build from what a tagger folder holds; errors as the constructor."""
        return cls(CausalSettings.from_dict(settings), arrays)

    @classmethod
    def from_net(cls, net: Net, files: Mapping[str, str]) -> CausalBackend:
        """Round the weights of a trained net.

        Args:
            net: The net, all its layers.
            files: Content of the language model's files,
                `tagger.backends.pretrained.backend.FILES`.
        """
        return cls(net.settings, stored_arrays(net, net.settings.weights, files))

    def _build(self) -> Net:
        import torch

        from tagger.backends.causal.net import Net, build_body, part_of_config

        depth = self._settings.lower + self._settings.upper
        body = build_body(part_of_config(self._file("config.json"), 0, depth))
        with torch.random.fork_rng(devices=[]):  # the caller's random state stays as it is
            net = Net(self._settings, body, self.types)
        self._load_weights(net)
        return net

    def start(self, question: str) -> CausalExtractor:
        """Start a trace."""
        front = self._tokens.question(question)
        return CausalExtractor(self._net, self._tokens, WindowBuilder(front, self._settings))

    def logits_batch(
        self, traces: Sequence[Sequence[str]], questions: Sequence[str], device: str = "cpu"
    ) -> list[NDArray[np.float64]]:
        """Scores of whole traces, a window at once: for training and distillation only.

        Faster than reading step by step, but not bit for bit the same. `FrozenTagger` never calls
        it.

        Args:
            traces: Texts of the steps of each trace.
            questions: The question of each, empty where unknown.
            device: Where to compute.

        Returns:
            (steps, types) for each trace.
        """
        import torch

        out = []
        self._net.to(torch.device(device))
        try:
            for texts, question in zip(traces, questions, strict=True):
                parts = [self._score(w) for w in self.windows(question, texts, range(len(texts)))]
                out.append(np.concatenate([np.empty((0, self.types)), *parts]))
        finally:
            self._net.to(torch.device("cpu"))
        return out

    def windows(self, question: str, texts: Sequence[str], wanted: Sequence[int]) -> list[Window]:
        """Lay a trace out in windows, as `windows_of`."""
        front = self._tokens.question(question)
        return windows_of(front, [self._tokens.step(t) for t in texts], wanted, self._settings)

    def _score(self, window: Window) -> NDArray[np.float64]:
        import torch

        with torch.inference_mode():
            ids = torch.tensor(window.ids, device=self._net.device)
            scores: NDArray[np.float64] = self._net(ids, window.spans).double().cpu().numpy()
        return scores


class CausalExtractor:
    """Reads one trace; made by `CausalBackend.start`."""

    def __init__(self, net: Net, tokens: Tokens, windows: WindowBuilder) -> None:
        self._net = net
        self._tokens = tokens
        self._windows = windows
        self._cache: Any = None

    def read(self, text: str) -> NDArray[np.float64]:
        """Take the next step's text; return its scores, (types,)."""
        import torch
        from transformers import DynamicCache

        piece = self._windows.read(self._tokens.step(text))
        if piece.fresh:
            self._cache = DynamicCache(config=self._net.body.config)
        own = Span(0, piece.own, len(piece.ids))
        with torch.inference_mode():
            given = torch.tensor(piece.ids)
            scores: NDArray[np.float64] = self._net(given, [own], self._cache)[0].double().numpy()
        return scores
