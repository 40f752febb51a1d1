r"""From a worked solution to the answer it ends in.

Data sets give the right answer in several layouts: GSM8K behind the last ``####`` of a solution
(arXiv 2110.14168), MATH in the last ``\boxed{}`` (arXiv 2103.03874), others between ``<answer>``
tags, most as the bare answer. Compared as it stands, a solution equals no answer a model can give.
"""

from __future__ import annotations

import re

LONGEST_BARE_ANSWER = 200
"""Characters up to which a text without any mark is taken for a bare answer."""

_CALCULATION = re.compile(r"<<[^<>\n]*>>")  # GSM8K: 48/2=<<48/2=24>>24
_MARK = re.compile(r"####+")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{|\\[{}]|[{}]")
_BARE_BOX = re.compile(r"\\(?:boxed|fbox)\s*([^\s{}$\\.,;]+)")
_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_LABEL = re.compile(r"\s*(?:the\s+)?(?:final\s+)?answer\s*(?:is\s*:?|[:=])\s*(?=\S)", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?。！？](?=\s|$)")
_WORD = re.compile(r"[^\W\d_]{2,}")


class NotAnAnswer(ValueError):
    """A text that holds no answer; the message is the reason, to follow "the reference"."""


def cut_reference(text: str) -> str:
    r"""Cut a reference to the answer alone.

    Whichever mark stands last decides: ``####`` with nothing but the answer behind it, a balanced
    ``\boxed{}``, or ``<answer>`` tags. GSM8K's calculator annotations (``<<48/2=24>>``) go.

    Args:
        text: A bare answer, or a worked solution that marks its answer.

    Returns:
        The answer, stripped, never empty; a bare answer comes back as it is.

    Raises:
        NotAnAnswer: The text is empty, or a worked solution that marks no answer.

    Example:
        >>> cut_reference("He has 2+4=<<2+4=6>>6 left.\n#### 6")
        '6'
        >>> cut_reference(r"Hence $x=\boxed{\frac{1}{2}}$.")
        '\\frac{1}{2}'
    """
    plain = _CALCULATION.sub("", text).strip()
    if not plain:
        raise NotAnAnswer("is empty")
    marked = max(_after_hashes(plain), _in_box(plain), _in_tags(plain))
    if marked[0] >= 0:
        return _inside(marked[1])
    if _MARK.search(plain) and not plain.rpartition("####")[2].strip():
        raise NotAnAnswer("has nothing behind its last ####")
    if _is_prose(plain):
        raise NotAnAnswer(
            f"is a text of {len(plain)} characters that marks no answer with #### or \\boxed{{}}"
        )
    if "\\boxed" in plain:
        raise NotAnAnswer("has an empty \\boxed{} or one that is not closed")
    return _without_label(plain)


def _after_hashes(text: str) -> tuple[int, str]:
    """Place and text of a last line behind ``####``; -1 if it heads a section or is blank.

    Markdown heads sections with ``####`` too; what follows the heading tells them apart.
    """
    marks = [match.span() for match in _MARK.finditer(text)]
    if not marks:
        return -1, ""
    start, end = marks[-1]
    answer = text[end:].strip()
    return (start, answer) if answer and "\n" not in answer else (-1, "")


def _in_box(text: str) -> tuple[int, str]:
    r"""Place and content of the last balanced ``\boxed{}`` that is not empty, -1 if none."""
    open_at: list[int] = []  # where what stands in each open brace begins; -1 if in no box
    best = -1, ""
    for match in _BOX.finditer(text):
        if match[0] in ("\\{", "\\}"):
            continue
        if match[0] != "}":
            open_at.append(match.end() if len(match[0]) > 1 else -1)
        elif open_at and (start := open_at.pop()) >= 0 and text[start : match.start()].strip():
            best = max(best, (start, text[start : match.start()].strip()))
    return max([best, *((m.start(), m[1]) for m in _BARE_BOX.finditer(text))])


def _in_tags(text: str) -> tuple[int, str]:
    """Place and content of the last closed ``<answer>`` that is not blank, -1 if none."""
    best, start = (-1, ""), -1
    for tag in _TAG.finditer(text):
        if tag[1] and start >= 0 and text[start : tag.start()].strip():
            best = start, text[start : tag.start()].strip()
        start = -1 if tag[1] else tag.end()
    return best


def _inside(answer: str) -> str:
    r"""An answer out of what still wraps it: ``#### \boxed{6}``, ``<answer>Answer: 6</answer>``."""
    place, content = _in_box(answer)
    return _inside(content) if place >= 0 else _without_label(answer)


def _without_label(answer: str) -> str:
    """``The answer is 42.`` without the words; any other text as it is."""
    label = _LABEL.match(answer)
    if label is None or "\n" in answer:
        return answer
    return answer[label.end() :].strip().rstrip(".").rstrip() or answer


def _is_prose(text: str) -> bool:
    """Too long and too wordy for an answer: boards, matrices and lists of numbers are neither."""
    if len(text) <= LONGEST_BARE_ANSWER:
        return False
    return len(_SENTENCE_END.findall(text)) > 1 or len(_WORD.findall(text)) > 40
