"""Steps that come with the rows and that no rule here cuts: spans of an annotator, say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from tagger.errors import UserError
from tagger.segmentation.confidence import ConfidenceSegmenter
from tagger.segmentation.registry import SEGMENTERS, get_segmenter
from tagger.steps import Segmenter, Step, StepStream

SPAN = "span"
UNITS = frozenset([*SEGMENTERS, SPAN]) - {ConfidenceSegmenter.name}
"""Names by which a row may say what cut its steps: of segmenters that have defaults."""


@dataclass(frozen=True)
class GivenSpans:
    """Stands for steps finer than sentences, which an annotator or another program cut."""

    name: ClassVar[str] = SPAN
    version: ClassVar[int] = 1

    @property
    def settings(self) -> dict[str, Any]:
        """None."""
        return {}

    def split(self, text: str) -> list[Step]:
        """Refuse to.

        Raises:
            UserError: Always.
        """
        raise UserError(
            'Spans are cut by who labels them, not here: give rows with "steps", or name another '
            "segmenter, e.g. sentence."
        )

    def stream(self) -> StepStream:
        """Refuse to; error as `split`."""
        self.split("")
        raise AssertionError


def get_unit(name: str) -> Segmenter:
    """A segmenter, or ``span`` for steps that come with the rows; errors as `get_segmenter`."""
    return GivenSpans() if name == SPAN else get_segmenter(name)


def unit_text(segmenter: Segmenter) -> str:
    """What is written down of what cut some steps: its name, and settings that are not the default.

    Only the name alone is in `UNITS`: steps cut by other settings are not those that it stands for.
    """
    name, settings = segmenter.name, segmenter.settings
    usual = _usual_settings(name)
    others = [f"{key}={value}" for key, value in settings.items() if usual.get(key) != value]
    return " ".join([name, *others])


@cache
def _usual_settings(name: str) -> dict[str, Any]:
    """The default settings of what a name stands for, read once and not again for every trace."""
    return get_unit(name).settings if name in UNITS else {}
