"""What a model wrote, in any wrapping: texts, chats, choices of a server, nested lists of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tagger.thinking.families import ThinkingDelimiters
from tagger.thinking.find import find_thinking, reply_span
from tagger.thinking.split import known_delimiters_in
from tagger.traces.chats import ASKERS, SPEAKERS, THINKING_KEYS, role_of, said, thinks, thought
from tagger.traces.fields import is_list

_ENVELOPES = ("response", "body", "choices", "messages", "message")
"""Fields of an object in which what was written lies one level down."""


@dataclass(frozen=True, slots=True)
class Written:
    """One piece of thinking that a model wrote.

    Attributes:
        thinking: The thinking; blank if there is none.
        answer: What follows it, stripped; empty if unknown.
        finished: Whether the thinking was closed; None if unknown.
        question: The user turn before it, empty if unknown.
        number: Its place, from 1, among several; 0 if it is alone.
    """

    thinking: str
    answer: str = ""
    finished: bool | None = None
    question: str = ""
    number: int = 0


def completions_in(
    value: Any, delimiters: ThinkingDelimiters | None = None, pure: bool = False
) -> list[Written] | None:
    """Find everything a model wrote in the value of a field.

    Args:
        value: A text; a chat (its assistant turns count); a choice, a message or the answer of an
            OpenAI-like server; or a list, nested or not, of these.
        delimiters: The strings around the thinking; None finds known ones.
        pure: A text is the thinking itself, never searched for delimiters.

    Returns:
        The pieces, in order and numbered if there are several; blank ones keep their number.
        None if the value is of another kind.
    """
    if isinstance(value, str):
        return [_alone(value, delimiters, pure)]
    leaves = _leaves(value)
    if leaves is None:
        return None
    found: list[Written] = []
    for leaf in leaves:
        if isinstance(leaf, str):
            found.append(_alone(leaf, delimiters, pure))
        elif isinstance(leaf, Mapping):
            found.extend(_choice(leaf, delimiters))
        else:
            found.extend(_chat(leaf, delimiters))
    if len(found) < 2:
        return found
    return [replace(one, number=number) for number, one in enumerate(found, start=1)]


def _leaves(value: Any) -> list[Any] | None:
    """Texts, choices and chats of a value that may nest them; None if it holds anything else."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        inner = next((value[k] for k in _ENVELOPES if isinstance(value.get(k), list | dict)), None)
        is_choice = isinstance(value.get("message"), Mapping)
        return [value] if is_choice or inner is None else _leaves(inner)
    if not is_list(value):
        return None
    if value and is_list(value, Mapping) and any(role_of(item) for item in value):
        return [value]
    leaves: list[Any] = []
    for item in value:
        inner = _leaves(item)
        if inner is None:
            return None
        leaves.extend(inner)
    return leaves


def _alone(text: str, delimiters: ThinkingDelimiters | None, pure: bool) -> Written:
    return Written(text) if pure else _written(text, delimiters)


def _choice(choice: Mapping[str, Any], delimiters: ThinkingDelimiters | None) -> list[Written]:
    """What one choice of a server says; a plain object is taken for a message."""
    message = choice.get("message")
    if isinstance(message, Mapping):
        found = _chat([{"role": "assistant", **message}], delimiters)
    elif isinstance(choice.get("text"), str):
        found = [_written(choice["text"], delimiters)]
    else:
        found = _chat([{"role": "assistant", **choice}], delimiters)
    cut_off = choice.get("finish_reason") == "length"
    return [
        replace(one, finished=False) if cut_off and one.finished is None else one for one in found
    ]


def _chat(
    messages: Sequence[Mapping[str, Any]], delimiters: ThinkingDelimiters | None
) -> list[Written]:
    """The assistant turns of a chat, each with the user turn before it.

    Where some turn shows thinking apart from what it says, turns that show none have none: chat
    templates drop the thinking of earlier turns. Where no turn does, all that is said is thinking,
    but for messages whose field for thinking is there and empty: they were written without.
    """
    found: list[Written] = []
    shown: list[bool] = []
    question, before = "", ""
    for message in messages:
        if role_of(message) in ASKERS:
            question = said(message)
        elif thinks(message):
            before = "\n\n".join(filter(None, (before, thought({"thinking": message}))))
        elif role_of(message) in SPEAKERS:
            thinking, text = before or thought(message), said(message)
            shown.append(bool(thinking) or _has_delimiters(text, delimiters))
            if thinking:
                found.append(_apart(thinking, text, question))
            elif not shown[-1] and any(key in message for key in THINKING_KEYS):
                found.append(Written("", text.strip(), True, question))  # none, says the server
            else:
                found.append(replace(_written(text, delimiters), question=question))
            before = ""
    if before:
        found.append(_apart(before, "", question))
        shown.append(True)
    if not any(shown):
        return found
    if shown.count(True) == 1:
        return [found[shown.index(True)]]
    return [one if has else Written("") for one, has in zip(found, shown, strict=True)]


def _apart(thinking: str, text: str, question: str) -> Written:
    """Thinking that came apart from the text behind it; without one it may be cut off."""
    return Written(thinking, text.strip(), True if text.strip() else None, question)


def _has_delimiters(text: str, delimiters: ThinkingDelimiters | None) -> bool:
    if delimiters is None:
        return known_delimiters_in(text) is not None
    return delimiters.plain or delimiters.open in text or delimiters.find_close(text)[0] >= 0


def _written(text: str, delimiters: ThinkingDelimiters | None) -> Written:
    """A text split at its thinking delimiters; of a chat as text, the last reply counts.

    Without any, all of it is thinking, but for delimiters that the user named or the prompt
    quotes: then none is.
    """
    parts = find_thinking(text, delimiters)
    if parts is None:
        begin, end = reply_span(text)
        return Written(text[begin:end])
    return Written(parts.text, parts.answer.strip(), parts.finished)
