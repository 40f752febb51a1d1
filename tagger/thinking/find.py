"""Where the thinking is in a text of unknown origin: a completion, or a whole chat as text."""

from __future__ import annotations

from dataclasses import replace

from tagger.thinking.chat_markup import last_reply, plain_reply
from tagger.thinking.families import ThinkingDelimiters
from tagger.thinking.split import (
    KNOWN_DELIMITERS,
    Thinking,
    known_delimiters_in,
    split_thinking,
)


def find_thinking(text: str, delimiters: ThinkingDelimiters | None = None) -> Thinking | None:
    """Find the thinking of the last reply in a text.

    Delimiters that the prompt quotes enclose no thinking: if the reply itself bears none, it is an
    answer without thinking.

    Args:
        text: A completion, or prompt and reply with the markup of a chat.
        delimiters: The strings around the thinking; None finds known ones.

    Returns:
        The parts, with character offsets into `text`; None if no delimiters are named and the text
        holds no known ones (see `reply_span` for what it is then).
    """
    begin, end = reply_span(text, delimiters)
    reply = text[begin:end]
    pair = delimiters or known_delimiters_in(reply)
    if pair is None and (len(reply) == len(text) or known_delimiters_in(text) is None):
        return None
    if pair is None or not (pair.plain or _bears(reply, pair)):
        return Thinking("", begin, begin, finished=True, answer=reply)
    found = split_thinking(reply, pair)
    return replace(found, start=found.start + begin, end=found.end + begin)


def reply_span(text: str, delimiters: ThinkingDelimiters | None = None) -> tuple[int, int]:
    """Find what the model wrote in a text: the last reply of a chat, else all of it.

    Args:
        text: As for `find_thinking`.
        delimiters: As for `find_thinking`.

    Returns:
        Where it begins and ends.
    """
    span = last_reply(text, begun=_begins_with_thinking(text, delimiters))
    if span is not None:
        return span
    pair = delimiters or known_delimiters_in(text)
    if pair is None or pair.plain:
        return 0, len(text)
    begin = plain_reply(text, max(text.rfind(pair.open), 0))
    if not _bears(text[:begin], pair):  # the reply may lack the opening delimiter
        begin = plain_reply(text, max(0, *(text.rfind(close) for close in pair.closes)))
        if pair.find_close(text[:begin])[0] < 0:
            return 0, len(text)
    return begin, len(text)


def _begins_with_thinking(text: str, delimiters: ThinkingDelimiters | None) -> bool:
    """Whether a text is a completion: no prompt begins with an opening delimiter."""
    pairs = KNOWN_DELIMITERS if delimiters is None else (delimiters,)
    return text.lstrip().startswith(tuple(pair.open for pair in pairs if pair.open))


def _bears(text: str, delimiters: ThinkingDelimiters) -> bool:
    return delimiters.open in text or delimiters.find_close(text)[0] >= 0
