"""The quick start on a tiny random model: what it leaves, and going on after an interruption."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from launch.cli import main
from launch.quickstart import begin, plan, resume, stage_seconds
from launch.side_by_side import Training, run_trainings
from rl.training.run import run_training
from tagger.errors import UserError
from tests.world import World


@pytest.fixture
def config(world: World, tmp_path: Path) -> Path:
    train = world.config("unused")
    del train["output"]
    train["grpo"] |= {"max_steps": 2, "max_completion_length": 48, "num_generations": 8}
    train["grpo"]["per_device_train_batch_size"] = 8
    # A random model is never correct, so the control learns the format.
    train["reward"]["terms"]["format"] = {"require_end": False}
    problems = tmp_path / "others.jsonl"
    lines = [{"question": f"{a} + 9 = ?", "answer": a + 9} for a in (1, 2)]
    problems.write_text("".join(json.dumps(line) + "\n" for line in lines))
    compare = {
        "problems": {"source": str(world.problems), "size": 3},
        "calibration": {"source": str(problems), "size": 2, "samples": 1},
        "samples": 2,
        "max_new_tokens": 24,
        "rules": {"token_budget": {"limit": [4, 8]}},
        "oracle": False,
    }
    file = tmp_path / "quickstart.yaml"
    file.write_text(yaml.safe_dump({"train": train, "compare": compare}))
    return file


def test_it_leaves_policies_results_and_report_after_an_interruption(
    config: Path,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = tmp_path / "run"

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def one_process(trainings: list[Training], *rest: Any) -> None:
        """Importing everything once more costs more than all else here: one such process does."""
        *here, elsewhere = trainings
        for training in here:
            run_training(training.config)
        run_trainings([elsewhere], *rest)

    with monkeypatch.context() as patch:
        patch.setattr("launch.quickstart.run_trainings", one_process)
        patch.setattr("rl.comparison.run.run_comparison", interrupted)
        patch.setattr("launch.commands.quickstart.command_line", lambda: "suffice first")
        argv = ["quickstart", "--config", str(config), "--seed", "1", "--output", str(root)]
        assert main(argv) == 130
    assert f"suffice quickstart --resume {root}" in capsys.readouterr().err
    policies = [root / name / "policy/model.safetensors" for name in ("control", "train")]
    before = [(file.stat().st_mtime_ns, file.read_bytes()) for file in policies]
    assert main(["quickstart", "--resume", str(root)]) == 0
    assert [(file.stat().st_mtime_ns, file.read_bytes()) for file in policies] == before
    said = capsys.readouterr()
    assert str(root / "compare" / "report.html") in said.out + said.err
    assert (root / "compare/report.html").stat().st_size > 10_000
    arms = {"base", "control", "trained"}
    arms |= {f"{name}_monitored_token_budget_8" for name in ("control", "trained")}
    results = json.loads((root / "compare/results.json").read_text())
    arms |= {"monitored", "control_monitored", "trained_monitored"}
    assert set(results["arms"]) >= arms
    assert results["provenance"]["command"] == "suffice first"
    assert results["prices"] == {"control": 0.0, "trained": None}  # charged by the token
    assert set(stage_seconds(root)) == {"train", "compare"}
    written = yaml.safe_load((root / "quickstart.yaml").read_text())
    assert (written["train"]["seed"], written["compare"]["seed"]) == (1, 1)
    assert written["compare"]["policies"]["base"] == str(world.model)
    assert written["compare"]["policies"]["trained"] == str(root / "train" / "policy")
    control, trained = (
        yaml.safe_load((root / name / "config.yaml").read_text()) for name in ("control", "train")
    )
    assert control["reward"]["terms"].pop("short")["weight"] == 0.0
    assert trained["reward"]["terms"].pop("short")["weight"] == 0.05
    assert (control.pop("output"), trained.pop("output")) != ("", "")
    assert control == trained


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


def test_full_trains_the_length_twin_and_several_seeds_and_keeps_that_when_resumed(
    config: Path, tmp_path: Path
) -> None:
    content = yaml.safe_load(config.read_text())
    rules = {"step_budget": {"limit": [1]}}
    content["full"] = {"seeds": 2, "compare": {"rules": rules, "grid_policies": ["base"]}}
    config.write_text(yaml.safe_dump(content))
    short = plan(config, [], None, tmp_path / "short")
    assert [one.name for one in short.trainings] == ["control", "trained"]
    assert (short.compare.pooled, list(short.compare.rules)) == ({}, ["token_budget"])
    full = plan(config, ["full.compare.samples=1"], None, tmp_path / "full", full=True)
    assert full.compare.heads == ["base", "control", "length_twin", "trained"]
    assert (full.compare.rules, full.compare.with_grid) == (rules, ["base"])
    assert (full.compare.samples, len(full.compare.policies)) == (1, 7)
    begin(full)
    again = resume(full.root)
    assert (again.compare, again.trainings) == (full.compare, full.trainings)


def test_words_for_full_without_it_are_refused(config: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="full.seeds=2 has an effect with --full alone"):
        plan(config, ["full.seeds=2"], None, tmp_path / "run")
