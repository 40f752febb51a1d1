"""Recurrence of a step's words in the trace: one small number a word.

A first computation and a verification that computes again may read alike; what distinguishes them
is that the words, and their order, have occurred before. So each word gets a status:
how long ago it was last seen, whether it comes after the same words as before, whether the
question holds it, and whether it is a number. All of it looks back only.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

_AGES = [0, 1, 2, 2, 3, 3, 3, 3, 3, 3, 3]  # by steps since a word was last seen
_OLD = 4  # last seen before that
_BEFORE = 5  # never, and the four ages
_RUNS = 3  # alone, with the word before it, with the two words before it
_KINDS = 3  # a word, a number, a sign
_MEMO_LIMIT, _MEMO_LENGTH = 200_000, 64
STATUSES = _BEFORE * _RUNS * 2 * _KINDS
"""How many statuses there are."""


class _Kinds(dict[str, int]):
    """Contribution of a word's kind to its status; memoised."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        kind = 1 if word[0].isdigit() else 2 if len(word) == 1 else 0
        value = kind * 2 * _BEFORE * _RUNS
        if len(word) <= _MEMO_LENGTH:
            self[word] = value
        return value


_kinds = _Kinds()


class Recurrence:
    """History of a trace.

    Args:
        question: Words of the problem text.
    """

    def __init__(self, question: Sequence[str]) -> None:
        self._question = frozenset(question)
        self._seen: dict[str, int] = {}  # the last step that held the word
        self._pairs: dict[tuple[str, str], int] = {}  # the first step that held them
        self._triples: dict[tuple[str, str, str], int] = {}
        self._ages: list[int] = []
        self._step = 0

    def statuses(self, words: Sequence[str]) -> list[int]:
        """Take the next step's words; return the status of each, in [0, `STATUSES`)."""
        step, last_seen = self._step, self._seen.get
        pair_seen, triple_seen = self._pairs.setdefault, self._triples.setdefault
        asked = self._question.intersection(words)
        # By the step a word was last seen in; this one stands for never.
        ages = self._ages
        ages.insert(0, _AGES[step] if step < len(_AGES) else _OLD)
        found = []
        before = before_that = ""
        for word in words:
            status = _kinds[word] + ages[last_seen(word, step)]
            # Looked up and remembered at once: what this step brings is not older than it.
            if pair_seen((before, word), step) < step:
                status += _BEFORE
            if triple_seen((before_that, before, word), step) < step:
                status += _BEFORE
            if word in asked:
                status += _BEFORE * _RUNS
            found.append(status)
            before_that, before = before, word
        self._seen.update(zip(words, repeat(step), strict=False))
        self._step += 1
        return found
