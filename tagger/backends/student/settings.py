"""What fixes the shape of a student network and what it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tagger.config.ranges import settings_from
from tagger.errors import UserError

READING_VERSION = 1
"""Raised when `tagger.backends.student.reading` or what it stands on changes what it computes."""

_RANGES = {
    "word_bits": (6, 20),
    "flag_bits": (6, 20),
    "wide_bits": (6, 20),
    "width": (4, 512),
    "hidden": (4, 512),
    "layers": (1, 4),
    "kernel": (1, 9),
    "head_words": (1, 1000),
    "tail_words": (0, 1000),
}


@dataclass(frozen=True)
class StudentSettings:
    """What fixes the network; part of the fingerprint.

    Attributes:
        word_bits: Words are hashed into ``2**word_bits`` rows.
        flag_bits: Look-back flags are hashed into ``2**flag_bits`` rows.
        wide_bits: Words, pairs of words, the previous step's words and flags are hashed into
            ``2**wide_bits`` rows that speak for a type directly.
        width: Numbers a word.
        hidden: Numbers a step, and of the memory of the trace.
        layers: Convolutions over a step's words.
        kernel: Words a convolution sees at once; odd.
        head_words: Words read from the beginning of a step.
        tail_words: Words read from the end of a step that is longer than the head.
        version: Of the reading code.

    Raises:
        UserError: A value out of range, an even kernel, or a reading of another version.
    """

    word_bits: int = 15
    flag_bits: int = 14
    wide_bits: int = 17
    width: int = 64
    hidden: int = 128
    layers: int = 1
    kernel: int = 3
    head_words: int = 96
    tail_words: int = 32
    version: int = READING_VERSION

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not isinstance(value, int) or not low <= value <= high:
                raise UserError(
                    f"Student setting {name!r} is {value!r}; it is a whole number from {low} "
                    f"to {high}."
                )
        if not self.kernel % 2:
            raise UserError(f"Student setting 'kernel' is {self.kernel}; it must be odd.")
        if self.version != READING_VERSION:
            raise UserError(
                f"The student reads by version {self.version}, this release by version "
                f"{READING_VERSION}; train it again."
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StudentSettings:
        """Build from a mapping; an unknown key is a UserError that names the nearest one."""
        return settings_from(cls, values, "student setting")
