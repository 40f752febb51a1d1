"""Rows of any origin made into traces to be tagged: which field holds what, and what is missing.

A row may hold the thinking itself, a completion with the thinking between delimiters, several
completions, a chat, the answer of an OpenAI-like server, or steps that are cut already.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tagger.errors import UserError
from tagger.segmentation.given import UNITS
from tagger.steps import Step, steps_from_texts
from tagger.thinking.families import ThinkingDelimiters
from tagger.traces.chats import ASKERS, SPEAKERS, role_of, said
from tagger.traces.completions import Written, completions_in
from tagger.traces.fields import (
    QUESTION_KEYS,
    REFERENCE_KEYS,
    first_filled,
    is_blank,
    is_list,
    single_value,
    value_at,
)
from tagger.traces.references import NotAnAnswer, cut_reference

THINKING_FIELDS = (
    "steps",
    "thinking",
    "reasoning_content",
    "reasoning",
    "completion",
    "text",
    "messages",
    "conversations",
    "choices",
    "output",  # OpenAI's responses
    "response.body.choices",  # OpenAI's and vLLM's batches
    "resps",  # lm-eval
)
"""Where a row's thinking is looked for; the first that is not empty is taken."""
QUESTION_FIELDS = (*QUESTION_KEYS, "doc.question", "doc.problem")
REFERENCE_FIELDS = (*REFERENCE_KEYS, "doc.answer", "doc.solution")
ANSWER_FIELDS = ("answer_text", "response", "content")
ID_FIELDS = ("custom_id", "id", "unique_id", "problem_id", "doc_id")

_MESSAGE = "(the row itself)"
"""Stands for a field where the row is an assistant message."""
_PURE_THINKING = frozenset(["thinking", "reasoning_content", "reasoning"])
"""Fields that are never searched for delimiters, unless field and delimiters are both named."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields of a row to read; None looks under the usual names.

    Names may step into a field: ``choices.0.message``.

    Attributes:
        thinking: The thinking, or a completion that holds it.
        question: The problem text.
        reference: The correct answer.
        delimiters: The strings around the thinking of a completion; None finds known ones.
    """

    thinking: str | None = None
    question: str | None = None
    reference: str | None = None
    delimiters: ThinkingDelimiters | None = None


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
        reference: The correct answer, cut out of a worked solution; empty if unknown.
        correct: Whether the answer given was right; None if unknown.
        finished: Whether the thinking was closed; None if unknown.
        answer: What the model wrote after the thinking, empty if unknown.
        refused: Why the row's reference is no answer; empty if it is one or there is none.
        scores: Reward and advantage of a training rollout, in total and by reward term, by name.
        segmenter: What cut `steps`, where the row names one that is known; empty if nobody knows.
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
    refused: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    segmenter: str = ""


def traces_of_row(
    row: Mapping[str, Any], where: str, name: str, fields: Fields = Fields()
) -> list[SourceTrace]:
    """Make the traces that a row holds.

    A field named by the user, ``completion``, ``text`` and the content of messages hold what the
    model wrote: between thinking delimiters stands the thinking, without any all of it is. A list
    of texts or of choices is several traces, and so is a chat with several assistant turns that
    think.

    Args:
        row: Field values by name.
        where: Place of the row for messages, e.g. ``file, line 3``.
        name: Name of the trace where the row has no id.
        fields: Which fields to read.

    Returns:
        The traces, named ``id.1``, ``id.2`` … where there are several; none if the row has no
        thinking.

    Raises:
        UserError: A field holds a value of a kind that cannot be read.
    """
    key = _thinking_key(row, fields)
    if key is None:
        return []
    value = row if key is _MESSAGE else value_at(row, key)
    name = _name(row) or whole_characters(name)
    question = _asked(row, where, fields)
    reference, refused = _reference(row, fields)
    steps = None
    if key.rpartition(".")[2] == "steps":
        thinking, steps = _steps(value, where, key)
        found = [Written(thinking)]
    else:
        pure = key.rpartition(".")[2] in _PURE_THINKING
        pure = pure and not (fields.thinking and fields.delimiters)
        made = completions_in(value, fields.delimiters, pure)
        if made is None:
            raise UserError(
                f'{where}: "{key}" must be a string, a list of strings or a list of messages, '
                f"not {type(value).__name__}."
            )
        found = made
    correct = _truth(row.get("correct", row.get("is_correct")))
    finished = _truth(row.get("finished"))
    answer = "" if key is _MESSAGE else _answer(row)
    scores = _scores(row)
    return [
        SourceTrace(
            id=f"{name}.{one.number}" if one.number else name,
            question=whole_characters((one.number and one.question) or question or one.question),
            thinking=whole_characters(one.thinking),
            steps=steps,
            dataset=_string(row.get("dataset")),
            model=_string(row.get("model")),
            reference=reference,
            correct=correct,
            finished=one.finished if finished is None else finished,
            answer=answer or whole_characters(one.answer),
            refused=refused,
            scores=scores,
            segmenter="" if steps is None else _unit(row),
        )
        for one in found
        if not is_blank(one.thinking)
    ]


def _thinking_key(row: Mapping[str, Any], fields: Fields) -> str | None:
    """The field that holds the thinking; None if there is none or it is empty."""
    if fields.thinking:
        return first_filled(row, (fields.thinking,))
    if "role" in row and role_of(row) in SPEAKERS and not is_blank(row.get("content")):
        return _MESSAGE
    for key in THINKING_FIELDS:
        value = value_at(row, key)
        if is_blank(value):
            continue
        cut_elsewhere = key == "steps" and is_list(value, Mapping)
        if cut_elsewhere and not is_blank(row.get("thinking")):
            continue  # typed steps of a sample: the text itself is there to be cut
        if key in ("choices", "output") and not is_list(value, Mapping):
            continue  # the options of a multiple-choice question, or some program's output
        if key == "reasoning" and not isinstance(value, str | list):
            continue  # how a server was asked to reason
        return key
    return None


def _steps(value: Any, where: str, key: str) -> tuple[str, tuple[Step, ...]]:
    texts = value
    if is_list(value, Mapping):
        texts = [step.get("text") for step in value]
    if not is_list(texts, str):
        raise UserError(f'{where}: "{key}" must be a list of strings.')
    return steps_from_texts([whole_characters(text) for text in texts])


def _unit(row: Mapping[str, Any]) -> str:
    """What the row says has cut its steps, as the output of ``suffice tag`` does.

    Names only: a file that a row names is not read, and a name nobody knows says nothing.
    """
    name = _string(row.get("segmenter"))
    return name if name in UNITS else ""


def _is_sample(row: Mapping[str, Any]) -> bool:
    """Whether a comparison wrote the row."""
    return "problem_id" in row and "sample" in row and "reference" in row


def _name(row: Mapping[str, Any]) -> str:
    """Name a row gives itself; samples of a comparison are named by problem and number."""
    if _is_sample(row):
        return f"{_string(row['problem_id'])}/{_string(row['sample'])}"
    return next((name for key in ID_FIELDS if (name := _string(row.get(key)))), "")


def _answer(row: Mapping[str, Any]) -> str:
    """What the model answered; samples of a comparison have it next to the reference."""
    fields = ("answer",) if _is_sample(row) else ANSWER_FIELDS
    return next((v for f in fields if (v := _string(row.get(f)))), "")


def _asked(row: Mapping[str, Any], where: str, fields: Fields) -> str:
    key = first_filled(row, (fields.question,) if fields.question else QUESTION_FIELDS)
    if key is None:
        return ""
    value = value_at(row, key)
    if is_list(value, Mapping):
        asked = (whole_characters(said(m)) for m in reversed(value) if role_of(m) in ASKERS)
        return next(asked, "")
    if not isinstance(value, str):
        raise UserError(f'{where}: "{key}" must be a string, not {type(value).__name__}.')
    return whole_characters(value)


def _reference(row: Mapping[str, Any], fields: Fields) -> tuple[str, str]:
    """The reference cut to the answer, and else why it is none."""
    key = first_filled(row, (fields.reference,) if fields.reference else REFERENCE_FIELDS)
    text = "" if key is None else _string(single_value(row, key))
    if not text or text.isdecimal():
        return text, ""
    try:
        return cut_reference(text), ""
    except NotAnAnswer as error:
        return "", str(error)


def _scores(row: Mapping[str, Any]) -> dict[str, float]:
    """What a training run wrote next to a rollout; empty for any other row."""
    terms = row.get("rewards")
    if "advantage" not in row or not isinstance(terms, Mapping):
        return {}
    named = {"advantage": row["advantage"], "reward": row.get("total"), **terms}
    return {str(k): float(v) for k, v in named.items() if isinstance(v, int | float)}


def _string(value: Any) -> str:
    """Text of a string or number; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or is_blank(value):
        return ""
    return whole_characters(str(value))


def _truth(value: Any) -> bool | None:
    return bool(value) if isinstance(value, bool | int) and value in (0, 1) else None


def whole_characters(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON and names of files can carry and no file can.

    Offsets stay as they are.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _LONE_SURROGATE.sub("\ufffd", text)
    return text
