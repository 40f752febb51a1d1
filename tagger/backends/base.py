"""Interfaces between the frozen tagger and its classifiers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tagger.steps import Step


class FeatureExtractor(Protocol):
    """Extracts features of the steps of one trace, in order; keeps the state it needs."""

    def read(self, text: str) -> Any:
        """Take the next step's text; return what `Backend.logits` scores."""
        ...


@runtime_checkable
class BatchExtractor(Protocol):
    """Optional batch interface. Must return exactly what `read` would."""

    def read_batch(self, texts: Sequence[str]) -> list[Any]:
        """Take the texts of the next steps; return what `read` returns for each."""
        ...


def extract_features(extractor: FeatureExtractor, steps: Sequence[Step]) -> list[Any]:
    """Extract the features of the next steps of a trace, as a batch if the extractor has one."""
    texts = [step.text for step in steps]
    if isinstance(extractor, BatchExtractor):
        return extractor.read_batch(texts)
    return [extractor.read(text) for text in texts]


class Backend(Protocol):
    """A kind of classifier. A new one is a file and a line in `tagger.frozen.BACKENDS`."""

    name: str

    @property
    def settings(self) -> dict[str, Any]:
        """JSON-able settings; part of the fingerprint."""
        ...

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Read-only weights by name; part of the fingerprint."""
        ...

    @property
    def types(self) -> int:
        """Number of types it scores."""
        ...

    def start(self, question: str) -> FeatureExtractor:
        """Start a trace."""
        ...

    def logits(self, steps: Sequence[Any]) -> NDArray[np.float64]:
        """Score features: (steps, types), each row independent of the others."""
        ...


@runtime_checkable
class BatchScorer(Protocol):
    """Optional batched scoring of whole traces, for training and distillation only.

    The last digits may depend on the batch, so a frozen tagger never uses it for its labels.
    """

    def logits_batch(
        self, traces: Sequence[Sequence[str]], questions: Sequence[str], device: str = "cpu"
    ) -> list[NDArray[np.float64]]:
        """Score whole traces, given as texts of steps, on a device: (steps, types) for each."""
        ...


def score_traces(
    backend: Backend,
    traces: Sequence[Sequence[str]],
    questions: Sequence[str],
    device: Callable[[], str],
) -> list[NDArray[np.float64]]:
    """Score whole traces in batches if the back end can, else step by step.

    Args:
        backend: The classifier.
        traces: Texts of the steps of each trace.
        questions: The question of each, empty where unknown.
        device: Chooses where batches are computed; only called for a `BatchScorer`.

    Returns:
        (steps, types) for each trace.
    """
    if isinstance(backend, BatchScorer):
        return backend.logits_batch(traces, questions, device())
    scores = []
    for texts, question in zip(traces, questions, strict=True):
        extractor = backend.start(question)
        scores.append(backend.logits([extractor.read(text) for text in texts]))
    return scores
