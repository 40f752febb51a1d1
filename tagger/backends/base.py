"""The seam between the frozen tagger and its classifiers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


class Reader(Protocol):
    """Reads one trace and remembers what it needs of the past."""

    def read(self, text: str) -> Any:
        """Take the next step's text; return what `Backend.logits` scores."""
        ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A reader with a faster way through steps that are all there; the very same results."""

    def read_all(self, texts: Sequence[str]) -> list[Any]:
        """Take the texts of the next steps; return what `Reader.read` would of each."""
        ...


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

    def start(self, question: str) -> Reader:
        """Start reading a trace."""
        ...

    def logits(self, steps: Sequence[Any]) -> NDArray[np.float64]:
        """Score what readers returned: (steps, types), each row independent of the others."""
        ...


@runtime_checkable
class ManyAtOnce(Protocol):
    """A back end with a faster way through whole traces, for training and distillation only.

    The last digits may depend on the batch, so a frozen tagger's labels never come from here.
    """

    def logits_many(
        self, traces: Sequence[Sequence[str]], questions: Sequence[str], device: str = "cpu"
    ) -> list[NDArray[np.float64]]:
        """Score whole traces, given as texts of steps, on a device: (steps, types) for each."""
        ...


def score_whole(
    backend: Backend,
    traces: Sequence[Sequence[str]],
    questions: Sequence[str],
    device: Callable[[], str],
) -> list[NDArray[np.float64]]:
    """Score whole traces by a back end's fast way if it has one, else step by step.

    Args:
        backend: The classifier.
        traces: Texts of the steps of each trace.
        questions: The question of each, empty where unknown.
        device: Says where the fast way computes; not asked where there is none.

    Returns:
        (steps, types) for each trace.
    """
    if isinstance(backend, ManyAtOnce):
        return backend.logits_many(traces, questions, device())
    scores = []
    for texts, question in zip(traces, questions, strict=True):
        reader = backend.start(question)
        scores.append(backend.logits([reader.read(text) for text in texts]))
    return scores
