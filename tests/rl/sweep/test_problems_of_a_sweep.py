"""The problems that policies of a sweep are compared on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rl.comparison.arms
from rl.comparison.config import CompareConfig
from rl.problems.problem import Problem
from rl.sweep.compared import (
    check_problems,
    compare_settings,
    comparison_values,
    policy_entry,
    sample_policy,
)
from rl.sweep.planning.runs import base_run
from rl.sweep.training_problems import training_overlaps
from tagger.errors import UserError
from tests.rl.sweep.making import make_sweep


def _compare(calibration: dict[str, object]) -> CompareConfig:
    test = {"source": "overthinker", "size": 12, "seed": 0, "split": "test"}
    config = make_sweep(compare={"problems": test, "calibration": calibration})
    return compare_settings(config, base_run(config))


def test_problems_are_counted() -> None:
    own = _compare({"source": "overthinker", "size": 5, "split": "calibration"})
    assert [len(problems) for problems in check_problems(own).values()] == [12, 5]


def test_problems_that_are_in_both_splits_are_refused() -> None:
    same = _compare({"source": "overthinker", "size": 12, "seed": 0, "split": "test"})
    with pytest.raises(UserError, match="12 of the test problems"):
        check_problems(same)


def test_comparison_takes_policy_and_tagger_from_the_run() -> None:
    config = make_sweep(train={**make_sweep().train, "tagger": "linear"})
    found = compare_settings(config, base_run(config), 99)
    assert found.tagger == "linear" and found.max_new_tokens == 99
    assert found.policies["base"] == {"model": "overthinker"} and not found.rules


def test_policy_of_a_run_is_loaded_as_in_the_run_where_that_was_varied(
    tmp_path: Path,
) -> None:
    base = base_run(make_sweep()).to_dict()
    other = {**base, "system_prompt": "Be brief."}
    assert policy_entry(base, base, tmp_path) == {"model": str(tmp_path)}
    assert policy_entry(other, base, tmp_path) == {
        "model": str(tmp_path), "system_prompt": "Be brief.",
    }  # fmt: skip


def test_a_policy_is_sampled_without_the_runs_that_the_comparison_pools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[CompareConfig] = []

    def stop(config: CompareConfig, *_: Any) -> None:
        made.append(config)
        raise UserError("enough")

    monkeypatch.setattr(rl.comparison.arms, "ArmRunner", stop)
    own = {
        "problems": {"source": "overthinker", "size": 6},
        "policies": dict.fromkeys(("base", "control", "control_1"), "overthinker"),
        "pooled": {"control": ["control_1"]},
    }
    config = make_sweep(compare=own)
    with pytest.raises(UserError, match="enough"):
        sample_policy(comparison_values(config, base_run(config), 64), "o/other", tmp_path, None)
    assert list(made[0].policies) == ["base", "trained"] and not made[0].pooled


def test_problems_that_runs_are_trained_on_are_counted_and_named_for_each_split() -> None:
    def added(number: int, name: str) -> Problem:
        return Problem(name, f"What is {number} + 5?", str(number + 5))

    trained = [[added(1, "r1"), added(2, "r2")], [added(2, "r2"), Problem("r3", "5 + 3 = ?", "8")]]
    compared = {
        "test": [added(1, "t1"), added(3, "t2"), added(4, "t3")],
        "calibration": [added(9, "c1")],
    }
    found, warnings = training_overlaps(compared, trained)
    text = "2 of 3 test problems were training problems too: 1 word for word, 1 in other words."
    assert found == {
        "test": {"training_problems": 3, "same": 1, "reworded": 1, "text": text},
        "calibration": {"training_problems": 3, "same": 0, "reworded": 0, "text": ""},
    }
    assert warnings == [f"{text} 't1' is 'r1', 't2' is 'r3'."]
    chosen = "1 of 3 test problems, or the same in other words, were eval_problems"
    found, warnings = training_overlaps(compared, trained, [[added(4, "e1"), added(9, "e2")]])
    assert f"{text} {chosen}" in found["test"]["text"] and chosen in warnings[1]
    assert found["calibration"]["text"] == ""  # both choose among policies
