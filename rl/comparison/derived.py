"""Sampling settings that a comparison leaves out, derived from its policies.

Temperature, top_p and top_k are those of the base policy's generation config, and hold for every
policy: arms are compared under the same settings. The length of a completion is that of the
training run of a policy, or what the context leaves after the longest prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rl.policy.context import check_batch_tokens, tokens_left
from rl.policy.generation import NEUTRAL, named_sampling, sampling_defaults, without_effect
from tagger.config.numbers import finite_number
from tagger.errors import UserError

if TYPE_CHECKING:
    from rl.policy.config import PolicyConfig

GIVEN = "set in the config"
NOT_APPLIED = "not applied"
"""Ends the source of a setting of the generation config that no engine applies."""

Row = dict[str, Any]
"""A setting as recorded in ``results.json``: ``key``, ``value``, ``source``."""


@dataclass(frozen=True)
class Room:
    """How long a policy's completions can be.

    Attributes:
        model: What to call its model.
        context: Positions of the model; None if its config does not say.
        prompt: Tokens of its longest prompt.
        trained: ``max_completion_length`` of the training run that made it; None without one.
        question: What its longest prompt asks, for a refusal.
    """

    model: str
    context: int | None
    prompt: int
    trained: int | None = None
    question: str = ""


def row(key: str, value: float | None, source: str) -> Row:
    """A setting, for the record."""
    return {"key": key, "value": value, "source": source}


def sampling(
    given: Mapping[str, float | None], named: Mapping[str, Any], model: str
) -> tuple[dict[str, Any], list[Row]]:
    """Temperature, top_p and top_k of a comparison.

    Args:
        given: These keys of the config, None for those left out.
        named: What the base policy's generation config names.
        model: What to call its model.

    Returns:
        The values, and the rows that record them; settings of the generation config that no
        engine applies have a row too.

    Raises:
        UserError: The generation config names a value out of its range, or no number, for one of
            the three; what has no effect is recorded as None then.
    """
    needed = {key: value for key, value in named.items() if given.get(key) is None}
    if given.get("temperature") is not None:
        needed.pop("do_sample", None)
    found = sampling_defaults(needed, model)
    values: dict[str, Any] = {}
    rows = []
    for key in NEUTRAL:
        own = given.get(key)
        values[key], source = found[key] if own is None else (own, GIVEN)
        rows.append(row(key, values[key], source))
    for key, value in without_effect(named).items():
        number, source = finite_number(value), f"generation_config of {model}"
        named_so = source if number else f"{source}, which names {value!r}, no number"
        rows.append(row(key, value if number else None, f"{named_so}; {NOT_APPLIED}"))
    return values, rows


def not_applied(settings: Sequence[Row]) -> list[str]:
    """Sentences on the settings of a generation config that have no effect.

    Args:
        settings: Rows of `sampling`.
    """
    drawn = "completions are drawn by temperature, top_p and top_k alone"
    said = []
    for setting in settings:
        if setting["source"].endswith(NOT_APPLIED):
            value = "" if setting["value"] is None else f"={setting['value']:g}"
            said.append(f"{setting['key']}{value}, {setting['source']}: {drawn}.")
    return said


def completion_tokens(wanted: int | None, rooms: Sequence[Room]) -> tuple[int, Row]:
    """Most tokens of a completion.

    Args:
        wanted: The config key ``max_new_tokens``.
        rooms: One for each policy.

    Returns:
        The number, and the row that records it.

    Raises:
        UserError: It is not set and cannot be derived, or prompt and completion do not fit into
            the context of a policy.
    """
    key = "max_new_tokens"
    found = [
        (tokens_left(wanted, room.context, room.prompt, room.model, key, room.question), room)
        for room in rooms
    ]
    if wanted is not None:
        return wanted, row(key, wanted, GIVEN)
    lefts = [(left, room) for left, room in found if left is not None]
    least = min(lefts, key=lambda pair: pair[0], default=None)
    trained = [(room.trained, room) for room in rooms if room.trained is not None]
    if trained:
        longest, room = max(trained, key=lambda pair: pair[0])
        if least is None or longest <= least[0]:
            source = f"max_completion_length of the training run of {room.model}"
            return longest, row(key, longest, source)
    if least is None:
        raise UserError(
            f"max_new_tokens is not set and cannot be derived: the config of {rooms[0].model}"
            " names no context length (max_position_embeddings), and no config.yaml of a training"
            " run is stored next to it; set it, e.g. max_new_tokens=4096."
        )
    left, room = least
    source = f"context of {room.model}, {room.context} tokens, less its longest prompt"
    return left, row(key, left, source)


def derived(
    given: Mapping[str, Any], rooms: Sequence[Room], base: PolicyConfig
) -> tuple[dict[str, Any], list[Row]]:
    """How tokens are drawn, and how many.

    Args:
        given: The settings of a comparison.
        rooms: One for each policy.
        base: The base policy's settings.

    Returns:
        Values of the settings that may be left out, and how they were come by.

    Raises:
        UserError: A setting cannot be derived, or the settings do not fit the models.
    """
    drawn = {key: given[key] for key in NEUTRAL}
    named = named_sampling(base) if None in drawn.values() else {}
    values, rows = sampling(drawn, named, base.model)
    length, length_row = completion_tokens(given["max_new_tokens"], rooms)
    keys, most = ("max_batch_tokens", "max_new_tokens"), given["max_batch_tokens"]
    check_batch_tokens(most, max(r.prompt for r in rooms), length, keys)
    bound = "half of the free memory" if most is None else GIVEN
    return values | {"max_new_tokens": length}, [*rows, length_row, row(keys[0], most, bound)]
