"""What a step looks like to a linear tagger: its words, the words before it, and what it repeats.

Everything looks back only, so a step's features do not change when the trace goes on. Three groups
a step: word 1-grams and 2-grams, the 1-grams of the step before it, and flags: where it stands,
how it begins and ends, whether it repeats equations, values or phrasing, whether an answer has
been stated already. The flags tell a silent recomputation from a first computation, which no
single step's words can.

Features are numbers of a fixed hash (CRC-32 of the word, then a 64-bit mix): the same on every
machine and in every process.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.lookback import LookBack, StepFacts

_ASCII_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:[.,]\d+)*|\\[a-z]+|[^\w\s]")
_ANY_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*|\\[^\W\d_]+|[^\w\s]")
_MEMO_LIMIT = 200_000
_BEGIN, _NOTHING = 1, 2  # stand for the beginning of a step and for "no step before this one"
_TEXT, _PAIR, _PREVIOUS, _FLAG = range(4)

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StepFeatures:
    """Features of one step, not yet folded into buckets.

    Attributes:
        words: 32-bit hashes of its words, in order, a begin mark first.
        previous: The same of the step before it.
        flags: Look-back flags, ``position * 2**32 + value``.
    """

    words: list[int]
    previous: list[int]
    flags: list[int]


class _WordHashes(dict[str, int]):
    """CRC-32 of words, numbers by their length only; remembers what it has seen."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        shape = f"#{min(len(word), 4)}" if word[0].isdigit() else word
        value = self[word] = zlib.crc32(shape.encode())
        return value


_hashes = _WordHashes()


def words_of(text: str, limit: int) -> list[str]:
    """Lower-case words, numbers, LaTeX commands and signs of a text, the first `limit` of them."""
    low = text.lower()
    return (_ASCII_TOKEN if low.isascii() else _ANY_TOKEN).findall(low)[:limit]


class TraceReader:
    """Reads one trace step by step and remembers what later steps may repeat.

    Args:
        question: The problem text, empty if unknown.
        max_words: Words of a step beyond this many are not read.
    """

    def __init__(self, question: str, max_words: int) -> None:
        self._max_words = max_words
        self._look_back = LookBack(words_of(question, max_words))
        self._previous = [_NOTHING]

    def read(self, text: str) -> StepFeatures:
        """Take the next step's text; return its features."""
        tokens = words_of(text, self._max_words)
        words = [_BEGIN]
        words.extend(map(_hashes.__getitem__, tokens))
        values = self._look_back.flags(StepFacts(text, tokens, words))
        flags = [(i << 32) + value for i, value in enumerate(values)]
        features = StepFeatures(words, self._previous, flags)
        self._previous = words
        return features


@dataclass(frozen=True)
class Group:
    """One group of features of many steps, in one row after the other.

    Attributes:
        buckets: Bucket of each feature, in [0, 2**bits).
        starts: Where each step's features begin in `buckets`, (steps,); none is empty.
        scale: What a feature of the step counts, (steps,).
    """

    buckets: Ints
    starts: Ints
    scale: NDArray[np.float64]


def fold(
    steps: Sequence[StepFeatures], bits: int, weights: tuple[float, float, float]
) -> list[Group]:
    """Fold features into buckets; each step's come out the same whatever stands beside it.

    Args:
        steps: At least one step.
        bits: There are ``2**bits`` buckets.
        weights: Length of a step's feature vector in the groups words, previous and flags.

    Returns:
        The groups words (1-grams and 2-grams), previous, flags.
    """
    lengths = np.array([len(s.words) for s in steps])
    words = np.array([w for s in steps for w in s.words], dtype=np.uint64)
    pairs = words.copy()
    pairs[1:] += words[:-1] * np.uint64(0x9E3779B1)
    # The begin mark pairs with the last word of another step: give it a bucket of its own.
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    pairs[starts] = _BEGIN
    both = np.stack([_mix(words, _TEXT, bits), _mix(pairs, _PAIR, bits)], axis=1).ravel()

    previous = np.array([w for s in steps for w in s.previous], dtype=np.uint64)
    before = np.array([len(s.previous) for s in steps])
    flags = np.array([s.flags for s in steps], dtype=np.uint64)
    return [
        Group(both, 2 * starts, weights[0] / np.sqrt(2.0 * lengths)),
        Group(
            _mix(previous, _PREVIOUS, bits),
            np.concatenate([[0], np.cumsum(before)[:-1]]),
            weights[1] / np.sqrt(before),
        ),
        Group(
            _mix(flags.ravel(), _FLAG, bits),
            np.arange(len(steps)) * flags.shape[1],
            np.full(len(steps), weights[2] / np.sqrt(flags.shape[1])),
        ),
    ]


def _mix(values: NDArray[np.uint64], group: int, bits: int) -> Ints:
    """Bucket of each value, by the finisher of SplitMix64 with the group as salt."""
    x = values + np.uint64((group + 1) * 0x9E3779B97F4A7C15 % 2**64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (x >> np.uint64(64 - bits)).astype(np.int64)
