"""Sampling settings that a comparison leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from rl.comparison.derived import GIVEN, Room, completion_tokens, not_applied, row, sampling
from rl.comparison.training_problems import trained_length
from tagger.errors import UserError

UNSET = {"temperature": None, "top_p": None, "top_k": None}


def test_sampling_takes_the_config_before_the_model() -> None:
    named = {"temperature": 0.6, "top_p": 0.95, "repetition_penalty": 1.1}
    values, rows = sampling({**UNSET, "top_p": 0.5}, named, "m")
    assert values == {"temperature": 0.6, "top_p": 0.5, "top_k": 0}
    assert row("top_p", 0.5, GIVEN) in rows
    assert row("temperature", 0.6, "generation_config of m") in rows
    assert row("repetition_penalty", 1.1, "generation_config of m; not applied") in rows


@pytest.mark.parametrize("value", ["0.1", [1], {}, True, float("nan"), 10**400])
def test_sampling_ignores_what_is_no_number_and_has_no_effect(value: object) -> None:
    values, rows = sampling(UNSET, {"temperature": 0.6, "min_p": value}, "m")
    assert values["temperature"] == 0.6
    (said,) = not_applied(rows)
    named = f"min_p, generation_config of m, which names {value!r}, no number; not applied: "
    assert rows[-1]["value"] is None and said.startswith(named)


def test_not_applied_names_the_value() -> None:
    _, rows = sampling(UNSET, {"top_k": 20, "min_p": 0.05}, "m")
    (said,) = not_applied(rows)
    assert said.startswith("min_p=0.05, generation_config of m; not applied: completions are")


def test_sampling_ignores_what_the_config_overrides() -> None:
    values, _ = sampling({**UNSET, "temperature": 0.3}, {"do_sample": False, "top_p": 0.9}, "m")
    assert values == {"temperature": 0.3, "top_p": 0.9, "top_k": 0}
    given = {"temperature": 0.3, "top_p": 1.0, "top_k": 5}
    assert sampling(given, {"top_k": -1}, "m")[0] == given


@pytest.mark.parametrize(
    ("wanted", "rooms", "length", "source"),
    [
        (64, [Room("b", 1000, 100)], 64, GIVEN),
        (64, [Room("b", None, 100)], 64, GIVEN),
        (None, [Room("b", 1000, 100)], 900, "context of b, 1000 tokens"),
        (None, [Room("b", 1000, 100), Room("t", 500, 50)], 450, "context of t, 500 tokens"),
        (None, [Room("b", 1000, 100), Room("t", 1000, 90, 256)], 256, "training run of t"),
        (None, [Room("c", 1000, 90, 512), Room("t", 1000, 90, 256)], 512, "training run of c"),
        (None, [Room("b", 200, 100), Room("t", 1000, 90, 256)], 100, "context of b"),
        (None, [Room("b", None, 100, 256)], 256, "training run of b"),
    ],
)
def test_completion_tokens(wanted: int | None, rooms: list[Room], length: int, source: str) -> None:
    found, record = completion_tokens(wanted, rooms)
    assert (found, record["value"]) == (length, length)
    assert source in record["source"]


@pytest.mark.parametrize(
    ("wanted", "room", "said"),
    [
        (None, Room("m", None, 10), "cannot be derived: the config of m names no context length"),
        (None, Room("m", 10, 10), "m reads 10 tokens, the longest prompt has 10; leave long"),
        (None, Room("m", 5, 9, None, "Is  it?"), r"the longest prompt \('Is it\?'\) has 9; leave"),
        (91, Room("m", 100, 10), "longest prompt has 10 and max_new_tokens is 91; lower"),
    ],
)
def test_completion_tokens_refuses(wanted: int | None, room: Room, said: str) -> None:
    with pytest.raises(UserError, match=said):
        completion_tokens(wanted, [room])


def test_trained_length_is_read_from_the_run_of_a_policy(tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.mkdir()
    assert trained_length(str(policy)) is None
    config = tmp_path / "config.yaml"
    config.write_text("model: overthinker\n")
    assert trained_length(str(policy)) is None
    config.write_text("model: overthinker\ngrpo: {max_completion_length: 360}\n")
    assert trained_length(str(policy)) == 360
    config.write_text("something: else\n")
    assert trained_length(str(policy)) is None
