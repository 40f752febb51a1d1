r"""From a row of any common layout to a problem.

Read are the layouts of GSM8K (``question``, a worked ``answer`` behind ``####``), MATH
(``problem``, ``solution`` with a ``\boxed{}``), verl (``prompt`` as a chat,
``reward_model.ground_truth``), TRL (``prompt``, ``answer`` or ``solution``) and the kit's own. Only
the kit's own keys mean anything beyond question and reference: what other columns a file has
stands under ``columns`` of a problem's metadata, where nothing acts on it.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rl.problems.problem import Problem
from tagger.errors import UserError
from tagger.traces.chats import ASKERS, INSTRUCTORS, SPEAKERS, other_parts, role_of, said
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

CHAT_KEYS = ("prompt", "messages", "conversations")
"""Where a question is looked for as a chat."""

_TEMPLATE_MARKS = ("<|im_start|>", "<|start_header_id|>", "<start_of_turn>", "<｜User｜>")

OPTION_KEYS = ("choices", "options")
"""Where multiple-choice sets keep what the question leaves out."""


def problem_of_row(row: Mapping[str, Any], where: str, name: str) -> Problem:
    """Make the problem that a row holds.

    Args:
        row: Field values by name.
        where: Place of the row for messages, e.g. ``file, line 3``.
        name: Id of the problem where the row gives none.

    Returns:
        The problem: its question as it is asked, its reference cut to the answer alone.

    Raises:
        UserError: The question or the reference is missing, is no text, cannot be asked in one
            turn, or marks no answer.
    """
    row = _with_chats(_named_as_usual(row))
    chat_key = _chat_key(row)
    solution = ""
    if chat_key is None:
        question_key = _key(row, where, QUESTION_KEYS)
        question = _text(row, question_key, where)
    else:
        question_key = chat_key
        question, solution = _asked(value_at(row, chat_key), where, chat_key)
    _refuse_rendered(question, where, question_key)
    _refuse_hidden_options(row, question, where)
    if solution and first_filled(row, REFERENCE_KEYS) is None:
        reference_key, text = f"{question_key}, last turn", solution
    else:
        reference_key = _key(row, where, REFERENCE_KEYS)
        text = _text(row, reference_key, where)
    used = {question_key, reference_key}
    if chat_key is not None and len(value_at(row, chat_key)) > 1:
        used -= {chat_key}  # a system turn became part of the question: its origin is kept
    texts = {key: _label(row, key, used) for key in ("id", "band", "family")}
    return Problem(
        id=texts["id"] or name,
        question=question,
        reference=_cut(text, where, reference_key),
        band=texts["band"],
        family=texts["family"],
        metadata=_metadata(row, used),
    )


def _named_as_usual(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row, its keys in lower case if only then it has a question (``Problem``, ``Answer``)."""
    if any(key in row for key in (*QUESTION_KEYS, *CHAT_KEYS)):
        return row
    lower = {str(key).lower(): value for key, value in row.items()}
    found = any(key in lower for key in QUESTION_KEYS) and len(lower) == len(row)
    return lower if found else row


def _with_chats(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row, chats that stand in it as JSON text read: tables made from CSV hold them so."""
    found = {}
    for key in CHAT_KEYS:
        text = row.get(key)
        if isinstance(text, str) and text.lstrip()[:1] == "[" and '"role"' in text:
            with contextlib.suppress(ValueError):
                found[key] = json.loads(text)
    return {**row, **found} if found else row


def _chat_key(row: Mapping[str, Any]) -> str | None:
    """The field that is asked as a chat: ``prompt``, or another if there is no question."""
    if is_list(row.get("prompt"), Mapping) and not is_blank(row.get("prompt")):
        return "prompt"
    if first_filled(row, QUESTION_KEYS) is not None:
        return None
    chats = (k for k in CHAT_KEYS if is_list(row.get(k), Mapping) and not is_blank(row.get(k)))
    return next(chats, None)


def _key(row: Mapping[str, Any], where: str, keys: Sequence[str]) -> str:
    """The first key that is filled; one that is there but blank is refused by `_text`."""
    key = first_filled(row, keys) or next((key for key in keys if key in row), None)
    if key is not None:
        return key
    plain = [key for key in keys if "." not in key]
    raise UserError(
        f"{where}: needs the key {plain[0]!r} (or {', '.join(plain[1:-1])} or {plain[-1]}); "
        f"{_hint(row, plain)}."
    )


def _hint(row: Mapping[str, Any], keys: Iterable[str]) -> str:
    nested = [key for key, value in row.items() if is_list(value, Mapping) and len(value) > 1]
    if len(nested) == 1 and len(row) <= 3 and nested[0] not in CHAT_KEYS:
        return (
            f"the rows may be those in {nested[0]!r}: jq -c '.[\"{nested[0]}\"][]' takes them out"
        )
    names = [str(key) for key in row]
    near = next((n for n in names for _ in difflib.get_close_matches(n, keys, 1, 0.8)), None)
    if near:
        return f"rename {near!r}"
    has = f"the row has {', '.join(map(repr, names))}" if names else "the row is empty"
    key = "question" if "question" in keys else "reference"
    return f"{has}; name the column by columns.{key}" if names else has


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    """A text or number of a row, or the only one of a list."""
    value = single_value(row, key)
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if number and value == value and value not in (math.inf, -math.inf):
        value = str(value)
    if not isinstance(value, str) or is_blank(value):
        raise UserError(
            f"{where}: {key!r} must be a non-empty text or number, not {_shown(value)}."
        )
    return value


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _asked(messages: Sequence[Mapping[str, Any]], where: str, key: str) -> tuple[str, str]:
    """Question and, behind it, solution of a chat.

    A system turn before the question is asked as its first paragraph: what it says reaches every
    policy, those whose chat template knows no system turn too.
    """
    turns = list(messages)
    solution = ""
    if key != "prompt" and len(turns) > 1 and role_of(turns[-1]) in SPEAKERS:
        solution = said(turns.pop())
    roles = [role_of(turn) for turn in turns]
    if not roles or roles[-1] not in ASKERS or any(r not in INSTRUCTORS for r in roles[:-1]):
        raise UserError(
            f"{where}: the chat in {key!r} has the turns {', '.join(r or '?' for r in roles)}; a "
            "problem is one user turn, with a system turn before it at most: write earlier turns "
            "into the question, or remove them."
        )
    for turn in turns:
        if kinds := other_parts(turn):
            raise UserError(
                f"{where}: the chat in {key!r} holds a part of type {kinds[0]!r}; only text can be "
                "asked."
            )
    if is_blank(said(turns[-1])):
        raise UserError(f"{where}: the user turn in {key!r} must be a non-empty text.")
    return "\n\n".join(text for turn in turns if (text := said(turn)).strip()), solution


def _refuse_rendered(question: str, where: str, key: str) -> None:
    """A prompt that a chat template has rendered would be rendered again, inside a user turn."""
    mark = next((mark for mark in _TEMPLATE_MARKS if mark in question), None)
    if mark:
        raise UserError(
            f"{where}: {key!r} holds {mark!r}, so a chat template has rendered it already; give "
            "the question alone, or the chat as a list of messages."
        )


def _refuse_hidden_options(row: Mapping[str, Any], question: str, where: str) -> None:
    """Options that the question leaves out would never reach the policy."""
    for key in OPTION_KEYS:
        value = row.get(key)
        if isinstance(value, Mapping):
            value = value.get("text")
        texts = list(value) if is_list(value, str) else []
        if any(text not in question for text in texts):
            raise UserError(
                f"{where}: the options in {key!r} do not stand in the question, so the policy "
                "would not see them; name them by columns.choices, or write them into it, each "
                "behind its letter, and give the letter as the reference."
            )


def _cut(text: str, where: str, key: str) -> str:
    try:
        return cut_reference(text)
    except NotAnAnswer as error:
        raise UserError(
            f"{where}: the reference in {key!r} {error}; give the answer alone, or end the "
            "solution with #### ANSWER or \\boxed{ANSWER}."
        ) from error


def _label(row: Mapping[str, Any], key: str, used: set[str]) -> str:
    """A short text of the kit's own layout; a value of another kind is a column like others."""
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or is_blank(value):
        return ""
    used.add(key)
    return str(value)


def _metadata(row: Mapping[str, Any], used: set[str]) -> dict[str, Any]:
    """The kit's own metadata, and under ``columns`` whatever else the row has."""
    own = row.get("metadata")
    metadata = dict(own) if isinstance(own, Mapping) else {}
    if isinstance(own, Mapping):
        used = used | {"metadata"}
    heads = used | {key.partition(".")[0] for key in used if key not in row}
    columns = {key: value for key, value in row.items() if key not in heads}
    return {**metadata, "columns": columns} if columns else metadata
