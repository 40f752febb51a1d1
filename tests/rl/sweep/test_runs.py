"""Runs: their names and hashes, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from rl.sweep.folder import begin
from rl.sweep.planned import planned_runs
from rl.sweep.planning.runs import config_hash, make_runs
from tagger.errors import UserError
from tagger.files import write_json
from tests.rl.sweep.making import WEIGHT, make_sweep


def test_runs_differ_in_name_by_seed_and_share_their_setting() -> None:
    config = make_sweep()
    one, two = make_runs(config, {"step_count": [{WEIGHT: 0.03}]}, [0, 1])
    assert one.label == "step_count, weight 0.03"
    assert one.name.startswith("step_count-weight-0.03-seed0-")
    assert one.setting == two.setting and one.name != two.name and one.hash != two.hash
    assert one.config["reward"]["terms"]["step_count"]["weight"] == 0.03


def test_hash_ignores_order_output_and_whole_floats() -> None:
    a = {"grpo": {"x": 1, "y": 2.0}, "output": "runs/a"}
    assert config_hash(a) == config_hash({"output": "runs/b", "grpo": {"y": 2, "x": 1.0}})
    assert config_hash(a) != config_hash({**a, "grpo": {"x": 1}})


def test_points_that_are_drawn_twice_become_one_run() -> None:
    assert len(make_runs(make_sweep(), {"step_count": [{WEIGHT: 1}, {WEIGHT: 1.0}]}, [0])) == 1


def test_arms_with_the_same_settings_are_refused() -> None:
    config = make_sweep(arms={"a": {}, "b": {}})
    with pytest.raises(UserError, match="'a, weight 0.1' and 'b, weight 0.1' have the same"):
        make_runs(config, {"a": [{WEIGHT: 0.1}], "b": [{WEIGHT: 0.1}]}, [0])


def test_key_that_does_not_exist_names_the_run() -> None:
    config = make_sweep(vary={"keep_rollouts.evry": [1]})
    with pytest.raises(UserError, match=r"step_count, evry 1'.*'keep_rollouts.every'"):
        make_runs(config, {"step_count": [{"keep_rollouts.evry": 1}]}, [0])


def test_numbers_that_differ_in_a_late_digit_have_labels_of_their_own() -> None:
    weights = [0.1234567, 0.1234568, 0.1]
    runs = make_runs(make_sweep(), {"step_count": [{WEIGHT: w} for w in weights]}, [0])
    assert [run.label for run in runs] == [
        "step_count, weight 0.1234567", "step_count, weight 0.1234568", "step_count, weight 0.1",
    ]  # fmt: skip


def test_runs_keep_their_folders_when_a_later_version_resolves_other_settings(
    tmp_path: Path,
) -> None:
    sweep = begin(tmp_path / "s", make_sweep(), 64, None)
    one = planned_runs(sweep).runs[1]
    old = sweep.run("step_count-of-an-earlier-version")
    write_json(old.root / "run.json", {**vars(one), "point": dict(one.point), "hash": "other"})
    assert planned_runs(sweep).runs[1].name == old.name
    write_json(sweep.run(one.name).root / "run.json", {**vars(one), "point": dict(one.point)})
    write_json(old.done, {})  # of two folders that which is done
    assert planned_runs(sweep).runs[1].name == old.name
    assert planned_runs(sweep).runs[1].hash == one.hash
