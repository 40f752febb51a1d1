"""What is said of a sweep's runs before the first of them begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from rl.sweep.check import check_sweep
from rl.sweep.settings.config import load_sweep
from rl.sweep.settings.space import number_of_points, read_space
from tagger.errors import UserError
from tests.rl.sweep.making import make_sweep, values


def test_terms_that_teach_nothing_and_spare_trials_are_warned_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Notes of runs that share a plan, too; each once, with the run that it is of."""
    laser = {"correctness": {"weight": 1.0}, "laser": {"weight": 0.5}}
    arms = {
        "control": {"reward.terms": {"correctness": {"weight": 1.0}}, "vary": {}},
        "step_count": {},
        "laser": {"reward.terms": laser, "vary": {}},
    }
    problems = {"source": "overthinker", "size": 6, "split": "test"}
    calibration = {**problems, "split": "calibration"}
    compare = {"problems": problems, "calibration": calibration, "samples": 2, "rules": {}}
    train = values()["train"] | {"problems": {**problems, "split": "train", "size": 9, "seed": 1}}
    check_sweep(
        make_sweep(train=train, arms=arms, method="random", trials=3, seeds=[0, 1], compare=compare)
    )
    said = capsys.readouterr().err
    assert said.count("In the run 'laser': The reward term 'laser' pays all correct") == 1
    assert said.count("The reward term 'laser'") == 1
    assert "trials is 3, and what varies of the arm 'step_count' has 2 combinations" in said


def test_ranges_of_real_numbers_have_no_number_of_points() -> None:
    space = read_space({"a": {"log": [0.01, 0.1]}, "b": [1, 2]})
    assert number_of_points(space) is None
    assert number_of_points(read_space({"a": {"integer": [1, 4]}, "b": [1, 2]})) == 8


def test_no_arms_are_refused_with_a_base_too(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("train: {model: overthinker}\narms: {a: {}}\n")
    file = tmp_path / "sweep.yaml"
    file.write_text("base: run.yaml\narms: {}\ncompare: {samples: 2}\n")
    with pytest.raises(UserError, match="arms is empty; name at least one"):
        load_sweep(file)
