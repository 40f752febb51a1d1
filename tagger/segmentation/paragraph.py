"""Steps are paragraphs: what stands between blank lines.

A blank line is two line breaks with nothing but white space between them. A step carries no white
space at its ends. A piece shorter than `min_chars` joins the piece after it, blank line included;
if none follows it stands alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tagger.segmentation.cutting import BlankLineScanner, CutSegmenter


@dataclass(frozen=True)
class ParagraphSegmenter(CutSegmenter):
    """Steps are paragraphs.

    A step is yielded with the very character that completes its blank line, before the next
    step begins.

    Attributes:
        min_chars: Pieces shorter than this many characters join the next one. The default, 1,
            makes every non-empty paragraph a step, as the ReasonType labels are cut.

    Raises:
        UserError: `min_chars` is not a whole number of at least 1.
    """

    OWNER: ClassVar[str] = "segmenter 'paragraph'"

    name: ClassVar[str] = "paragraph"

    def scanner(self) -> BlankLineScanner:
        """What finds the cuts of one trace."""
        return BlankLineScanner()
