"""Features of a step for the linear back end: its words, the words before it, and repetitions.

Features look back only, so those of a step do not change as the trace continues. Three groups a
step: word 1-grams and 2-grams, the 1-grams of the step before it, and flags: where it stands,
how it begins and ends, whether it repeats equations, values or phrasing, whether an answer has
been stated already. The flags distinguish a silent recomputation from a first computation, which
the words of a single step cannot.

Features are numbers of a fixed hash (CRC-32 of the word, then a 64-bit mix): the same on every
machine and in every process.
"""

from __future__ import annotations

import re
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagger.backends.features.lookback import LookBack, StepFacts

# Possessive (++, ?+) for speed: nothing follows that a shorter match could help.
_ASCII_TOKEN = re.compile(r"[a-z]++(?:'[a-z]++)?+|[0-9]++(?:[.,][0-9]++)*+|\\[a-z]++|[^a-z0-9_\s]")
_ANY_TOKEN = re.compile(r"[^\W\d_]++(?:['’][^\W\d_]++)?+|\d++(?:[.,]\d++)*+|\\[^\W\d_]++|[^\w\s]")
_MEMO_LIMIT = 200_000
_MEMO_LONGEST = 64  # longer words are hashed anew each time: they would fill the memory
_LONG = 8  # characters a word from which a text is too long to look for all its words
BEGIN, NOTHING = 1, 2
"""Stand for the beginning of a step and for "no step before this one"."""

_SALTS = np.arange(1, 4, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
_PAIRING = np.uint64(0xD1342543DE82EF95)
_FLAG_STRIDE = np.uint64(0xA0761D6478BD642F)

Ints = NDArray[np.int64]


class StepFeatures(NamedTuple):
    """Features of one step, not yet folded into buckets.

    Attributes:
        words: 32-bit hashes of its words, in order, a begin mark first.
        previous: The same of the step before it.
        flags: 32-bit values of the look-back flags, one for each place, always as many.
    """

    words: array[int]
    previous: array[int]
    flags: list[int]


class _WordHashes(dict[str, int]):
    """CRC-32 of words, numbers by their length only; memoised."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        shape = f"#{min(len(word), 4)}" if word[0].isdigit() else word
        # JSON may bring half of a surrogate pair; it is a sign like any other.
        value = zlib.crc32(shape.encode(errors="surrogatepass"))
        if len(word) <= _MEMO_LONGEST:
            self[word] = value
        return value


_hashes = _WordHashes()


def words_of(text: str, limit: int) -> list[str]:
    """Lower-case words, numbers, LaTeX commands and signs of a text, the first `limit` of them."""
    low = text.lower()
    token = _ASCII_TOKEN if low.isascii() else _ANY_TOKEN
    if len(low) > _LONG * limit:  # most of it will not be read
        return [match.group() for match in islice(token.finditer(low), limit)]
    return token.findall(low)[:limit]


def hashes_of(words: Sequence[str]) -> list[int]:
    """32-bit hash of each word; numbers by their length only."""
    return list(map(_hashes.__getitem__, words))


def packed(hashes: list[int]) -> array[int]:
    """The same numbers, faster to fold."""
    return array("I", hashes)


class TraceExtractor:
    """Reads one trace step by step and remembers what later steps may repeat.

    Args:
        question: The problem text, empty if unknown.
        max_words: Words of a step beyond this many are not read.
    """

    def __init__(self, question: str, max_words: int) -> None:
        self._max_words = max_words
        self._look_back = LookBack(words_of(question, max_words))
        self._previous = packed([NOTHING])

    def read(self, text: str) -> StepFeatures:
        """Take the next step's text; return its features."""
        return self.read_batch([text])[0]

    def read_batch(self, texts: Sequence[str]) -> list[StepFeatures]:
        """Take the texts of the next steps; return the features of each.

        One kind of work is done for all steps before the next kind, as each has tables of its own
        that a core's cache can hold.
        """
        tokens = [words_of(text, self._max_words) for text in texts]
        words = [[BEGIN, *hashes_of(step)] for step in tokens]
        flags = list(map(self._look_back.flags, map(StepFacts, texts, tokens, words)))
        own = [packed(step) for step in words]
        previous = [self._previous, *own]
        self._previous = previous[-1]
        return list(map(StepFeatures, own, previous, flags))


@dataclass(frozen=True)
class Folded:
    """Features of many steps in four groups: 2-grams, 1-grams, previous, flags.

    Attributes:
        buckets: Bucket of each feature, in [0, 2**bits): a group after the other, in each the
            steps one after the other.
        starts: Where a group of a step begins in `buckets`, (4 * steps,); none is empty.
        scale: What a feature counts, (3, steps): 2-grams and 1-grams together, previous, flags.
    """

    buckets: Ints
    starts: Ints
    scale: NDArray[np.float64]


def fold(steps: Sequence[StepFeatures], bits: int, weights: tuple[float, float, float]) -> Folded:
    """Fold features into buckets; each step's come out the same in any batch.

    Args:
        steps: At least one step.
        bits: There are ``2**bits`` buckets.
        weights: Length of a step's feature vector in the groups words, previous and flags.

    Returns:
        The features.
    """
    flat = array("I")
    for step in steps:
        flat.extend(step.words)
    size = len(flat)
    for step in steps:
        flat.extend(step.previous)
    before = len(flat)
    for step in steps:
        flat.fromlist(step.flags)
    words = [len(step.words) for step in steps]
    previous = [len(step.previous) for step in steps]
    flags = [len(step.flags) for step in steps]
    starts = np.array([0, *accumulate(words + words + previous + flags)][:-1])

    raw = np.frombuffer(flat, dtype=np.uintc).astype(np.uint64)
    codes = np.empty(size + len(raw), dtype=np.uint64)
    codes[size:] = raw
    codes[1:size] = raw[1:size] + raw[: size - 1] * _PAIRING
    codes[starts[: len(steps)]] = BEGIN  # no pair across steps
    codes[:size] += _SALTS[0]
    codes[2 * size : size + before] += _SALTS[1]
    codes[size + before :].reshape(len(steps), -1)[:] += _flag_salts(flags[0])

    squares = np.array([[2 * n for n in words], previous, flags])
    return Folded(_buckets(codes, bits), starts, _column(weights) / np.sqrt(squares))


@cache
def _column(weights: tuple[float, float, float]) -> NDArray[np.float64]:
    """The weights below each other, (3, 1)."""
    column = np.array(weights)[:, None]
    column.setflags(write=False)
    return column


@cache
def _flag_salts(count: int) -> NDArray[np.uint64]:
    """Salts that separate flags of different positions, (count,)."""
    salts: NDArray[np.uint64] = _SALTS[2] + np.arange(count, dtype=np.uint64) * _FLAG_STRIDE
    salts.setflags(write=False)
    return salts


def flag_buckets(flags: Sequence[list[int]], bits: int) -> Ints:
    """Bucket of each look-back flag of at least one step, (steps, flags), in [0, 2**bits)."""
    flat = array("I")
    for step in flags:
        flat.fromlist(step)
    codes = np.frombuffer(flat, dtype=np.uintc).astype(np.uint64).reshape(len(flags), -1)
    codes += _flag_salts(codes.shape[1])
    return _buckets(codes, bits)


def _buckets(codes: NDArray[np.uint64], bits: int) -> Ints:
    """Bucket of each code, by the finisher of SplitMix64 (Steele et al. 2014)."""
    x = codes ^ (codes >> np.uint64(30))
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    return (x >> np.uint64(64 - bits)).astype(np.int64)
