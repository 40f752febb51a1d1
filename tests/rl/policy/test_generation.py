"""Sampling settings from a model's generation config."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rl.policy.config import PolicyConfig
from rl.policy.generation import named_sampling, sampling_defaults, without_effect
from tagger.errors import UserError


def values(named: dict[str, Any]) -> dict[str, float]:
    return {key: value for key, (value, _) in sampling_defaults(named, "m").items()}


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ({}, (1.0, 1.0, 0)),
        ({"do_sample": True, "temperature": 0.6, "top_p": 0.95}, (0.6, 0.95, 0)),
        ({"temperature": 0.7, "top_p": 0.8, "top_k": 20}, (0.7, 0.8, 20)),
        ({"do_sample": False, "temperature": 0.6}, (0.0, 1.0, 0)),
    ],
)
def test_sampling_defaults_are_what_the_model_names(
    named: dict[str, Any], found: tuple[float, float, int]
) -> None:
    assert tuple(values(named).values()) == found


def test_sampling_defaults_say_where_they_come_from() -> None:
    found = sampling_defaults({"temperature": 0.6}, "m")
    assert found["temperature"] == (0.6, "generation_config of m")
    assert found["top_k"][1] == "not named by the generation_config of m: the model's plain " \
        "distribution"  # fmt: skip


@pytest.mark.parametrize(
    "named",
    [{"temperature": -1}, {"top_p": 0}, {"top_k": -1}, {"top_k": True}, {"top_p": "x"}]
    + [{"temperature": 10**400}, {"top_k": 10**400}, {"temperature": float("inf")}],
)
def test_sampling_defaults_refuse_values_out_of_range(named: dict[str, Any]) -> None:
    (key,) = named
    with pytest.raises(UserError, match=f"names {key} .*out of its range; set the config key"):
        sampling_defaults(named, "m")


def test_sampling_defaults_refuse_do_sample_that_is_no_boolean() -> None:
    with pytest.raises(UserError, match=r"names do_sample 'false', which is neither true nor fal"):
        sampling_defaults({"do_sample": "false", "temperature": 0.6}, "m")


def test_without_effect_lists_what_engines_do_not_apply() -> None:
    named = {"repetition_penalty": 1.05, "min_p": None, "typical_p": 1.0, "top_k": 5}
    assert without_effect(named) == {"repetition_penalty": 1.05}


def test_named_sampling_reads_the_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    config = PolicyConfig(model=str(tmp_path))
    assert named_sampling(config) == {}
    written = {"do_sample": True, "temperature": 0.6, "top_p": 0.95}
    (tmp_path / "generation_config.json").write_text(json.dumps(written))
    named = named_sampling(config)
    assert {key: named[key] for key in written} == written
    assert "top_k" not in named
    (tmp_path / "generation_config.json").write_text("[")
    with pytest.raises(UserError, match=r"generation config of .* cannot be read"):
        named_sampling(config)


def test_overthinker_names_its_plain_distribution() -> None:
    assert values(named_sampling(PolicyConfig())) == {"temperature": 1, "top_p": 1, "top_k": 0}
