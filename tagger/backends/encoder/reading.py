"""Input of the net for a step: token ids, and look-back flags as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.backends.encoder.settings import EncoderSettings
from tagger.backends.features.step_features import TraceExtractor
from tagger.backends.pretrained.tokens import TextTokenizer, cut_text, keep_ends

_CHARS_A_TOKEN = 8  # of a longer step only so many characters of head and tail are cut into tokens
_HEAD_SHARE = 2 / 3
_STRIDE = np.uint64(0x9E3779B97F4A7C15)

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StepInput:
    """Input of the net for one step.

    Attributes:
        ids: Token ids, special ones and the tail of the step before included.
        own: Where the tokens begin that are pooled: 0, or behind the tail of the step before.
        flags: Row of each look-back flag in the embedding table, (flags,).
    """

    ids: list[int]
    own: int
    flags: Ints


class Tokens:
    """Tokenizes steps independently.

    Args:
        text: Content of a ``tokenizer.json``.
        settings: How many tokens are read.

    Raises:
        UserError: The text is no tokenizer.
    """

    def __init__(self, text: str, settings: EncoderSettings) -> None:
        self._tokenizer = TextTokenizer("encoder", text)
        self._settings = settings
        special = self._tokenizer.special
        self._begin, self._end = special[:1], special[1:2]

    def of(self, text: str) -> list[int]:
        """Token ids of a text without special ones, at most `max_tokens`, head and tail kept."""
        most = self._settings.max_tokens
        head = round(_HEAD_SHARE * most)
        ids = self._tokenizer.ids(cut_text(text, _CHARS_A_TOKEN * most))
        return keep_ends(ids, head, most - head)

    def join(self, previous: Sequence[int], ids: Sequence[int]) -> tuple[list[int], int]:
        """Put the end of the step before in front, and special tokens around.

        Returns:
            The ids, never empty, and where the step's own begin (0 if nothing stands in front).
        """
        kept = self._settings.previous_tokens
        tail = list(previous[len(previous) - kept :]) if kept < len(previous) else list(previous)
        if not kept or not tail:
            return [*self._begin, *ids, *self._end] or [0], 0
        front = [*self._begin, *tail, *self._end]
        return [*front, *ids, *self._end] if ids or self._end else [*front, 0], len(front)


def flag_rows(flags: Sequence[int], bits: int) -> Ints:
    """Rows of flags in a table of ``2**bits``, by the finisher of SplitMix64 (Steele et al. 2014).

    Args:
        flags: 32-bit values, one for each place.
        bits: Size of the table.

    Returns:
        (flags,); equal values in different places fall on different rows, but for collisions.
    """
    x = np.array(flags, dtype=np.uint64) + np.arange(1, len(flags) + 1, dtype=np.uint64) * _STRIDE
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    rows: Ints = ((x ^ (x >> np.uint64(31))) >> np.uint64(64 - bits)).astype(np.int64)
    return rows


class StepExtractor:
    """Reads one trace step by step; a step's input depends on nothing that comes later.

    Args:
        tokens: The tokenizer.
        settings: Of the net.
        question: The problem text, empty if unknown.
    """

    def __init__(self, tokens: Tokens, settings: EncoderSettings, question: str) -> None:
        self._tokens = tokens
        self._settings = settings
        self._look_back = TraceExtractor(question, settings.max_words)
        self._previous = tokens.of(question)

    def read(self, text: str) -> StepInput:
        """Take the next step's text."""
        own = self._tokens.of(text)
        ids, begin = self._tokens.join(self._previous, own)
        self._previous = own
        flags = self._look_back.read(text).flags
        return StepInput(ids, begin, flag_rows(flags, self._settings.flag_bits))
