"""The control that a floor is measured against, read from its run folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rewards.weights.control.accuracy_floor import AccuracyFloor
from rewards.weights.control.control_run import accuracy_at, read_control, with_control_curves
from tagger.errors import UserError


def control_run(folder: Path, evaluations: list[tuple[int, float]], correct: list[float]) -> str:
    folder.mkdir()
    found = [{"step": s, "accuracy": a, "tokens": 9, "completions": 100} for s, a in evaluations]
    (folder / "result.json").write_text(json.dumps({"evaluations": found}))
    rows = [{"step": i + 1, "facts/correct": c} for i, c in enumerate(correct)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(folder)


EVALUATIONS = [(0, 0.80), (25, 0.92), (50, 0.88), (75, 0.91), (100, 0.93)]


def test_control_is_its_evaluations_with_a_settled_end(tmp_path: Path) -> None:
    run = control_run(tmp_path / "run", EVALUATIONS, [])
    # From step 67 on the mean of 0.91 and 0.93; nothing before lies above that.
    assert read_control(run, evaluated=True) == [
        [0, 0.80], [25, 0.92], [50, 0.88], [75, pytest.approx(0.92)],
    ]  # fmt: skip


@pytest.mark.parametrize("weight", [0.1, {"schedule": "linear", "end": 0.1}])
def test_a_run_that_charges_is_no_control(tmp_path: Path, weight: Any) -> None:
    run = control_run(tmp_path / "run", EVALUATIONS, [])
    terms = {"correctness": {}, "format": {"weight": 0.2}, "fewer": {"weight": 0}}
    config = tmp_path / "run" / "config.yaml"
    config.write_text(json.dumps({"reward": {"terms": terms}}))
    assert read_control(run, evaluated=True)
    terms["fewer"] = {"kind": "step_count", "weight": weight}
    config.write_text(json.dumps({"reward": {"terms": terms}}))
    with pytest.raises(UserError, match="reward has the term 'fewer', so its accuracy is not"):
        read_control(run, evaluated=True)


def test_a_control_of_chosen_rollouts_needs_evaluations(tmp_path: Path) -> None:
    run = control_run(tmp_path / "run", EVALUATIONS, [0.5] * 20)
    reward = {"terms": {"correctness": {}}, "dynamic_sampling": {"max_draws": 3}}
    (tmp_path / "run" / "config.yaml").write_text(json.dumps({"reward": reward}))
    assert read_control(run, evaluated=True)
    with pytest.raises(UserError, match="was trained with reward.dynamic_sampling"):
        read_control(run, evaluated=False)


def test_control_by_rollouts_is_the_mean_of_ten_steps_each(tmp_path: Path) -> None:
    run = control_run(tmp_path / "run", [], [0.5] * 10 + [0.7] * 10 + [0.9] * 10)
    found = [number for point in read_control(run, evaluated=False) for number in point]
    assert found == pytest.approx([4.5, 0.5, 14.5, 0.7, 24.5, 0.9])


@pytest.mark.parametrize("every", [1, 5])
def test_control_by_rollouts_has_its_accuracy_at_the_step_of_the_policy(
    tmp_path: Path, every: int
) -> None:
    """Rollouts are drawn by the policy after the steps done before; theirs is 0.2 + step / 200."""
    run = control_run(tmp_path / "run", [], [])
    rows = [
        {"step": s, "facts/correct": 0.2 + sum(range(s - every, s)) / every / 200}
        for s in range(every, 101, every)
    ]
    Path(run, "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    curve = read_control(run, evaluated=False)
    assert accuracy_at(curve, 30) == pytest.approx(0.35)


def test_control_that_began_without_a_correct_answer_is_a_floor(tmp_path: Path) -> None:
    run = control_run(tmp_path / "run", [(0, 0.0), (10, 0.4), (20, 0.6)], [])
    params = AccuracyFloor(control=read_control(run, evaluated=True), points=1)
    assert [params.floor_at(s) for s in (0, 10, 20)] == pytest.approx([-0.01, 0.39, 0.59])


def test_control_between_its_steps_runs_straight() -> None:
    curve = [[10, 0.8], [20, 0.9]]
    assert [accuracy_at(curve, s) for s in (0, 10, 15, 20, 99)] == pytest.approx(
        [0.8, 0.8, 0.85, 0.9, 0.9]
    )


def test_control_curves_take_the_place_of_the_folder(tmp_path: Path) -> None:
    run = control_run(tmp_path / "run", EVALUATIONS, [0.5] * 10)
    weight = {"schedule": "accuracy_floor", "control": run, "points": 1}
    terms: dict[str, Any] = {"correctness": None, "step_count": {"weight": weight, "unit": "steps"}}
    found = with_control_curves(terms, evaluates=True)["step_count"]
    assert found["weight"]["control"][0] == [0, 0.80] and found["unit"] == "steps"
    assert with_control_curves({"a": found}, True) == {"a": found}
    rollouts = with_control_curves(terms, evaluates=False)["step_count"]["weight"]["control"]
    assert rollouts == [[4.5, 0.5]]
    assert terms["step_count"]["weight"]["control"] == run


@pytest.mark.parametrize(
    ("evaluated", "words"),
    [(True, "was not evaluated during training"), (False, "has logged no accuracy")],
)
def test_control_without_accuracies_is_refused(tmp_path: Path, evaluated: bool, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_control(control_run(tmp_path / "run", [], []), evaluated)


def test_control_that_is_no_complete_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match="there is no .*result.json: name the folder of a completed"
    ):
        read_control(str(tmp_path / "none"), True)
    (tmp_path / "result.json").write_text("[]")
    with pytest.raises(UserError, match="is no result of a training run"):
        read_control(str(tmp_path), True)
    (tmp_path / "metrics.jsonl").write_text("no JSON\n")
    with pytest.raises(
        UserError, match="holds no logged steps .*; name the folder of a complete run"
    ):
        read_control(str(tmp_path), False)
