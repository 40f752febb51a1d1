"""Rows of any origin made into traces to be tagged: which field holds what, and what is missing.

A row may hold the thinking itself, a completion with the thinking between delimiters, several
completions, a chat, or steps that are cut already.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tagger.errors import UserError
from tagger.steps import Step
from tagger.thinking.split import known_delimiters_in, split_thinking
from tagger.traces.labelled import steps_from_texts

THINKING_FIELDS = ("steps", "thinking", "reasoning_content", "completion", "text")
"""Where a row's thinking is looked for; the first that is not empty is taken."""
QUESTION_FIELDS = ("question", "problem", "prompt")
REFERENCE_FIELDS = ("reference", "gold", "answer")
ANSWER_FIELDS = ("answer_text", "response")

_PURE_THINKING = frozenset(["thinking", "reasoning_content"])  # never searched for delimiters
_SPEAKERS = frozenset(["assistant", "gpt", "model"])
_ASKERS = frozenset(["user", "human"])
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_GSM8K_MARK = "####"


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields of a row to read; None looks under the usual names.

    Attributes:
        thinking: The thinking, or a completion that holds it.
        question: The problem text.
        reference: The right answer.
    """

    thinking: str | None = None
    question: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class SourceTrace:
    """A trace to be tagged and what its row tells about it.

    Attributes:
        id: Its name; the row's number if the row gives none.
        question: The problem text, empty if unknown.
        thinking: The thinking text, never blank.
        steps: Its steps where the row brought them, else None: cut it with a segmenter.
        dataset: Where the problem is from, empty if unknown.
        model: What wrote it, empty if unknown.
        reference: The right answer, empty if unknown.
        correct: Whether the answer given was right; None if unknown.
        finished: Whether the thinking was closed; None if unknown.
        answer: What the model wrote after the thinking, empty if unknown.
    """

    id: str
    question: str
    thinking: str
    steps: tuple[Step, ...] | None = None
    dataset: str = ""
    model: str = ""
    reference: str = ""
    correct: bool | None = None
    finished: bool | None = None
    answer: str = ""


def traces_of_row(
    row: Mapping[str, Any], where: str, name: str, fields: Fields = Fields()
) -> list[SourceTrace]:
    """Make the traces that a row holds.

    A field named by the user, ``completion`` and ``text`` hold what the model wrote: with known
    thinking delimiters, what stands between them is the thinking, else all of it is. A list of
    texts is several traces; a list of messages is a chat, whose last assistant message counts.

    Args:
        row: Field values by name.
        where: Place of the row for messages, e.g. ``file, line 3``.
        name: Name of the trace where the row has no ``id``.
        fields: Which fields to read.

    Returns:
        The traces; none if the row has no thinking.

    Raises:
        UserError: A field holds a value of a kind that cannot be read.
    """
    key = _thinking_key(row, fields)
    if key is None:
        return []
    value = row[key]
    name = _string(row.get("id")) or name
    asked = _asked(row, where, fields)
    base = SourceTrace(
        id=name,
        question=asked,
        thinking="",
        dataset=_string(row.get("dataset")),
        model=_string(row.get("model")),
        reference=_reference(row, fields),
        correct=_truth(row.get("correct", row.get("is_correct"))),
        finished=_truth(row.get("finished")),
        answer=next((v for f in ANSWER_FIELDS if (v := _string(row.get(f)))), ""),
    )
    if key == "steps":
        if not _all(value, str):
            raise UserError(f'{where}: "steps" must be a list of strings.')
        thinking, steps = steps_from_texts([_clean(text) for text in value])
        return [replace(base, thinking=thinking, steps=steps)] if thinking.strip() else []
    if isinstance(value, str):
        made = [_written(base, value, key)]
    elif _all(value, str):
        made = [_written(replace(base, id=f"{name}.{i}"), v, key) for i, v in enumerate(value, 1)]
    elif _all(value, Mapping):
        made = [_chat(base, value)]
    else:
        raise UserError(
            f'{where}: "{key}" must be a string, a list of strings or a list of messages, '
            f"not {type(value).__name__}."
        )
    return [trace for trace in made if trace.thinking.strip()]


def _thinking_key(row: Mapping[str, Any], fields: Fields) -> str | None:
    """The field that holds the thinking; None if there is none or it is empty."""
    keys = (fields.thinking,) if fields.thinking else THINKING_FIELDS
    return next((k for k in keys if not _blank(row.get(k))), None)


def _blank(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _asked(row: Mapping[str, Any], where: str, fields: Fields) -> str:
    keys = (fields.question,) if fields.question else QUESTION_FIELDS
    key = next((k for k in keys if not _blank(row.get(k))), None)
    if key is None:
        return ""
    value = row[key]
    if _all(value, Mapping):
        return next((_said(m) for m in reversed(value) if _role(m) in _ASKERS), "")
    if not isinstance(value, str):
        raise UserError(f'{where}: "{key}" must be a string, not {type(value).__name__}.')
    return _clean(value)


def _reference(row: Mapping[str, Any], fields: Fields) -> str:
    keys = (fields.reference,) if fields.reference else REFERENCE_FIELDS
    text = next((v for k in keys if (v := _string(row.get(k)))), "")
    return text.rpartition(_GSM8K_MARK)[2].strip()


def _written(base: SourceTrace, text: str, key: str) -> SourceTrace:
    """A trace of what the model wrote, split at its thinking delimiters if it has any."""
    text = _clean(text)
    delimiters = None if key in _PURE_THINKING else known_delimiters_in(text)
    if delimiters is None:
        return replace(base, thinking=text)
    parts = split_thinking(text, delimiters)
    finished = parts.finished if base.finished is None else base.finished
    answer = base.answer or parts.answer.strip()
    return replace(base, thinking=parts.text, finished=finished, answer=answer)


def _chat(base: SourceTrace, messages: Sequence[Mapping[str, Any]]) -> SourceTrace:
    """A trace of the last assistant message; the user's message before it is the question."""
    last = max((i for i, m in enumerate(messages) if _role(m) in _SPEAKERS), default=-1)
    if last < 0:
        return base
    asked = (_said(m) for m in reversed(messages[:last]) if _role(m) in _ASKERS)
    base = replace(base, question=base.question or next(asked, ""))
    for key in ("reasoning_content", "thinking"):
        if thinking := _string(messages[last].get(key)):
            return replace(base, thinking=thinking, answer=base.answer or _said(messages[last]))
    return _written(base, _said(messages[last]), "content")


def _role(message: Mapping[str, Any]) -> str:
    return str(message.get("role") or message.get("from") or "")


def _said(message: Mapping[str, Any]) -> str:
    return _string(message.get("content")) or _string(message.get("value"))


def _string(value: Any) -> str:
    """Text of a string or number; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _clean(str(value))


def _truth(value: Any) -> bool | None:
    return bool(value) if isinstance(value, bool | int) and value in (0, 1) else None


def _all(value: Any, kind: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(v, kind) for v in value)


def _clean(text: str) -> str:
    """JSON can carry halves of a surrogate pair, which no file can; offsets stay as they are."""
    return _LONE_SURROGATE.sub("\ufffd", text)
