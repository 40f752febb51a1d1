"""Steps are sentences.

A sentence ends with a full stop, question or exclamation mark (closing quotes, brackets and
Markdown stars included) before white space, if `tagger.segmentation.sentence_rules` finds a
sentence end there; with a blank line; and with the line before a list item. Nothing is cut inside
a formula or inline code (`tagger.segmentation.spans`), a fenced code block or a row of a table
(`tagger.segmentation.blocks`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from tagger.segmentation.blocks import BLOCK_FIRST, TILDES, block_line, code_fence, may_close
from tagger.segmentation.cutting import BLANK_LINE, Cut, CutSegmenter
from tagger.segmentation.sentence_rules import CLOSERS, SPACED_MARKS, ends_here
from tagger.segmentation.spans import WAIT, closed_span

_INTERESTING = re.compile(r"[.?!…]+|[。？！]+|\n|\\|\$|`")
_INDENT = re.compile(r"\n[^\S\n]*")
_SPACE = re.compile(r"\s*")
_ITEM = re.compile(r"(?:[-*+•]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\))[^\S\n]")
_ITEM_FIRST = re.compile(r"[-*+•(0-9a-zA-Z]")
_MORE_MARKS = (re.compile(r"[.?!…]*"), re.compile(r"[。？！]*"))
_MORE_CLOSERS = re.compile(r"""["'”’»」』）)\]}*_]*""")
_MORE_BLANKS = re.compile(r"[^\S\n]*")
_ITEM_LENGTH = 6
"""Most characters that decide whether a line is a list item."""


class SentenceScanner:
    """Finds the ends of sentences; each is certain two characters into the next one at most.

    Only what may be inside a formula, code or a row waits until that closes or gets too long.
    """

    def __init__(self) -> None:
        self._begin = 0  # where the open sentence begins
        self._at = 0  # everything before is decided
        self._new_line = True  # whether a line begins there
        self._unclosed = ""  # how the fence is written that was open for too long, until it closes
        self._read = 0  # while waiting: how much was read
        self._same: re.Pattern[str] | None = None  # and what, coming next, changes nothing

    def next_cut(self, text: str, final: bool) -> Cut | None:
        """Find the next sentence end that is certain."""
        if self._same:  # endless dots or blanks are read once, not with every delta
            more = self._same.match(text, self._read)
            self._read = more.end() if more else self._read
            if self._read == len(text) and not final:
                return None
            self._same = None
        if self._new_line:
            behind = self._line(text, self._at, final)
            if behind == WAIT:
                return None
            self._at, self._new_line = behind, False
        while found := _INTERESTING.search(text, self._at):
            start, mark = found.start(), found.group()
            self._at = start
            if mark in "\n":
                outcome = self._line_break(text, start, final)
            elif mark in "\\$`":
                outcome = self._span(text, start, final)
            else:
                outcome = self._mark(text, start, found.end(), found.end(), final)
            if isinstance(outcome, Cut):
                self._begin = self._at = outcome.begin
                return outcome
            if outcome == WAIT:
                return None
            self._at = outcome
        self._at = len(text)
        return None

    def drop(self, count: int) -> None:
        """Count positions from `count` characters later on."""
        self._begin -= count
        self._at -= count
        self._read = max(0, self._read - count)

    def _wait(self, text: str, same: re.Pattern[str]) -> int:
        """Wait for anything that `same` does not match."""
        self._read, self._same = len(text), same
        return WAIT

    def _line(self, text: str, start: int, final: bool) -> int:
        """A line begins at `start`, without a list item: continue behind indent, code or row."""
        indent = _MORE_BLANKS.match(text, start)
        line = indent.end() if indent else start
        if line == len(text):
            return line if final else self._wait(text, _MORE_BLANKS)
        if text.startswith(TILDES, line):
            return self._fence(text, line, final)
        return block_line(text, line, final) if text[line] in BLOCK_FIRST else line

    def _fence(self, text: str, start: int, final: bool) -> int:
        """A fence at `start`: continue behind its block, or behind it if it closes a long one."""
        if self._unclosed == text[start]:
            closes = may_close(text, start, final)
            if closes is None:
                return WAIT
            self._unclosed = ""
            if closes:
                return start + 3
        behind = code_fence(text, start, final)
        if behind == start + 3:
            self._unclosed = text[start]
        return behind

    def _line_break(self, text: str, start: int, final: bool) -> Cut | int:
        """A line break at `start`: cut at a blank line and before a list item."""
        if blank := BLANK_LINE.match(text, start):
            self._new_line = True
            return Cut(start, blank.end())
        indent = _INDENT.match(text, start)
        line = indent.end() if indent else start + 1
        if line == len(text) or text[line] in BLOCK_FIRST:
            return self._line(text, start + 1, final)
        if not _ITEM_FIRST.match(text, line):
            return line
        if not final and len(text) - line < _ITEM_LENGTH and "\n" not in text[line:]:
            return WAIT
        return Cut(start, line) if _ITEM.match(text, line) else line

    def _span(self, text: str, start: int, final: bool) -> Cut | int:
        """A formula, code, or an escaped character at `start`: continue behind it."""
        if text.startswith("```", start):
            return self._fence(text, start, final)
        end = closed_span(text, start, final)
        last = text[end - 1] if end > start + 2 else ""
        if last and last in "$)]}":  # a formula may carry the full stop: "$x = 5.$ Then"
            close = end - (2 if last in ")]" or text.startswith("$$", end - 2) else 1)
            if last == "}":
                close = text.rindex("\\end", start, end)
            inner = start + len(text[start:close].rstrip())  # it often ends the line before "\\]"
            if text[inner - 1] in ".?!":
                return self._mark(text, inner - 1, inner, end, final)
        return end

    def _mark(self, text: str, start: int, end: int, at: int, final: bool) -> Cut | int:
        """Sentence marks ``text[start:end]``; what comes after them begins at `at`."""
        if at == len(text) and not final:
            marks = _MORE_MARKS[text[start] not in SPACED_MARKS]
            return self._wait(text, marks) if at == end else WAIT
        closers = CLOSERS.match(text, at)
        after = closers.end() if closers else at
        if after == len(text):
            return after if final else self._wait(text, _MORE_CLOSERS)
        if text[after] == "\\" and after + 1 == len(text):
            return after if final else WAIT  # a closing bracket of LaTeX takes two characters
        spaced = text[start] in SPACED_MARKS
        if spaced and not text[after].isspace():
            return max(after, at)
        space = _SPACE.match(text, after)
        next_ = space.end() if space else after
        if BLANK_LINE.search(text, after, next_):
            return Cut(after, after)
        if next_ == len(text):
            return next_ if final else self._wait(text, _MORE_BLANKS)
        if not spaced:
            return Cut(after, after)
        if next_ + 1 == len(text) and not final:
            return WAIT
        line_break = "\n" in text[after:next_]
        following = text[next_ : next_ + 2]
        if ends_here(text, self._begin, start, end, following, line_break):
            return Cut(after, after)
        return after


@dataclass(frozen=True)
class SentenceSegmenter(CutSegmenter):
    """Steps are sentences.

    Attributes:
        min_chars: Pieces shorter than this many characters join the next one, so that "Hmm." and
            "Wait." need not be steps of their own.

    Raises:
        UserError: `min_chars` is not a whole number of at least 1.
    """

    OWNER: ClassVar[str] = "segmenter 'sentence'"

    name: ClassVar[str] = "sentence"
    version: ClassVar[int] = 3

    def scanner(self) -> SentenceScanner:
        """What finds the cuts of one trace."""
        return SentenceScanner()
