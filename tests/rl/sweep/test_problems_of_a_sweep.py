"""The problems that policies of a sweep are compared on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rl.comparison.arms
from rl.comparison.config import CompareConfig
from rl.sweep.compared import (
    ProblemCounts,
    check_problems,
    compare_settings,
    comparison_values,
    policy_entry,
    sample_policy,
)
from rl.sweep.planning.runs import base_run
from tagger.errors import UserError
from tests.rl.sweep.making import make_sweep


def _compare(calibration: dict[str, object]) -> CompareConfig:
    test = {"source": "overthinker", "size": 12, "seed": 0, "split": "test"}
    config = make_sweep(compare={"problems": test, "calibration": calibration})
    return compare_settings(config, base_run(config))


def test_problems_are_counted() -> None:
    own = _compare({"source": "overthinker", "size": 5, "split": "calibration"})
    assert check_problems(own) == ProblemCounts(12, 5)


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
