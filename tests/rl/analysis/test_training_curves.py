"""Learning curves from a run folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rl.analysis.training_curves import CURVES, find_metrics, read_curves
from rl.training.config import config_from_dict
from rl.training.run import run_training
from tagger.errors import UserError
from tests.world import World


def test_curves_of_a_real_run(world: World, tmp_path: Path) -> None:
    config = world.config(tmp_path / "run")
    config["grpo"] = {**config["grpo"], "max_steps": 2, "logging_steps": 1}
    result = run_training(config_from_dict(config))
    found = find_metrics(result.policy_path, None)
    assert found == Path(result.metrics_path)
    curves = read_curves(found)
    assert [row["step"] for row in curves["steps"]] == [1, 2]
    logged = set(curves["steps"][0])
    assert {
        "accuracy",
        "tokens",
        "verification_steps",
        "reward",
        "keywords",
        "confidence",
    } <= logged
    assert logged <= {"step", *CURVES}
    assert curves["tagger_fingerprint"] == result.tagger_fingerprint
    assert curves["stopped_early"] is None
    assert "reward" in curves["config"]


def test_values_that_are_not_finite_become_null(tmp_path: Path) -> None:
    rows = [{"step": 1, "facts/correct": float("nan"), "reward": 0.1234567}, {"step": 2, "loss": 1}]
    file = tmp_path / "metrics.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    (tmp_path / "result.json").write_text('{"stopped_early": "too low"}', encoding="utf-8")
    curves = read_curves(file)
    assert curves["steps"] == [{"step": 1, "accuracy": None, "reward": 0.123457}, {"step": 2}]
    assert (curves["stopped_early"], curves["config"]) == ("too low", None)


def test_missing_and_malformed_files(tmp_path: Path) -> None:
    assert find_metrics(None, None) is None
    assert find_metrics(str(tmp_path), None) is None
    with pytest.raises(UserError, match=r"none\.jsonl do not exist"):
        find_metrics(None, str(tmp_path / "none.jsonl"))
    file = tmp_path / "metrics.jsonl"
    file.write_text('{"step": 1}\n{"stop": 2}\n', encoding="utf-8")
    assert find_metrics(str(tmp_path / "policy"), None) == file
    with pytest.raises(UserError, match="line 2: not a logged step"):
        read_curves(file)
    file.write_text('{"step": 1}\n', encoding="utf-8")
    (tmp_path / "result.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"result\.json is not valid JSON"):
        read_curves(file)
