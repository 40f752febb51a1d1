"""What fixes the shape of a student network and what it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Interval

from tagger.config.settings import Settings
from tagger.errors import UserError

READING_VERSION = 1
"""Raised when `tagger.backends.student.reading` or what it stands on changes what it computes."""


@dataclass(frozen=True)
class StudentSettings(Settings):
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

    KEY: ClassVar[str] = "setting"
    OWNER: ClassVar[str] = "the student tagger"

    word_bits: Annotated[int, Interval(ge=6, le=20)] = 15
    flag_bits: Annotated[int, Interval(ge=6, le=20)] = 14
    wide_bits: Annotated[int, Interval(ge=6, le=20)] = 17
    width: Annotated[int, Interval(ge=4, le=512)] = 64
    hidden: Annotated[int, Interval(ge=4, le=512)] = 128
    layers: Annotated[int, Interval(ge=1, le=4)] = 1
    kernel: Annotated[int, Interval(ge=1, le=9)] = 3
    head_words: Annotated[int, Interval(ge=1, le=1000)] = 96
    tail_words: Annotated[int, Interval(ge=0, le=1000)] = 32
    version: int = READING_VERSION

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.kernel % 2:
            raise UserError(f"kernel of {self.OWNER} is {self.kernel}; it must be odd.")
        if self.version != READING_VERSION:
            raise UserError(
                f"The student reads by version {self.version}, this release by version "
                f"{READING_VERSION}; train it again."
            )
