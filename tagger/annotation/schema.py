"""The form of an answer: its JSON schema, and the strict reading of what came back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tagger.taxonomies.taxonomy import Taxonomy
from tagger.thinking.split import known_delimiters_in, split_thinking

_MOST_CANDIDATES = 50
"""Opening braces tried in an answer that is not JSON as a whole."""


class BadAnswer(ValueError):
    """An answer that cannot be used; the message says why, to people and to the model."""


@dataclass(frozen=True)
class Labels:
    """The labels of one answer, by index of the step.

    Attributes:
        tags: One tag for each asked step.
        alternatives: A second tag where the model named one.
    """

    tags: dict[int, str]
    alternatives: dict[int, str]


@dataclass(frozen=True)
class Completion:
    """What of an endpoint's answer counts.

    Attributes:
        content: The model's text; empty if the body is no chat completion.
        finish_reason: Why it ended, e.g. ``"stop"`` or ``"length"``.
        prompt_tokens: As the endpoint counted them; None if it did not.
        answer_tokens: As the endpoint counted them; None if it did not.
    """

    content: str
    finish_reason: str
    prompt_tokens: int | None
    answer_tokens: int | None


def answer_schema(taxonomy: Taxonomy) -> dict[str, Any]:
    """JSON schema of an answer, in the subset that strict endpoints take.

    It does not name the asked steps: endpoints compile and keep a schema, and one that changed
    with every request would be compiled with every request. `parse_labels` checks the steps.
    """
    tags = list(taxonomy.tags)
    entry = {
        "type": "object",
        "properties": {
            "step": {"type": "integer"},
            "tag": {"type": "string", "enum": tags},
            "alternative": {"type": ["string", "null"], "enum": [*tags, None]},
        },
        "required": ["step", "tag", "alternative"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"labels": {"type": "array", "items": entry}},
        "required": ["labels"],
        "additionalProperties": False,
    }


def read_completion(body: str) -> Completion:
    """Read the body of an HTTP answer; anything unexpected reads as an empty content."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return Completion("", "", None, None)
    data = data if isinstance(data, dict) else {}
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    choice = choice if isinstance(choice, dict) else {}
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    usage = data.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return Completion(
        content if isinstance(content, str) else "",
        str(choice.get("finish_reason") or ""),
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
    )


def parse_labels(
    content: str, taxonomy: Taxonomy, asked: Sequence[int], finish_reason: str = ""
) -> Labels:
    """Read the labels out of a model's text.

    The JSON object may stand in a code fence or between other words, and after thinking in known
    delimiters; what it says has to be exact.

    Args:
        content: The model's text.
        taxonomy: Known tags; upper or lower case, or full names.
        asked: Indices that must be labelled, each once, and no other.
        finish_reason: ``"length"`` tells a cut answer from a malformed one.

    Raises:
        BadAnswer: No such object, an index missing, unasked or labelled twice, an unknown tag.
    """
    entries = _entries(content, finish_reason)
    known = {word.casefold(): t.tag for t in taxonomy.types for word in (t.name, t.tag)}
    tags: dict[int, str] = {}
    alternatives: dict[int, str] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            raise BadAnswer('an entry of "labels" is not an object')
        step = _index(entry.get("step"))
        if step not in asked:
            raise BadAnswer(f"step {_short(entry.get('step'))} was not asked for")
        if step in tags:
            raise BadAnswer(f"step {step} is labelled twice")
        tag = known.get(_word(entry.get("tag")))
        if tag is None:
            raise BadAnswer(f"step {step} has the unknown tag {_short(entry.get('tag'))}")
        tags[step] = tag
        second = entry.get("alternative")
        if second is None or _word(second) in ("", "none", "null"):
            continue
        other = known.get(_word(second))
        if other is None:
            raise BadAnswer(f"step {step} has the unknown alternative {_short(second)}")
        if other != tag:
            alternatives[step] = other
    missing = [str(i) for i in asked if i not in tags]
    if missing:
        raise BadAnswer(
            f"no label for {'steps' if len(missing) > 1 else 'step'} {', '.join(missing)}"
        )
    return Labels(tags, alternatives)


def _entries(content: str, finish_reason: str) -> list[Any]:
    delimiters = known_delimiters_in(content)
    text = split_thinking(content, delimiters).answer if delimiters else content
    if not text.strip():
        raise BadAnswer("it is empty" + _cut(finish_reason))
    decoder = json.JSONDecoder()
    at = -1
    for _ in range(_MOST_CANDIDATES):
        at = text.find("{", at + 1)
        if at < 0:
            break
        try:
            found, _end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and isinstance(found.get("labels"), list):
            return list(found["labels"])
    raise BadAnswer('it holds no JSON object with a list "labels"' + _cut(finish_reason))


def _cut(finish_reason: str) -> str:
    return " (it was cut at the token limit)" if finish_reason == "length" else ""


def _index(value: Any) -> int:
    """A step's number; -1 for what is none (a bool is an int to Python)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
        return int(value.strip()[:9])
    return -1


def _word(value: Any) -> str:
    return value.strip().casefold() if isinstance(value, str) else "?"


def _short(value: Any) -> str:
    return repr(value)[:40]


def _count(value: Any) -> int | None:
    ok = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if ok else None
