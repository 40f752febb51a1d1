r"""From what follows the thinking to one answer.

Marks come first: every ``\boxed{}`` and ``<answer>`` tag that is not empty, and they must agree.
Without marks, what stands behind the last "answer is", "answer:", 答案是 or ``####``. Without that,
the last number if the reference is a number, else the whole text. A text that commits itself to two
answers gives none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rewards.answers.marks import Marked, find_marks
from rewards.answers.match import answers_match, folded
from rewards.answers.mentions import find_mentions, hedged_around, is_hedged, opens_another
from rewards.answers.options import read_option
from rewards.answers.plain import clean, plain
from rewards.answers.quantities import read_quantity, same_quantity
from rewards.answers.relations import read_claims
from rewards.answers.symbolic import is_symbolic
from rewards.answers.wordings.denials import denies_statement, is_denied
from rewards.answers.wordings.sentences import clause_of, sentences_of

_END = re.compile(r"(?:<\|[a-z_]{1,30}\|>|</s>)$")  # kept by some files of samples
_STATEMENTS = 20  # statements that are read, from the end: a model that breaks down makes thousands
_LONG_SENTENCE = 2000  # characters at the end of a sentence in which its last number is looked for
_STATED = re.compile(
    r"(?:\banswers?\b(?:(?:\s+(?:to|for|of)\b[^.:\n=]{0,80}?)?[*_]*\s*"
    r"(?:(?:is|are|was|should be|must be|would be|will be|comes? (?:out )?to)(?![a-z'])[*_:\s]*"
    r"|[=:][*_:\s]*|-{1,2}\s+|(?=[*_\s]*\n))|[*_]*\s*(?=[-+$\\(\d]))"
    r"|(?:最终|正确)?答案\s*(?:应该?)?(?:是|为|等于|[:：】])\s*|^\s*####)\s*(?=\S)",
    re.IGNORECASE | re.MULTILINE,
)
_CALLED = re.compile(
    r"[*_$`)\]\\]{0,8}(?:\s{1,4}[a-z]{1,20})?\s{1,4}(?:is|was|must be|would be|should be)\s+"
    r"(?:the|our|my)\s+(?:(?:final|correct|right)\s+)*(?P<word>answer|result)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[\s*_#>:`]*")
_NOTHING_YET = re.compile(
    r"[\s($*~:=]*(?:(?:about|approximately|exactly|only|just|around|roughly|probably|\\approx)\s+)*"
)
_OPENS_OTHER = re.compile(
    r"[\s$.,)*\]\\]*(?:or|maybe|perhaps|possibly|alternatively|或者?)(?![a-z])"
    r"(?!,?\s+(?:equivalently|in|simply|just|rather|more|about|we)\b)",
    re.IGNORECASE,
)
_JOIN = re.compile(r"[\s.,;]*(?:or|and|,|或|和)[\s,]*")
_NAMED = re.compile(
    r"\s*[A-Za-z][A-Za-z\s']*(?::|\b(?:is|are|has|have|gives?|costs?|pays?|gets?|needs?)\b)\s*(?=\S)"
)
_LIST_MARK = re.compile(r"^\s*\d{1,2}[.)]\s+(?=\S)")
_MATH = re.compile(r"\$\$?([^$\n]{1,999})\$\$?|\\\((.{1,999}?)\\\)|\\\[(.{1,999}?)\\\]", re.DOTALL)
_ENDS_IN_MATH = re.compile(r"(?:\$|\\\)|\\\])[\s.*]*$")
_REASON = re.compile(r",?\s(?:because|since|as|which|where|given|so)\s")
_OTHER = re.compile(r"\b(?:or|maybe|perhaps|possibly|either|not sure)\b|或", re.IGNORECASE)

_OPTION_STATED = re.compile(
    r"(?:\b(?:option|choice|letter)\s*(?:is\b|:)"
    r"|\bi(?:'d| would)?\s+(?:choose|pick|select|say|go with)\b|\bselect\b|\bit(?:'s|\s+is)\b"
    r"|选择?)\s*",
    re.IGNORECASE,
)
_EACH = re.compile(r"\b(?:each|every|all|these)\s+(?:[a-z]+\s+){0,2}$", re.IGNORECASE)
_LISTED = re.compile(r"\W*([A-J])[.):]\s*\w")
_OPTION_CALLED = re.compile(
    r"(?<![\w(])(?:[Oo]ption\s+|[Cc]hoice\s+)?(\(?[A-Z]\)?)\s+(?:is|must be|would be)\s+"
    r"(?:the\s+)?(?:correct|right|best|answer)\b"
)


def extract_answer(answer: str, numeric: bool = True) -> str:
    """Find the answer in what follows the thinking.

    Args:
        answer: Text behind the closing delimiter, end token left out.
        numeric: Whether the answer must hold a number, and the last one may stand for it; set it
            if the reference is a number.

    Returns:
        The answer, stripped; empty if there is none or more than one. Marked answers that differ
        come back joined by commas unless a number is asked for: together they may be a list.
    """
    answer = _without_end(answer)
    marked = find_marks(answer)
    if marked:
        return _agreed(answer, marked, numeric)
    whole = answer.strip()
    if numeric:
        if read_quantity(whole) is not None or (len(whole) < 80 and _is_expression(whole)):
            return whole
        stated = _stated_number(whole)
        return _last_number(whole) if stated is None else stated
    return _stated_text(whole) or _last_math(whole) or whole


def extract_option(answer: str) -> str:
    """Find the option of a multiple-choice problem in what follows the thinking.

    Args:
        answer: Text behind the closing delimiter, end token left out.

    Returns:
        The option as it was written (``"(B) 42"``); empty if there is none or more than one.
    """
    answer = _without_end(answer)
    marked = find_marks(answer)
    if marked:
        return _agreed(answer, marked, numeric=False)
    lines = plain(answer).strip().splitlines()
    last = lines[-1].rpartition("\\to")[2].strip() if lines else ""
    formula = _last_math(answer) if _ENDS_IN_MATH.search(answer, max(0, len(answer) - 40)) else ""
    found = (last, formula, *stated_options(answer))
    named = [text for text in found if read_option(text) is not None]
    letters = {option.letter for text in named if (option := read_option(text)) is not None}
    if named == [last] and _LISTED.match(last):  # the last of several that are listed?
        letters |= {m[1] for line in lines if (m := _LISTED.match(line.strip()))}
    return named[-1] if len(letters) == 1 else ""


def stated_options(text: str) -> list[str]:
    """Options that a text calls the answer: ``the answer is (B) 42``, ``option B is correct``."""
    flat = plain(text)
    found = [m for pattern in (_STATED, _OPTION_STATED) for m in pattern.finditer(flat)]
    found = [m for m in found[-_STATEMENTS:] if not denies_statement(flat[: m.start()])]
    found = [m for m in found if not _EACH.search(flat, max(0, m.start() - 40), m.start())]
    behind = [_line(flat[m.end() : m.end() + 400]) for m in found]
    called = [match[1] for match in _OPTION_CALLED.finditer(flat)]
    return [option for option in (*called, *behind) if read_option(option) is not None]


def _without_end(text: str) -> str:
    """A text without the end tokens behind it, in time that grows with its length alone."""
    text = text.rstrip()
    while end := _END.search(text, max(0, len(text) - 40)):
        text = text[: end.start()].rstrip()
    return text


def _agreed(text: str, marked: list[Marked], numeric: bool) -> str:
    """The answer that all marks give; nothing if they or the words around them differ."""
    last, distinct = marked[-1].content, list[str]()
    for content in dict.fromkeys(mark.content for mark in marked):
        if len(distinct) <= _STATEMENTS and not any(_same(content, other) for other in distinct):
            distinct.append(content)
    if len(distinct) > 1:
        return "" if numeric or len(distinct) > _STATEMENTS else ", ".join(distinct)
    for mark in marked[-_STATEMENTS:]:
        before = clean(text[max(0, mark.start - 200) : mark.start])
        after = clean(text[mark.end : mark.end + 200])
        if is_denied(before, after) or hedged_around(before, mark.content, after):
            return ""
    if not numeric:
        return "" if _alternative_behind(text[marked[-1].end :], last) else last
    if read_quantity(last) is None:
        last = _number_within(plain(last))
    later = _stated_number(text[marked[-1].end :])
    return last if not later or _same(later, last) else ""


def _alternative_behind(text: str, answer: str) -> bool:
    r"""Whether ``\boxed{knight}`` goes on with "or knave"."""
    if not (match := _OPENS_OTHER.match(text)):
        return False
    other = clause_of(text[match.end() : match.end() + 400])[0].strip("$ ")
    return bool(other) and not _same(other, answer)


def _number_within(content: str) -> str:
    r"""The number of ``\boxed{\text{The answer is 5}}`` or ``Total: 5``; other content as it is."""
    flat = plain(content)
    if (stated := _stated_number(flat)) is not None:
        return stated
    named = _NAMED.match(flat)
    return flat[named.end() :] if named and read_quantity(flat[named.end() :]) else content


def _same(one: str, other: str) -> bool:
    return folded(one) == folded(other) or answers_match(one, other) or answers_match(other, one)


def _stated_number(text: str) -> str | None:
    """The number that the last statement commits itself to.

    Returns:
        Empty if it hedges, or differs from another statement; None if there is no statement.
    """
    called = list(_CALLED.finditer(text))[-_STATEMENTS:]
    found = [number for match in called if (number := _called(text[: match.start()])) is not None]
    words = {match.start("word") for match in called}  # "20 is the answer (3 steps)" states no 3
    for match in list(_STATED.finditer(text))[-_STATEMENTS:]:
        if match.start() in words or denies_statement(text[: match.start()], match[0]):
            continue
        clause, rest = clause_of(text[match.end() : match.end() + 400])
        number = _committed(clause)
        if number and hedged_around("", number, clean(rest)):
            number = ""
        if number is not None:
            found.append(number)
    if any(not number or not _same(number, found[-1]) for number in found):
        return ""
    return found[-1] if found else None


def _called(before: str) -> str | None:
    """The number that "is the answer" follows: empty if it hedges, None if there is none."""
    flat = clean(sentences_of(before[-200:].rpartition("\n")[2])[-1][0])
    mentions = find_mentions(flat)
    if not mentions or flat[mentions[-1].end :].strip(" *_$`)"):
        return None
    return "" if is_hedged(flat, mentions, len(mentions) - 1) else mentions[-1].text


def _committed(clause: str) -> str | None:
    """The one number a clause gives: empty if it hedges, None if it gives none."""
    if read_quantity(clause) is not None or _is_expression(clause):
        return clause
    flat = clean(clause)
    mentions = find_mentions(flat)
    if not mentions:
        denied = find_mentions(flat, with_denied=True)
        return "" if any(c.isdigit() for c in flat) and not denied else None
    equals = flat.rfind("=")
    if _NOTHING_YET.fullmatch(flat, 0, mentions[0].start):
        chosen = 0
    else:
        chosen = next((i for i, m in enumerate(mentions) if m.start > equals > -1), -1)
    chosen %= len(mentions)
    if not read_claims(flat) or is_hedged(flat, mentions, chosen):
        return ""
    return mentions[chosen].text


def _is_expression(text: str) -> bool:
    return "\n" not in text and ":" not in text and is_symbolic(text)


def _last_number(text: str) -> str:
    """The number of the last sentence that has one; empty if it is hedged or a mere operand."""
    sentences = _numeric_sentences(text)
    flat, ending = next(sentences, ("", ""))
    mentions = find_mentions(flat)
    if not mentions or ending == "?" or is_hedged(flat, mentions, len(mentions) - 1):
        return ""
    last = mentions[-1]
    before, _ = next(sentences, ("", ""))
    earlier = find_mentions(before)
    both_bare = {flat.strip(" ."), before.strip(" .")} == {m.text for m in (*mentions, *earlier)}
    another = both_bare or opens_another(flat[: last.start])  # "19\n20"; "It is 19. Or 20."
    if earlier and another and not same_quantity(earlier[-1].quantity, last.quantity):
        return ""
    return last.text


def _numeric_sentences(text: str) -> Iterator[tuple[str, str]]:
    """Clean sentences with a digit and the sign each ends with, from the last one."""
    for line in reversed(text.split("\n")):
        for sentence, ending, _ in reversed(sentences_of(_LIST_MARK.sub("", line, count=1))):
            if len(sentence) > _LONG_SENTENCE:
                sentence = sentence[-_LONG_SENTENCE:].partition(" ")[2]
            flat = clean(sentence)
            if any(c.isdigit() for c in flat):
                yield flat, ending


def _stated_text(text: str) -> str:
    """What the last statement says, without the reason it gives; empty if there is none."""
    for match in reversed(list(_STATED.finditer(text))[-_STATEMENTS:]):
        stated = _MARKUP.sub("", text[match.end() : match.end() + 1000], count=1)
        if (formula := _MATH.match(stated)) and not _OPENS_OTHER.match(stated, formula.end()):
            return (formula[1] or formula[2] or formula[3]).strip()
        clause, rest = clause_of(stated)
        clause = clause.strip(" *_`")
        if not clause:
            continue
        if _OPENS_OTHER.match(rest):
            return f"{clause}, {clause_of(rest)[0]}"
        reason = _REASON.search(clause)
        if reason and not _OTHER.search(clause, reason.start()):
            clause = clause[: reason.start()]
        return clause
    return ""


def _last_math(text: str) -> str:
    """The last formula of a text; with those before it if only "or" or a comma stands between."""
    formulas = [(m.start(), m.end(), (m[1] or m[2] or m[3]).strip()) for m in _MATH.finditer(text)]
    joined: list[str] = []
    for place in range(len(formulas) - 1, -1, -1):
        joined.insert(0, formulas[place][2])
        if not place or not _JOIN.fullmatch(text[formulas[place - 1][1] : formulas[place][0]]):
            break
    return ", ".join(joined)


def _line(text: str) -> str:
    return text.lstrip(" \n*_:#>").split("\n", 1)[0]
