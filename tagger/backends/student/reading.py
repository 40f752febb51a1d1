"""Input of the student network for a step: words, their statuses, and the look-back flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.backends.features.lookback import LookBack, StepFacts
from tagger.backends.features.step_features import (
    BEGIN,
    NOTHING,
    StepFeatures,
    flag_buckets,
    hashes_of,
    packed,
    words_of,
)
from tagger.backends.student.recurrence import Recurrence
from tagger.backends.student.settings import StudentSettings

MAX_WORDS = 2000
"""Words of a step, or of a question, beyond this many are not read at all."""

GROUP_WEIGHTS = (1.0, 0.5, 1.3)
"""Length of a step's direct features in the groups words, previous step's words and flags."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StepReading:
    """One step as the network reads it.

    Attributes:
        words: Row of each word read, (words,), in [0, 2**word_bits); at least one.
        statuses: What the trace has said of each before, (words,).
        flags: Row of each look-back flag, (flags,), in [0, 2**flag_bits).
        wide: The same step as the linear back end sees it.
    """

    words: Ints
    statuses: Ints
    flags: Ints
    wide: StepFeatures


class StepScanner:
    """Reads one trace step by step and remembers what later steps may repeat.

    Args:
        question: The problem text, empty if unknown.
        settings: How much of a step is read, and into how many rows.
    """

    def __init__(self, question: str, settings: StudentSettings) -> None:
        words = words_of(question, MAX_WORDS)
        self._settings = settings
        self._look_back = LookBack(words)
        self._recurrence = Recurrence(words)
        self._previous = packed([NOTHING])

    def scan(self, text: str) -> StepReading:
        """Take the next step's text; return what the network reads of it."""
        return self.scan_all([text])[0]

    def scan_all(self, texts: Sequence[str]) -> list[StepReading]:
        """Take the texts of the next steps, at least one; return what the network reads of each.

        One kind of work is done for all steps before the next kind, as each has tables of its own
        that a core's cache can hold.
        """
        words = [words_of(text, MAX_WORDS) for text in texts]
        hashes = [hashes_of(step) for step in words]
        begun = [[BEGIN, *step] for step in hashes]
        flags = list(map(self._look_back.flags, map(StepFacts, texts, words, begun)))
        buckets = flag_buckets(flags, self._settings.flag_bits)
        statuses = [self._recurrence.statuses(step) for step in words]
        own = [packed(step) for step in begun]
        previous = [self._previous, *own]
        self._previous = previous[-1]
        wide = map(StepFeatures, own, previous, flags)
        return list(map(self._reading, words, hashes, statuses, buckets, wide))

    def _reading(
        self,
        words: list[str],
        hashes: list[int],
        statuses: list[int],
        flags: Ints,
        wide: StepFeatures,
    ) -> StepReading:
        settings = self._settings
        if not words:  # underscores alone, say
            hashes, statuses = [NOTHING], [0]
        if len(words) > settings.head_words + settings.tail_words:
            tail = len(words) - settings.tail_words
            hashes = hashes[: settings.head_words] + hashes[tail:]
            statuses = statuses[: settings.head_words] + statuses[tail:]
        rows = np.array(hashes, dtype=np.int64) & (2**settings.word_bits - 1)
        return StepReading(rows, np.array(statuses, dtype=np.int64), flags, wide)
