r"""Answers that stand between marks: ``\boxed{}`` and ``<answer>`` tags."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

_BOXED_OR_BRACE = re.compile(r"\\(?:boxed|f(?:rame)?box)\s*\{|\\[{}]|[{}]")
_BOX = re.compile(r"\\(?:boxed|f(?:rame)?box)\s*\{")
_BARE_BOX = re.compile(r"\\(?:boxed|fbox)\s*([0-9A-Za-z])(?![0-9A-Za-z])")
_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Marked:
    """What stands between marks, and where the marks begin and end."""

    start: int
    end: int
    content: str


def boxed_contents(text: str) -> list[str]:
    r"""Contents of every balanced ``\boxed{}`` of a text, in order.

    One pass, whatever the text: models that break down write ``\boxed{`` thousands of times.
    """
    return [box.content for box in _boxes(text)] if "boxed" in text or "fbox" in text else []


def find_marks(text: str) -> list[Marked]:
    r"""Answers of a text that stand between marks and say something, in order.

    A box within a box or within a tag stands for the outer one. A tag left open reaches to the
    end, and so does a box left open behind a closed one; a lone box left open is none.

    Args:
        text: What follows the thinking.
    """
    boxes = _boxes(text) if "boxed" in text or "fbox" in text or "framebox" in text else []
    if boxes:
        boxes += [Marked(m.start(), m.end(), m[1]) for m in _BARE_BOX.finditer(text)]
        boxes += _cut_off(text, max(box.end for box in boxes))
    found: list[Marked] = []
    for box in sorted(boxes, key=lambda box: (box.start, -box.end)):
        inside = found and box.end <= found[-1].end
        if _says_something(box.content) and not inside:
            found.append(box)
    starts = [box.start for box in found]
    for tag in _tags(text):
        if bisect_left(starts, tag.start) == bisect_left(starts, tag.end):  # no box within
            found.append(tag)
    return sorted(found, key=lambda mark: mark.start)


def _cut_off(text: str, position: int) -> list[Marked]:
    opened = _BOX.search(text, position)
    return [Marked(opened.start(), len(text), text[opened.end() :].strip())] if opened else []


def _boxes(text: str) -> list[Marked]:
    open_at: list[tuple[int, int]] = []  # where each open brace and its content begin; -1: no box
    found = []
    for match in _BOXED_OR_BRACE.finditer(text):
        if match[0] in ("\\{", "\\}"):
            continue
        if match[0] != "}":
            open_at.append((match.start() if len(match[0]) > 1 else -1, match.end()))
            continue
        start, inner = open_at.pop() if open_at else (-1, 0)
        if start >= 0:
            found.append(Marked(start, match.end(), text[inner : match.start()].strip()))
    return sorted(found, key=lambda box: box.start)


def _tags(text: str) -> list[Marked]:
    found, opened = [], None
    for tag in _TAG.finditer(text):
        if not tag[1]:
            opened = tag
        elif opened is not None:
            content = text[opened.end() : tag.start()].strip()
            found.append(Marked(opened.start(), tag.end(), content))
            opened = None
    if opened is not None:
        found.append(Marked(opened.start(), len(text), text[opened.end() :].strip()))
    return [tag for tag in found if _says_something(tag.content)]


def _says_something(content: str) -> bool:
    return any(character.isalnum() for character in content)
