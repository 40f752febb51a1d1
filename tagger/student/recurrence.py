"""What of a step's words the trace has said before: one small number a word.

A step that computes for the first time and one that checks by computing again may read alike; what
tells them apart is that the words, and their order, have been there. So each word gets a status:
how long ago it was last seen, whether it comes after the same words as before, whether the
question holds it, and whether it is a number. All of it looks back only.
"""

from __future__ import annotations

from collections.abc import Sequence

_AGE = [0, 1, 2, 2, 3, 3, 3, 3, 3, 3, 3]  # by steps since a word was last seen; 4 if longer ago
_BEFORE = 5  # never, and the four ages
_RUNS = 3  # alone, with the word before it, with the two words before it
_KINDS = 3  # a word, a number, a sign
_MEMO_LIMIT, _MEMO_LENGTH = 200_000, 64
STATUSES = _BEFORE * _RUNS * 2 * _KINDS
"""How many statuses there are."""


class _Kinds(dict[str, int]):
    """What a word's kind adds to its status; remembers what it has seen."""

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
    """What a trace has said so far.

    Args:
        question: Words of the problem text.
    """

    def __init__(self, question: Sequence[str]) -> None:
        self._question = frozenset(question)
        self._seen: dict[str, int] = {}  # the last step that held the word
        self._pairs: set[tuple[str, str]] = set()
        self._triples: set[tuple[str, str, str]] = set()
        self._step = 0

    def statuses(self, words: Sequence[str]) -> list[int]:
        """Take the next step's words; return the status of each, in [0, `STATUSES`)."""
        seen, question, step = self._seen, self._question, self._step
        pairs, triples = self._pairs, self._triples
        found = []
        new_pairs = list(zip(["", *words], words, strict=False))
        new_triples = list(zip(["", "", *words], ["", *words], words, strict=False))
        for word, pair, triple in zip(words, new_pairs, new_triples, strict=True):
            status = _kinds[word]
            last = seen.get(word)
            if last is not None:
                status += _AGE[step - last] if step - last < len(_AGE) else _BEFORE - 1
                if pair in pairs:
                    status += 2 * _BEFORE if triple in triples else _BEFORE
            if word in question:
                status += _BEFORE * _RUNS
            found.append(status)
        seen.update(dict.fromkeys(words, step))
        pairs.update(new_pairs)
        triples.update(new_triples)
        self._step += 1
        return found
