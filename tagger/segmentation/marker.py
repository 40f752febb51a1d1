"""Steps begin with transition markers: "Wait", "Alternatively", "So", "Let me check", ….

A step begins where a sentence (or paragraph) begins with a marker; the sentences between belong
to the step that the last marker began. Several papers cut so, each with a list of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge

from tagger.config.settings import Settings
from tagger.errors import UserError
from tagger.segmentation.cutting import (
    BlankLineScanner,
    Cut,
    CutStream,
    Scanner,
)
from tagger.segmentation.sentence import SentenceScanner
from tagger.steps import Step

_VSRM = (
    "wait",
    "but",
    "alternatively",
    "however",
    "hmm",
    "let me double-check",
    "hold on",
    "looking back",
    "seems solid",
    "similarly",
    "that's correct, but",
    "that seems right",
    "so",
)
"""VSRM (arXiv 2508.10293), ``verl/workers/rollout_postprocess.py`` of its code."""

_STOP = ("hmm", "wait", "but", "so", "alternatively", "now")
"""STOP (arXiv 2605.13165), ``pipeline/common.py`` of its code."""

_ARLCP = ("another thought", "think again", "oh")
"""ARLCP (arXiv 2602.12113): those of its 13 words that open sentences and are not listed above."""

_OURS = (
    "let me check",
    "let me verify",
    "let me confirm",
    "let me re-check",
    "let me recheck",
    "let me see",
    "let me think",
    "let me try",
    "to confirm",
    "to verify",
    "another way",
    "first",
    "second",
    "next",
    "then",
    "finally",
    "therefore",
)
"""Ours: more ways to announce a check or another way, and words that number and conclude."""

DEFAULT_MARKERS = tuple(dict.fromkeys(_VSRM + _STOP + _ARLCP + _OURS))
"""All of them, lower case."""

_LEAD = re.compile(r"[\s>*_#\"'“‘(\[-]*")
_UNITS = {"sentence": SentenceScanner, "paragraph": BlankLineScanner}


class MarkerScanner:
    """Of the cuts another scanner finds, keeps those before a marker.

    Args:
        units: Finds where sentences or paragraphs end.
        markers: The markers, folded by `fold`.
    """

    def __init__(self, units: Scanner, markers: Sequence[str]) -> None:
        self._units = units
        self._by_first: dict[str, list[str]] = {}
        for marker in markers:
            self._by_first.setdefault(marker[0], []).append(marker)
        self._longest = max(map(len, markers))
        self._open: Cut | None = None  # what follows it is not yet known
        self._led = 0  # between the last cut and here all can stand before a marker

    def next_cut(self, text: str, final: bool) -> Cut | None:
        """Find the next cut before a marker; it is certain one character behind the marker."""
        while cut := self._open or self._units.next_cut(text, final):
            found = self._marker_at(text, cut.begin, final)
            self._open = cut if found is None else None
            if found is None:
                return None
            if found:
                return cut
        return None

    def drop(self, count: int) -> None:
        """Count positions from `count` characters later on."""
        self._units.drop(count)
        self._led = max(0, self._led - count)
        if self._open:
            self._open = Cut(self._open.end - count, self._open.begin - count)

    def _marker_at(self, text: str, begin: int, final: bool) -> bool | None:
        """Whether a marker stands at `begin`, behind quotes or stars; None if not yet certain."""
        begin = max(begin, self._led)
        lead = _LEAD.match(text, begin)
        self._led = start = lead.end() if lead else begin
        if start == len(text):
            return False if final else None
        certain = True
        seen = fold(text[start : start + self._longest + 1])
        for marker in self._by_first.get(seen[0], ()):
            if seen.startswith(marker):
                if len(seen) == len(marker) and not final:
                    certain = False
                elif len(seen) == len(marker) or not seen[len(marker)].isalnum():
                    return True
            elif marker.startswith(seen) and not final:
                certain = False
        return False if certain else None


def fold(text: str) -> str:
    """Lower case, character by character, so that a text's beginning never changes."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text).replace("’", "'")


@dataclass(frozen=True)
class MarkerSegmenter(Settings):
    """Steps begin with transition markers.

    Attributes:
        markers: Words or phrases, in any case; they count as whole words at the beginning of a
            unit, behind quotes, brackets or Markdown stars. Default: `DEFAULT_MARKERS`.
        unit: ``sentence`` or ``paragraph``: what a marker must open.
        min_chars: Pieces shorter than this many characters join the next one.

    Raises:
        UserError: No markers, an empty one, an unknown unit, or `min_chars` below 1.
    """

    KEY: ClassVar[str] = "setting"
    OWNER: ClassVar[str] = "segmenter 'marker'"

    markers: Sequence[str] = DEFAULT_MARKERS
    unit: Literal["sentence", "paragraph"] = "sentence"
    min_chars: Annotated[int, Ge(1)] = 1
    name: ClassVar[str] = "marker"
    version: ClassVar[int] = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.markers or not all(m.strip() for m in self.markers):
            raise UserError(
                f"markers of segmenter 'marker' is {self.markers!r}; it must be a list of words or "
                "phrases such as [wait, alternatively]."
            )
        object.__setattr__(self, "markers", tuple(fold(m.strip()) for m in self.markers))

    @property
    def settings(self) -> dict[str, Any]:
        """Settings by name, as `get_segmenter` takes them."""
        return {"markers": list(self.markers), "unit": self.unit, "min_chars": self.min_chars}

    def split(self, text: str) -> list[Step]:
        """Cut a finished text."""
        stream = self.stream()
        return stream.feed(text) + stream.close()

    def stream(self) -> CutStream:
        """Start cutting a text that is still being written."""
        return CutStream(MarkerScanner(_UNITS[self.unit](), self.markers), self.min_chars)
