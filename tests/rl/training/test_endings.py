"""How a run ends otherwise: a fall of accuracy, a signal, a NaN, a kill while saving."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

import rl.training.run
import rl.training.trainer
from rl.training.config import config_from_dict
from rl.training.run import TrainResult, run_training
from rl.training.run_folder import RunFolder
from rl.training.trainer import StepGRPOTrainer
from tagger.errors import Interrupted, UserError
from tests.end_to_end.interruptions import signal_in_step
from tests.rl.training.logged import lines_without_timings
from tests.world import GRPO, World


def weights_of(folder: str | Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return dict(load_file(Path(folder) / "model.safetensors"))


def same(first: str | Path, second: str | Path) -> bool:
    one, other = weights_of(first), weights_of(second)
    return all(torch.equal(one[name], other[name]) for name in one)


def accuracies(monkeypatch: pytest.MonkeyPatch, shares: list[float]) -> None:
    """Have the batch of each step show these shares of correct rollouts."""
    from rl.training.callbacks import AccuracyFloor

    left = iter(shares)

    def see(self: Any, table: Any, groups: Any, columns: Any) -> None:
        self.see_groups([next(left)] * 40)

    monkeypatch.setattr(AccuracyFloor, "see", see)


@pytest.mark.parametrize("lora", [None, {"r": 4, "target_modules": ["q_proj", "v_proj"]}])
def test_a_fall_leaves_the_best_policy_and_the_last_one_apart(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lora: dict[str, Any] | None,
) -> None:
    accuracies(monkeypatch, [0.5, 0.9, 0.8, 0.0])
    run = RunFolder(tmp_path / "run")
    changes: dict[str, Any] = {
        "accuracy_floor": {"floor": 0.4, "window": 1},
        "grpo": GRPO | {"max_steps": 9, "save_total_limit": 1},
        "lora": lora,
    }
    result = run_training(config_from_dict(world.config(run.root, **changes)))
    assert (result.steps, result.policy_step) == (4, 2)
    assert result.stopped_early is not None and "floor 40.0%" in result.stopped_early
    assert "Training stopped: accuracy fell below its floor" in capsys.readouterr().out
    # The best checkpoint outlived the limit of one, next to the last.
    assert sorted(p.name for p in run.checkpoints.glob("checkpoint-*")) == [
        "checkpoint-2",
        "checkpoint-4",
    ]
    assert result.last_policy_path == str(run.last_policy)
    assert not same(run.policy, run.last_policy) and not same(run.policy, world.model)
    if lora is None:
        assert same(run.policy, run.checkpoint(2))
        assert not any((run.policy / name).exists() for name in ("optimizer.pt", "scheduler.pt"))
        assert not list(run.policy.glob("*state*"))
    else:
        assert (run.adapter / "adapter_model.safetensors").read_bytes() == (
            run.checkpoint(2) / "adapter_model.safetensors"
        ).read_bytes()
        assert (run.last_adapter / "adapter_config.json").is_file()
    assert "those of step 2" in (run.policy / "README.md").read_text()
    assert "the best ones lie in `policy/`" in (run.last_policy / "README.md").read_text()
    written = json.loads(run.result.read_text())
    assert written["policy_step"] == 2 and written["last_policy_path"] == str(run.last_policy)
    from rl.policy.load import load_policy

    assert load_policy(str(run.policy)).delimiters.close == "</think>"


def test_a_fall_before_the_first_checkpoint_leaves_the_base(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accuracies(monkeypatch, [0.9, 0.9, 0.0])
    changes = {"accuracy_floor": {"floor": 0.4}, "grpo": GRPO | {"save_steps": 4}}
    result = run_training(config_from_dict(world.config(tmp_path / "run", **changes)))
    assert (result.steps, result.policy_step) == (3, 0)
    assert result.policy_path is not None and same(result.policy_path, world.model)


def test_a_fall_between_two_evaluations_is_evaluated_and_logged(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = tmp_path / "eval.jsonl"
    problems.write_text('{"question": "11 + 7 = ?", "answer": 18}\n')
    accuracies(monkeypatch, [0.9, 0.9, 0.0])
    changes = {
        "accuracy_floor": {"floor": 0.4},
        "grpo": GRPO | {"max_steps": 9, "save_steps": 2, "logging_steps": 2},
        "eval_problems": {"source": str(problems)},
        "eval_every": 2,
        "eval_samples": 1,
    }
    result = run_training(config_from_dict(world.config(tmp_path / "run", **changes)))
    assert result.steps == 3 and [one["step"] for one in result.evaluations] == [0, 2, 3]
    rows = [json.loads(line) for line in Path(result.metrics_path).read_text().splitlines()]
    assert [row["step"] for row in rows] == [2, 3]
    assert rows[1]["eval/tokens"] == result.evaluations[-1]["tokens"]


@pytest.mark.parametrize("falls", [False, True])
def test_a_kill_between_the_last_step_and_the_result_costs_no_step(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, falls: bool
) -> None:
    """The fourth step is in mid-epoch, and there are no more shares than four."""
    accuracies(monkeypatch, [0.9, 0.9, 0.9, 0.0])
    run = RunFolder(tmp_path / "run")
    changes = {"accuracy_floor": {"floor": 0.4 if falls else 0.0, "window": 1}}
    grpo = GRPO | {"max_steps": 9 if falls else 4}
    with monkeypatch.context() as patch:
        patch.setattr(rl.training.run, "save_policies", killed)
        with pytest.raises(KeyboardInterrupt):
            run_training(config_from_dict(world.config(run.root, grpo=grpo, **changes)))
    assert run.last_checkpoint() == run.checkpoint(4)
    logged = run.metrics.read_text()
    result = run_training(None, resume=run.root)
    assert (result.steps, result.stopped_early is not None) == (4, falls)
    assert run.metrics.read_text() == logged
    assert same(run.last_policy if falls else run.policy, run.checkpoint(4))


def killed(*_: Any) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def whole(world: World, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """A run that was never interrupted."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    return run_training(config_from_dict(world.config(folder)))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_writes_a_checkpoint_from_which_the_run_goes_on_exactly(
    world: World, whole: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    config = world.config(tmp_path / "run", grpo=GRPO | {"save_steps": 4})
    with monkeypatch.context() as patch:
        original = StepGRPOTrainer._calculate_rewards

        def signalled(self: Any, *args: Any) -> torch.Tensor:
            if self.state.global_step == 1:
                os.kill(os.getpid(), number)
            return original(self, *args)

        patch.setattr(StepGRPOTrainer, "_calculate_rewards", signalled)
        with pytest.raises(Interrupted) as stopped:
            run_training(config_from_dict(config))
    assert stopped.value.number == number
    run = RunFolder(tmp_path / "run")
    assert run.last_checkpoint() == run.checkpoint(2)
    assert not run.policy.exists() and not run.result.exists()
    resumed = run_training(None, resume=run.root)
    assert resumed.policy_path is not None and whole.policy_path is not None
    assert same(resumed.policy_path, whole.policy_path)
    steps = [json.loads(line)["step"] for line in run.metrics.read_text().splitlines()]
    assert steps == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_signal_between_two_logged_steps_leaves_the_metrics_of_a_run_without(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grpo = GRPO | {"max_steps": 5, "logging_steps": 3, "save_steps": 3}
    whole = run_training(config_from_dict(world.config(tmp_path / "whole", grpo=grpo)))
    run = RunFolder(tmp_path / "run")
    with monkeypatch.context() as patch:
        scored = StepGRPOTrainer._calculate_rewards  # put back at the end of the block
        patch.setattr(StepGRPOTrainer, "_calculate_rewards", scored)
        signal_in_step(signal.SIGTERM, step=2, rank=0)
        with pytest.raises(Interrupted):
            run_training(config_from_dict(world.config(run.root, grpo=grpo)))
    assert run.last_checkpoint() == run.checkpoint(2)
    assert not run.metrics.exists()
    run_training(None, resume=run.root)
    logged = lines_without_timings(run.metrics)
    assert logged == lines_without_timings(Path(whole.metrics_path))
    assert [json.loads(line)["step"] for line in logged] == [3, 5]


def test_a_nan_loss_stops_with_the_last_checkpoint_whole(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = StepGRPOTrainer.compute_loss

    def breaking(self: Any, *args: Any, **kwargs: Any) -> Any:
        loss = original(self, *args, **kwargs)
        return loss * float("nan") if self.state.global_step == 2 else loss

    monkeypatch.setattr(StepGRPOTrainer, "compute_loss", breaking)
    run = RunFolder(tmp_path / "run")
    words = r"diverged at step 3: the gradient's norm is nan; the last checkpoint, \S+-2, is whole"
    with pytest.raises(UserError, match=words):
        run_training(config_from_dict(world.config(run.root)))
    assert run.last_checkpoint() == run.checkpoint(2)
    assert all(bool(w.isfinite().all()) for w in weights_of(run.checkpoint(2)).values())


def test_weights_that_are_not_finite_are_never_saved(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = StepGRPOTrainer._save_checkpoint

    def breaking(self: Any, model: Any, trial: Any) -> None:
        if self.state.global_step == 2:
            next(self.model.parameters()).data[0] = float("nan")
        original(self, model, trial)

    monkeypatch.setattr(StepGRPOTrainer, "_save_checkpoint", breaking)
    run = RunFolder(tmp_path / "run")
    with pytest.raises(UserError, match="its weights are not finite; the last checkpoint, .*-1"):
        run_training(config_from_dict(world.config(run.root)))
    assert not run.checkpoint(2).exists()


def test_logits_that_are_not_finite_name_the_step(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rl.sampling import sampler

    class Breaking(sampler.DecodingBatch):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.logits = self.logits * float("nan")

    monkeypatch.setattr(sampler, "DecodingBatch", Breaking)
    with pytest.raises(UserError, match="diverged at step 1: The policy '.*model' gave logits"):
        run_training(config_from_dict(world.config(tmp_path / "run")))


@pytest.mark.slow
def test_a_kill_at_the_worst_moment_of_saving_leaves_a_whole_checkpoint(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a limit of one: all files of the second checkpoint are written, its mark is not."""
    original = rl.training.trainer.write_atomically
    marks: list[Path] = []

    def write(path: Path, text: str) -> None:
        marks.append(path)
        if len(marks) == 2:
            raise KeyboardInterrupt
        original(path, text)

    config = world.config(tmp_path / "run", grpo=GRPO | {"save_total_limit": 1})
    run = RunFolder(tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr(rl.training.trainer, "write_atomically", write)
        with pytest.raises(KeyboardInterrupt):
            run_training(config_from_dict(config))
    assert (run.checkpoint(2) / "optimizer.pt").is_file()
    assert run.last_checkpoint() == run.checkpoint(1)
    assert run_training(None, resume=run.root).steps == 4
    assert [p.name for p in run.checkpoints.glob("checkpoint-*")] == ["checkpoint-4"]
