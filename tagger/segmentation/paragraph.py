"""Steps are paragraphs: what stands between blank lines.

A blank line is two line breaks with nothing but white space between them. A step carries no white
space at its ends. A piece shorter than `min_chars` joins the piece after it, blank line included;
if none follows it stands alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tagger.segmentation.cutting import BlankLineScanner, CutStream, check_min_chars
from tagger.steps import Step


@dataclass(frozen=True)
class ParagraphSegmenter:
    """Steps are paragraphs.

    A step is yielded with the very character that completes its blank line, before the next
    step begins.

    Attributes:
        min_chars: Pieces shorter than this many characters join the next one. The default, 1,
            makes every non-empty paragraph a step, as the ReasonType labels are cut.

    Raises:
        UserError: `min_chars` is not a whole number of at least 1.
    """

    min_chars: int = 1
    name: ClassVar[str] = "paragraph"

    def __post_init__(self) -> None:
        check_min_chars(self.min_chars, self.name)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings by name, as `get_segmenter` takes them."""
        return {"min_chars": self.min_chars}

    def split(self, text: str) -> list[Step]:
        """Cut a finished text."""
        stream = self.stream()
        return stream.feed(text) + stream.close()

    def stream(self) -> CutStream:
        """Start cutting a text that is still being written."""
        return CutStream(BlankLineScanner(), self.min_chars)
