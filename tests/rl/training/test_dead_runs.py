"""Runs that never have a gradient: what they say, how they exit, what they leave behind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from launch.cli import main
from tests.world import GRPO, World


@dataclass(frozen=True)
class DeadRun:
    """What the policy writes, how the run is configured, what must be said."""

    completion: str
    ended: bool
    changes: dict[str, Any]
    cause: str
    said: str


CORRECTNESS = {"reward": {"terms": {"correctness": {}}}}
DEAD = {
    "cut off": DeadRun(
        "So it is", False, CORRECTNESS, "cut_off", "raise grpo.max_completion_length"
    ),
    "wrong delimiters": DeadRun(
        "So it is seven.\n</think>\n\nSeven.",
        True,
        CORRECTNESS | {"delimiters": {"open": "<reason>", "close": "</reason>"}},
        "no_thinking",
        "name the policy's own in delimiters.open and delimiters.close",
    ),
    "references that nothing matches": DeadRun(
        "So it is 70.\n</think>\n\nThe answer is \\boxed{70}.",
        True,
        CORRECTNESS,
        "unmatched",
        "look at the references of the problems",
    ),
    "equal rewards": DeadRun(
        "So it is.\n</think>\n\nThe answer is \\boxed{3}.",
        True,
        {"reward": {"terms": {"format": {}}, "allow_charge_above_correctness": True}},
        "equal_rewards",
        "",
    ),
}


@pytest.mark.parametrize("case", DEAD)
def test_a_dead_run_says_why_exits_with_3_and_leaves_no_policy(
    case: str,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dead, run = DEAD[case], tmp_path / "run"

    def write(trainer: Any, prompt_ids: list[list[int]], *_: Any) -> list[list[int]]:
        tokenizer = trainer.processing_class
        ids = tokenizer.encode(dead.completion, add_special_tokens=False)
        return [ids + [tokenizer.eos_token_id] * dead.ended for _ in prompt_ids]

    monkeypatch.setattr("rl.training.trainer.sample_rollouts", write)
    config = world.config("unused", grpo=GRPO | {"max_steps": 3}) | dead.changes
    del config["output"]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert main(["train", "--config", str(tmp_path / "config.yaml"), "--output", str(run)]) == 3
    out, error = capsys.readouterr()
    assert "Trained policy" not in out
    assert "WARNING: no gradient in the first" in error
    final = error.strip().splitlines()[-1]
    assert final.startswith("suffice: No signal: in all 3 batches") and dead.said in final
    assert not (run / "policy").exists() and (run / "checkpoints").is_dir()
    result = json.loads((run / "result.json").read_text())
    assert result["policy_path"] is None and result["no_signal"] in final
    assert result["signal"]["batches"] == result["signal"]["batches_without_spread"] == 3
    assert dead.cause in [cause["name"] for cause in result["signal"]["causes"]]
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["signal/equal_rewards"] for row in rows] == [1.0, 1.0, 1.0]
    assert [row["grad_norm"] for row in rows] == [0.0, 0.0, 0.0]
    assert all(0 < row["timing/tagging_share"] < row["timing/reward_share"] < 1 for row in rows)
    assert main(["train", "--resume", str(run)]) == 2
    assert "is complete and has no policy. No signal" in capsys.readouterr().err
