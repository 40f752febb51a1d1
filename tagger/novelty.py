"""Steps unlike the training data: the share of a step that is written in words it has.

A tagger types any text, also in a language or of a field that it has never seen, and its
probabilities do not tell: a network is often sure far from its data. The words it was trained on
are known, as 32-bit hashes, and a step with few of them is reported as unfamiliar.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.features.step_features import hashes_of
from tagger.errors import UserError
from tagger.steps import TaggedStep

KNOWN_WORDS_FILE = "known_words.safetensors"

UNFAMILIAR_BELOW = 0.75
"""A step is unfamiliar if less than this share of its letters stands in known words."""

MANY_UNFAMILIAR = 0.1
"""Share of unfamiliar steps from which a policy's types are warned of (the overthinker: 0.02)."""

UNSURE_BELOW = 0.3
"""A step is unsure if its type has less than this probability."""

LONG_STEP = 4000
"""Characters beyond which a step is told to be long: of 138,367 steps of real traces 74 are."""

READ_CHARACTERS = 400
"""Characters of a step whose words are looked up."""

_ASCII_WORD, _WORD = re.compile(r"[a-z]+"), re.compile(r"[^\W\d_]+")
_MEMO_LIMIT, _MEMO_LONGEST = 200_000, 64
LEAST_COUNT = 3
"""Occurrences in the training data that make a word known."""


class KnownWords:
    """The words of a tagger's training data.

    Args:
        hashes: As `tagger.backends.features.step_features.hashes_of` gives them, in any order.
    """

    def __init__(self, hashes: Iterable[int]) -> None:
        self._known = frozenset(hashes)
        self._letters = _Letters(self._known)

    def __len__(self) -> int:
        return len(self._known)

    @classmethod
    def of_texts(cls, texts: Iterable[str], least: int = LEAST_COUNT) -> KnownWords:
        """The words that occur at least so often in some texts."""
        counts: Counter[int] = Counter()
        for text in texts:
            counts.update(hashes_of(_words(text)))
        return cls(word for word, count in counts.items() if count >= least)

    @classmethod
    def of_all(cls, some: Iterable[KnownWords]) -> KnownWords:
        """The words that any of some knows."""
        return cls(word for words in some for word in words._known)

    def share(self, text: str) -> float:
        """Share of the letters of a step's beginning that stand in known words.

        Args:
            text: The step's characters.

        Returns:
            A number in [0, 1]; 1 for a step without words. Numbers and signs do not count.
        """
        words = _words(text[:READ_CHARACTERS])
        both = len("".join(words))
        known = (both + sum(map(self._letters.__getitem__, words))) // 2  # the others are negative
        return known / both if both else 1.0

    def unfamiliar(self, texts: Iterable[str]) -> int:
        """How many of some steps are unlike the training data (`UNFAMILIAR_BELOW`)."""
        return sum(self.share(text) < UNFAMILIAR_BELOW for text in texts)

    @classmethod
    def read(cls, path: Path) -> KnownWords:
        """Read the file that `arrays` describes.

        Raises:
            UserError: It is malformed.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            hashes = load_file(str(path))["hashes"]
            if hashes.dtype != np.uint32 or hashes.ndim != 1:
                raise ValueError("hashes must be uint32, (words,)")
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise UserError(f"{path} holds no known words ({error}); delete it.") from error
        return cls(hashes.tolist())

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is stored: ``hashes``, ascending, (words,) uint32."""
        return {"hashes": np.array(sorted(self._known), dtype=np.uint32)}


UNFAMILIAR, UNSURE = "unfamiliar", "unsure"


def flag_of(tagged: TaggedStep, known: KnownWords | None) -> str:
    """What is to be said of a predicted type.

    Args:
        tagged: The step and its type.
        known: Words of the tagger's training data; None if they are not known.

    Returns:
        `UNFAMILIAR` if the step is unlike the training data, else `UNSURE` if its type is not
        probable (another may be: counts are kept by a bias), else nothing.
    """
    if known is not None and known.unfamiliar([tagged.step.text]):
        return UNFAMILIAR
    return UNSURE if tagged.confidence < UNSURE_BELOW else ""


class _Letters(dict[str, int]):
    """Letters of a word, negative if it is not known; memoised."""

    def __init__(self, known: frozenset[int]) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, word: str) -> int:
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        value = len(word) if hashes_of([word])[0] in self._known else -len(word)
        if len(word) <= _MEMO_LONGEST:
            self[word] = value
        return value


def _words(text: str) -> list[str]:
    """Runs of letters, in lower case."""
    low = text.lower()
    return (_ASCII_WORD if low.isascii() else _WORD).findall(low)
