"""What published reward terms count in a completion, beyond types, tokens and steps."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.config.numbers import finite_number
from tagger.letter_case import lower_case

NGRAM_SIZES = (2, 3, 4, 6)
"""Sizes of n-grams whose repetition is a column."""
STEP_EDGES = (16, 32, 64, 128, 256)
"""Steps are counted by length: below the first edge, from each edge to the next, from the last."""
BUDGET, REFERENCE_ACCURACY = "budget", "reference_accuracy"
"""Keys of a problem's metadata: the length it announces to the model, in tokens, and the share of
correct answers the policy had before training."""

_LARGEST, _LARGEST_VOCABULARY = 2**62, 2**22  # numbers that stand for n-grams; token ids
_REFLECTION = re.compile("wait|alternatively|check|but")
_CLOSE = 59  # characters between two hits on one line that count as one
_FOLDED = re.compile(r"\\boxed\s*\{\s*Unsolvable\s*\}")
_PREDICT = re.compile(r"<predict>(.*?)</predict>", re.DOTALL | re.IGNORECASE)
_NUMBER = r"\s*[:=]\s*([0-9]*\.?[0-9]+)"


def reflection_hits(thinking: str) -> int:
    """Places of reflection as REA-RL counts them (`src/rea_rl/rewards.py`).

    Substrings *wait*, *alternatively*, *check*, *but* in any case ("butter" counts); hits at most
    59 characters apart on one line count once.
    """
    hits, last, line = 0, -1, -1
    for match in _REFLECTION.finditer(lower_case(thinking)):
        broken = last < 0 or "\n" in thinking[last : match.start()]
        if broken or match.start() - line > _CLOSE:
            hits += 1
        last, line = match.end(), match.end()
    return hits


def repeated_shares(ids: Sequence[int], sizes: Sequence[int] = NGRAM_SIZES) -> list[float]:
    """Share of n-grams that have occurred before, in [0, 1], for each size.

    0 for texts shorter than one.
    """
    known = {1: _ranks(np.asarray(ids, dtype=np.int64))}
    totals = [len(ids) - size + 1 for size in sizes]
    return [
        1.0 - _distinct(_ngrams(known, size)[0]) / total if total > 0 else 0.0
        for size, total in zip(sizes, totals, strict=True)
    ]


_Numbered = tuple[NDArray[np.int64], int]


def _ranks(ids: NDArray[np.int64]) -> _Numbered:
    """Token ids as numbers from 0 without gaps."""
    if not ids.size:
        return ids, 0
    ordered = np.sort(ids)
    distinct = ordered[np.append(ordered[1:] != ordered[:-1], True)]
    if distinct[-1] >= _LARGEST_VOCABULARY:
        return np.searchsorted(distinct, ids), len(distinct)
    places = np.empty(int(distinct[-1]) + 1, dtype=np.int64)  # faster than a search
    places[distinct] = np.arange(len(distinct))
    return places[ids], len(distinct)


def _distinct(numbers: NDArray[np.int64]) -> int:
    """How many different numbers there are, at least one."""
    ordered = np.sort(numbers)
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + 1


def _ngrams(known: dict[int, _Numbered], size: int) -> _Numbered:
    """A number for the n-gram that begins at each place, the same for equal ones, and a bound.

    Args:
        known: What has been found, by size, that of single tokens among it; grows.
        size: Tokens of an n-gram, no more than there are.

    Returns:
        The numbers, from 0, and one more than any of them.
    """
    if size not in known:
        half = size // 2
        (first, firsts), (last, lasts) = _ngrams(known, half), _ngrams(known, size - half)
        if firsts * lasts >= _LARGEST:  # numbered anew, from 0 without gaps: seldom, for it is slow
            first, firsts = _numbered_anew(first)
            last, lasts = _numbered_anew(last)
        last = last[half:]
        known[size] = first[: len(last)] * lasts + last, firsts * lasts
    return known[size]


def _numbered_anew(numbers: NDArray[np.int64]) -> _Numbered:
    distinct, places = np.unique(numbers, return_inverse=True)
    return places, len(distinct)


def steps_by_length(tokens: Sequence[int]) -> list[int]:
    """How many steps fall below each of `STEP_EDGES`, but not below the one before, and above."""
    counts = [0] * (len(STEP_EDGES) + 1)
    for length in tokens:
        counts[bisect_right(STEP_EDGES, length)] += 1
    return counts


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a completion foretells of itself in its ``<predict>`` block (BET).

    Attributes:
        solve_rate: Foretold share of correct rollouts, in [0, 1]; -1 if not told.
        budget: Foretold length as a share of the longest, in [0, 1]; -1 if not told.
        folded: Its answer says that the problem cannot be solved.
    """

    solve_rate: float
    budget: float
    folded: bool


def forecast_of(text: str) -> Forecast:
    r"""Read ``<predict>s: 0.75, b: 0.1</predict>`` and ``\boxed{Unsolvable}``."""
    block = _PREDICT.search(text)
    told = block[1] if block else ""
    return Forecast(_told("s", told), _told("b", told), bool(_FOLDED.search(text)))


def _told(name: str, text: str) -> float:
    found = re.search(rf"\b{name}\w*{_NUMBER}", text)
    return min(float(found[1]), 1.0) if found else -1.0


def number_of(metadata: Mapping[str, Any], key: str) -> float:
    """A number of a problem's metadata; -1 if it has none."""
    value = metadata.get(key)
    return float(value) if finite_number(value) else -1.0
