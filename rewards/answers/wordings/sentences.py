"""Sentences of an answer, and the first clause behind a statement."""

from __future__ import annotations

import re

_LEADS = re.compile(r"(?:[\s*_#>:`~]|\\\[|\\\(|\$\$|\$(?!\d))+")
_SENTENCE_END = re.compile(
    r"(?<![ap]\.m)(?<!\bapprox)(?<!\b[Rr]s)(?<!\\)([.!?])(?=[\s*_\"')\]$\\]|$)|\n|[。！？]"
)
_BULLET = re.compile(r"(?:(?<=\n)|^)[-•]\s+(?=\S)")


def clause_of(text: str) -> tuple[str, str]:
    """The first sentence of a text and what follows it; no sentence if it is a question."""
    if (bullet := _BULLET.match(text)) and not _BULLET.search(text, bullet.end()):
        text = text[bullet.end() :]
    if lead := _LEADS.match(text):
        text = text[lead.end() :]
    sentence, ending, end = sentences_of(text)[0]
    return ("" if ending == "?" else sentence.strip()), text[end:]


def sentences_of(text: str) -> list[tuple[str, str, int]]:
    """Sentences, the sign each ends with, and where it ends."""
    found, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        found.append((text[start : match.start()], match[0].strip(), match.end()))
        start = match.end()
    return [*found, (text[start:], "", len(text))]
