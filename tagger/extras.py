"""What a tagger's folder may hold next to the tagger: calibrations and known words.

They change nothing about the tagger itself, so they are not in its fingerprint; what a calibration
makes of it has a fingerprint of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tagger.calibrations import (
    CALIBRATIONS_FILE,
    UnitCalibration,
    calibrations_text,
    read_calibrations,
)
from tagger.location import PACKAGED
from tagger.novelty import KNOWN_WORDS_FILE, KnownWords


@dataclass(frozen=True)
class Extras:
    """What comes with a tagger.

    Attributes:
        calibrations: For steps of other segmentations and types of other taxonomies.
        known_words: Of its training data; None if they are not known.
    """

    calibrations: tuple[UnitCalibration, ...] = ()
    known_words: KnownWords | None = None

    @classmethod
    def read(cls, folder: Path, fingerprint: str) -> Extras:
        """Read what a folder holds; packaged taggers share their known words.

        Raises:
            UserError: A file is malformed, or was made for another tagger.
        """
        words = folder / KNOWN_WORDS_FILE
        if not words.is_file() and folder.resolve().parent == PACKAGED.parent.resolve():
            words = PACKAGED.parent / KNOWN_WORDS_FILE
        return cls(
            read_calibrations(folder, fingerprint),
            KnownWords.read(words) if words.is_file() else None,
        )

    def write(self, folder: Path, fingerprint: str) -> None:
        """Write it next to a tagger; calibrations of another one are left out."""
        from safetensors.numpy import save_file

        own = [c for c in self.calibrations if c.tagger == fingerprint]
        if own:
            (folder / CALIBRATIONS_FILE).write_text(calibrations_text(own), encoding="utf-8")
        if self.known_words is not None:
            save_file(self.known_words.arrays, str(folder / KNOWN_WORDS_FILE))
            (folder / KNOWN_WORDS_FILE).chmod(0o644)
