"""Training runs that are pooled: what is refused, which arms run, what they cost in all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rl.comparison.config import CompareConfig, compare_config
from rl.comparison.costs import total_cost, write_cost
from rl.comparison.jobs import arms_at_most, chosen_jobs, independent_jobs
from rl.sampling.engine import EngineCost
from tagger.errors import UserError

NAMES = ("base", "control", "control_1", "trained", "trained_1")


def config(**changes: Any) -> CompareConfig:
    values = {
        "policies": {name: f"o/{name}" for name in NAMES},
        "pooled": {"control": ["control_1"], "trained": ["trained_1"]},
        "grid_policies": ["base", "control"],
        "rules": {"count": {"types": ["VERIFY"], "limit": [1, 2]}},
        "oracle": False,
    }
    return compare_config(values | changes)


def test_further_runs_have_no_arms_of_their_own() -> None:
    made = config()
    assert made.heads == ["base", "control", "trained"]
    assert (made.runs_of("control"), made.runs_of("base")) == (["control", "control_1"], ["base"])
    assert made.with_grid == ["base", "control"]


def test_every_run_of_a_policy_with_a_grid_runs_under_every_rule() -> None:
    made = config()
    arms = [job.arm for job in independent_jobs(made) if job.split == "test"]
    grid = [f"{p}monitored_count_{n}" for p in ("", "control_", "control_1_") for n in (1, 2)]
    assert arms == [*NAMES, *grid]
    # Five free arms, six of the grid, and a chosen one for each run of trained.
    assert arms_at_most(made) == (13, 15)
    chosen = chosen_jobs(
        made, {"base": "monitored_count_1", "control": "control_monitored_count_2"}
    )
    assert [job.key for job in chosen] == [
        "test/monitored_count_1",
        "test/control_monitored_count_2",
        "test/control_1_monitored_count_2",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pooled": {"control": ["contrl_1"]}}, "did you mean 'control_1'"),
        ({"pooled": {"control": ["base"]}}, "names 'base' as a further run"),
        ({"pooled": {"control": ["control_1"], "trained": ["control_1"]}}, "names 'control_1' as"),
        ({"pooled": {"base": ["control_1"]}}, "lists further runs of 'base'"),
        ({"pooled": {"control": ["control"]}}, "names 'control' as"),
        ({"pooled": {"control": ["control_1", "trained_1"], "trained": ["x"]}}, "policy in the"),
        ({"grid_policies": ["base", "control_1"]}, "'grid_policies'"),
        ({"claims": [["control_1", "base"]]}, "'claims'"),
    ],
)
def test_pooling_that_makes_no_sense_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        config(**changes)


def test_policies_with_different_numbers_of_runs_are_refused() -> None:
    policies = {name: f"o/{name}" for name in (*NAMES, "trained_2")}
    runs = {"control": ["control_1"], "trained": ["trained_1", "trained_2"]}
    with pytest.raises(UserError, match="2 of control, 3 of trained"):
        config(policies=policies, pooled=runs)


def test_cost_of_several_runs_is_their_sum(tmp_path: Path) -> None:
    one, two = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"
    write_cost(one, EngineCost(1, 2, 3, 4, 0.5), 1)
    assert total_cost([one, two]) is None
    write_cost(two, EngineCost(10, 20, 30, 40, 1.5), 2)
    assert total_cost([one, two]) == {
        "prompt_tokens": 11, "reread_tokens": 22, "generated_tokens": 33, "forced_tokens": 44,
        "seconds": 2.0, "side_by_side": 2, "drafts": False,
    }  # fmt: skip
    (tmp_path / "b.cost.json").write_text('{"seconds": 1.5}')  # of an earlier version
    found = total_cost([one, two])
    assert found is not None and (found["seconds"], found["side_by_side"]) == (2.0, None)


def test_cost_of_an_arm_with_drafts_has_no_seconds(tmp_path: Path) -> None:
    one, two = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"
    write_cost(one, EngineCost(1, 2, 3, 4, 0.5), 1)
    write_cost(two, EngineCost(1, 2, 3, 4, 0.1), 1, drafts=True)
    assert total_cost([one, two]) == {
        "prompt_tokens": 2, "reread_tokens": 4, "generated_tokens": 6, "forced_tokens": 8,
        "seconds": None, "side_by_side": 1, "drafts": True,
    }  # fmt: skip
