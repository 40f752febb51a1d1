r"""Steps end where a sentence ends before a blank line.

This is how the steps of Step-Tagging (arXiv 2512.14332) look: in the annotations its authors
published, steps end where ``".\n\n"`` stood and keep blank lines inside that no full stop comes
before. SPAE (arXiv 2601.03823, its code) cuts at the same string. Display formulas and headings
between blank lines thus stay with the sentence that they belong to.

Other than there, the full stop stays with its step, a question mark, exclamation mark or colon
counts as well, and closing quotes and brackets may stand between it and the blank line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from tagger.segmentation.cutting import BlankLineScanner, CutSegmenter

_SENTENCE_END = re.compile(r"""[.?!:…。？！：](?:["'”’»」』）)\]}*_`$]|\\[)\]])*\s*\Z""")
_LOOK_BACK = 64
"""Characters before a blank line in which the sentence end must lie."""


def ends_a_sentence(text: str, begin: int, end: int) -> bool:
    """Whether the piece ``text[begin:end]`` ends as a sentence does."""
    return _SENTENCE_END.search(text, max(begin, end - _LOOK_BACK), end) is not None


@dataclass(frozen=True)
class SentenceParagraphSegmenter(CutSegmenter):
    """Steps end with a sentence end followed by a blank line.

    Attributes:
        min_chars: Pieces shorter than this many characters join the next one.

    Raises:
        UserError: `min_chars` is not a whole number of at least 1.
    """

    OWNER: ClassVar[str] = "segmenter 'sentence_paragraph'"

    name: ClassVar[str] = "sentence_paragraph"

    def scanner(self) -> BlankLineScanner:
        """What finds the cuts of one trace."""
        return BlankLineScanner(ends_a_sentence)
