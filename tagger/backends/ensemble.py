"""Soft-voting ensemble: weighted mean of member probabilities.

As slow as its members together and mostly more accurate than each: a teacher for distillation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.base import Backend, BatchScorer, FeatureExtractor, score_traces
from tagger.errors import UserError

_SMALLEST = 1e-12  # probability a member is taken to give at least, so that logarithms are finite


@dataclass(frozen=True)
class Member:
    """One member of an ensemble.

    Attributes:
        backend: The classifier.
        temperature: Its scores are divided by it before the softmax.
        weight: Its share in the mean, relative to the others'.
    """

    backend: Backend
    temperature: float
    weight: float = 1.0


class EnsembleExtractor:
    """Extracts features for every member."""

    def __init__(self, extractors: Sequence[FeatureExtractor]) -> None:
        self._extractors = extractors

    def read(self, text: str) -> list[Any]:
        """Take the next step's text; return what each member scores."""
        return [extractor.read(text) for extractor in self._extractors]


class EnsembleBackend:
    """Soft-voting ensemble: weighted mean of member probabilities.

    It is a `BatchScorer` if a member is one; without one it has no ``logits_batch``.

    Args:
        members: At least two, scoring the same number of types, with positive weights.

    Raises:
        UserError: Too few members, or members that do not fit together.
    """

    name = "ensemble"

    def __init__(self, members: Sequence[Member]) -> None:
        if len(members) < 2:
            raise UserError(f"An ensemble needs two taggers or more; {len(members)} was given.")
        counts = sorted({m.backend.types for m in members})
        if len(counts) != 1:
            raise UserError(
                "The taggers of an ensemble must score the same types; these score "
                f"{' and '.join(map(str, counts))}."
            )
        for member in members:
            for name, value in (("weight", member.weight), ("temperature", member.temperature)):
                if not 0 < value < math.inf:
                    raise UserError(
                        f"The {name} of an ensemble's member is {value}; it must be above 0 and "
                        "finite."
                    )
        self._members = list(members)
        if any(isinstance(m.backend, BatchScorer) for m in members):
            self.logits_batch = partial(_logits_batch, self._members)

    @classmethod
    def load(
        cls,
        settings: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        load_member: Callable[[str, Mapping[str, Any], Mapping[str, NDArray[Any]]], Backend],
    ) -> EnsembleBackend:
        """Build from what a tagger folder holds.

        Args:
            settings: As `settings` gives them.
            arrays: As `arrays` gives them.
            load_member: Builds a member from its back end's name, settings and arrays
                (`tagger.backends.registry.load_backend`).

        Raises:
            UserError: As the constructor and the members.
        """
        members = []
        for number, entry in enumerate(settings["members"]):
            prefix = f"{number}/"
            own = {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}
            backend = load_member(entry["backend"], entry["settings"], own)
            members.append(Member(backend, float(entry["temperature"]), float(entry["weight"])))
        return cls(members)

    @property
    def settings(self) -> dict[str, Any]:
        """Back end, settings, temperature and weight of each member."""
        return {
            "members": [
                {
                    "backend": m.backend.name,
                    "settings": m.backend.settings,
                    "temperature": m.temperature,
                    "weight": m.weight,
                }
                for m in self._members
            ]
        }

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Read-only weights of all members, prefixed with the member's number."""
        return {
            f"{number}/{name}": array
            for number, member in enumerate(self._members)
            for name, array in member.backend.arrays.items()
        }

    @property
    def types(self) -> int:
        """Number of types it scores."""
        return self._members[0].backend.types

    def start(self, question: str) -> EnsembleExtractor:
        """Start a trace."""
        return EnsembleExtractor([m.backend.start(question) for m in self._members])

    def logits(self, steps: Sequence[Any]) -> NDArray[np.float64]:
        """Logarithm of the mean probability: (steps, types), each row independent of the others."""
        return _mean(
            self._members,
            [m.backend.logits([step[n] for step in steps]) for n, m in enumerate(self._members)],
        )


def _mean(members: Sequence[Member], scores: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Logarithm of the mean probability, from each member's scores, (steps, types)."""
    total = np.zeros(scores[0].shape)
    for member, logits in zip(members, scores, strict=True):
        scaled = logits / member.temperature
        odds = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        total += member.weight * odds / odds.sum(axis=1, keepdims=True)
    mean = total / sum(m.weight for m in members)
    logarithms: NDArray[np.float64] = np.log(np.maximum(mean, _SMALLEST))
    return logarithms


def _logits_batch(
    members: Sequence[Member],
    traces: Sequence[Sequence[str]],
    questions: Sequence[str],
    device: str = "cpu",
) -> list[NDArray[np.float64]]:
    """As `BatchScorer.logits_batch`: batched for members that can, else step by step."""
    each = [score_traces(m.backend, traces, questions, lambda: device) for m in members]
    return [_mean(members, scores) for scores in zip(*each, strict=True)]
