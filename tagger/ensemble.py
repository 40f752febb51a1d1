"""Several taggers heard together: the mean of their probabilities.

A teacher: slower than its members and mostly righter than each of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tagger.backend import Backend, ManyAtOnce, Reader, score_whole
from tagger.errors import UserError, unknown_name

if TYPE_CHECKING:
    from tagger.frozen import FrozenTagger

_SMALLEST = 1e-12  # probability a member is taken to give at least, so that logarithms are finite


@dataclass(frozen=True)
class Member:
    """One voice of an ensemble.

    Attributes:
        backend: The classifier.
        temperature: Its scores are divided by it before the softmax.
        weight: Its share in the mean, relative to the others'.
    """

    backend: Backend
    temperature: float
    weight: float = 1.0


class EnsembleReader:
    """Reads one trace with every member."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self._readers = readers

    def read(self, text: str) -> list[Any]:
        """Take the next step's text; return what each member scores."""
        return [reader.read(text) for reader in self._readers]


class EnsembleBackend:
    """The weighted mean of members' probabilities.

    It is a `ManyAtOnce` where a member is one: an ensemble of others has no ``logits_many``.

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
        if any(isinstance(m.backend, ManyAtOnce) for m in members):
            self.logits_many = partial(_logits_many, self._members)

    @classmethod
    def load(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> EnsembleBackend:
        """Build from what a tagger folder holds; errors as the constructor and the members'."""
        from tagger.frozen import BACKENDS

        members = []
        for number, entry in enumerate(settings["members"]):
            if entry["backend"] not in BACKENDS:
                raise unknown_name("tagger back end", entry["backend"], BACKENDS)
            prefix = f"{number}/"
            own = {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}
            backend = BACKENDS[entry["backend"]](entry["settings"], own)
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
        """Read-only weights of all members, each behind its number."""
        return {
            f"{number}/{name}": array
            for number, member in enumerate(self._members)
            for name, array in member.backend.arrays.items()
        }

    @property
    def types(self) -> int:
        """Number of types it scores."""
        return self._members[0].backend.types

    def start(self, question: str) -> EnsembleReader:
        """Start reading a trace."""
        return EnsembleReader([m.backend.start(question) for m in self._members])

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
        cooled = logits / member.temperature
        odds = np.exp(cooled - cooled.max(axis=1, keepdims=True))
        total += member.weight * odds / odds.sum(axis=1, keepdims=True)
    mean = total / sum(m.weight for m in members)
    logarithms: NDArray[np.float64] = np.log(np.maximum(mean, _SMALLEST))
    return logarithms


def _logits_many(
    members: Sequence[Member],
    traces: Sequence[Sequence[str]],
    questions: Sequence[str],
    device: str = "cpu",
) -> list[NDArray[np.float64]]:
    """As `ManyAtOnce.logits_many`: the fast way of the members that have one, else step by step."""
    each = [score_whole(m.backend, traces, questions, lambda: device) for m in members]
    return [_mean(members, scores) for scores in zip(*each, strict=True)]


def combine(
    taggers: Sequence[FrozenTagger], weights: Sequence[float] | None = None
) -> FrozenTagger:
    """Make one tagger of several.

    Args:
        taggers: Of one taxonomy and one segmenter, two or more.
        weights: Share of each in the mean, relative to the others'; equal if None.

    Returns:
        The tagger; its temperature is 1.

    Raises:
        UserError: The taggers differ in taxonomy or segmenter, or are too few.
    """
    from tagger.frozen import FrozenTagger

    weights = weights or [1.0] * len(taggers)
    for number, tagger in enumerate(taggers[1:], start=2):
        _refuse_different(taggers[0], tagger, number)
    members = [Member(t.backend, t.temperature, w) for t, w in zip(taggers, weights, strict=True)]
    about = {
        "members": [t.fingerprint for t in taggers],
        "weights": list(weights),
        "data": sorted({file for t in taggers for file in t.about.get("data", ())}),
    }
    return FrozenTagger(
        taggers[0].taxonomy, taggers[0].segmenter, EnsembleBackend(members), 1.0, about
    )


def _refuse_different(first: FrozenTagger, other: FrozenTagger, number: int) -> None:
    """Labels of different types, or of steps cut differently, have no mean."""
    for what, mine, own in (
        ("taxonomies", first.taxonomy.name, other.taxonomy.name),
        ("types", list(first.taxonomy.tags), list(other.taxonomy.tags)),
        ("definitions of types", first.taxonomy, other.taxonomy),
        ("segmenters", first.segmenter.name, other.segmenter.name),
        ("settings of the segmenter", first.segmenter.settings, other.segmenter.settings),
    ):
        if mine != own:
            shown = "" if what.startswith("definitions") else f" ({own} and {mine})"
            raise UserError(
                f"The {what} of tagger {number} differ from those of tagger 1{shown}; combine "
                "taggers that share taxonomy and segmenter."
            )
