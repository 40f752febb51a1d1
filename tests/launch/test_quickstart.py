"""The quick start on a tiny random model: what it leaves, and going on after an interruption."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from launch.cli import main
from launch.quickstart import plan, stage_seconds
from tests.world import World


@pytest.fixture
def config(world: World, tmp_path: Path) -> Path:
    train = world.config("unused")
    del train["output"]
    train["grpo"] |= {"max_steps": 2}
    problems = tmp_path / "others.jsonl"
    lines = [{"question": f"{a} + 9 = ?", "answer": a + 9} for a in (1, 2)]
    problems.write_text("".join(json.dumps(line) + "\n" for line in lines))
    compare = {
        "problems": {"source": str(world.problems), "size": 3},
        "calibration": {"source": str(problems), "size": 2, "samples": 1},
        "samples": 2,
        "max_new_tokens": 24,
        "rules": {"token_budget": {"limit": [4, 8]}},
    }
    file = tmp_path / "quickstart.yaml"
    file.write_text(yaml.safe_dump({"train": train, "compare": compare}))
    return file


def policy_hash(root: Path) -> str:
    return hashlib.sha256((root / "train/policy/model.safetensors").read_bytes()).hexdigest()


def numbers(root: Path) -> dict[str, Any]:
    """Arms of the results without what the clock decides."""
    arms = json.loads((root / "compare/results.json").read_text())["arms"]
    return {
        name: {key: arm[key] for key in ("accuracy", "tokens", "verification_steps")}
        for name, arm in arms.items()
    }


def test_it_leaves_policy_results_and_report_and_goes_on_after_an_interruption(
    config: Path,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    argv = ["quickstart", "--config", str(config), "--seed", "1"]
    assert main([*argv, "--output", str(whole)]) == 0
    said = capsys.readouterr()
    assert str(whole / "compare" / "report.html") in said.out + said.err
    assert (whole / "compare/report.html").stat().st_size > 10_000
    assert set(numbers(whole)) >= {"base", "trained", "trained_monitored", "oracle"}
    assert set(stage_seconds(whole)) == {"train", "compare"}
    written = yaml.safe_load((whole / "quickstart.yaml").read_text())
    assert (written["train"]["seed"], written["compare"]["seed"]) == (1, 1)
    assert written["compare"]["policies"]["base"] == str(world.model)
    assert written["compare"]["policies"]["trained"] == str(whole / "train" / "policy")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("rl.comparison.run.run_comparison", interrupted)
        assert main([*argv, "--output", str(broken)]) == 130
    trained_at = (broken / "train/policy/model.safetensors").stat().st_mtime_ns
    assert main(["quickstart", "--resume", str(broken)]) == 0
    assert (broken / "train/policy/model.safetensors").stat().st_mtime_ns == trained_at
    assert policy_hash(broken) == policy_hash(whole)
    assert numbers(broken) == numbers(whole)


def test_a_refusal_of_the_training_leaves_no_folder(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "runs" / "new"
    argv = ["quickstart", "--config", str(config), "--output", str(output)]
    assert main([*argv, "train.grpo.num_generations=5"]) == 2
    assert not output.exists()
    assert "Traceback" not in capsys.readouterr().err


def test_seed_moves_training_and_sampling_but_not_the_test_problems(
    config: Path, tmp_path: Path
) -> None:
    one = plan(config, [], 1, tmp_path / "run")
    two = plan(config, ["compare.samples=3"], 2, tmp_path / "run")
    assert (one.train.seed, two.train.seed) == (1, 2)
    assert (one.train.problems.seed, two.train.problems.seed) == (1, 2)
    assert (one.compare.seed, two.compare.seed) == (1, 2)
    assert (one.compare.samples, two.compare.samples) == (2, 3)
    assert one.compare.problems == two.compare.problems
    assert one.compare.calibration == two.compare.calibration
