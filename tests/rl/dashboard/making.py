"""A run folder as training leaves it at some moment, without any training."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import yaml

CONFIG: dict[str, Any] = {
    "model": "base-model",
    "reward": {"terms": {"correctness": {}, "step_count": {"weight": 0.1}}},
    "grpo": {"max_steps": 40, "max_completion_length": 360},
}


def row(step: int, **more: float | None) -> dict[str, Any]:
    """A logged step: verification steps fall from 4, tokens from 100, two seconds a step."""
    return {
        "step": step,
        "reward": 0.5 + step / 100,
        "facts/correct": 0.8,
        "facts/tokens": 100.0 - step,
        "facts/count/VERIFY": 4 - step / 10,
        "facts/count/SUBSTITUTE": 2.0,
        "facts/count/META": 0.0,
        "facts/tokens/VERIFY": 40.0 - step,
        "facts/audit_verification": 4 - step / 10,
        "facts/unfamiliar": 0.02,
        "weight/correctness": 1.0,
        "weight/step_count": 0.1,
        "completions/clipped_ratio": 0.0,
        "signal/equal_rewards": 0.25,
        "step_time": 2.0,
        **more,
    }


def rollout(correct: bool, tokens: int, text: str = "2 + 3 = 5.") -> dict[str, Any]:
    """A kept rollout of one verification step."""
    kind = "Verification / Sanity Check"
    return {
        "step": 1,
        "problem_id": "p-1",
        "question": "What is 2 + 3?",
        "reference": "5",
        "answer": "5",
        "correct": correct,
        "tokens": tokens,
        "steps": [{"text": text, "type": kind, "confidence": 0.987, "tokens": tokens}],
        "rewards": {"correctness": 1.0, "step_count": None},
        "total": 1.0,
        "advantage": 0.5,
    }


def make_run(
    root: Path, steps: int = 0, rollouts: list[dict[str, Any]] | None = None, **config: Any
) -> Path:
    """Write a run folder with so many logged steps."""
    root.mkdir(parents=True)
    (root / "config.yaml").write_text(yaml.safe_dump({**CONFIG, **config}))
    if steps:
        lines = [json.dumps(row(step)) + "\n" for step in range(1, steps + 1)]
        (root / "metrics.jsonl").write_text("".join(lines))
    if rollouts:
        (root / "rollouts").mkdir()
        text = "".join(json.dumps(one) + "\n" for one in rollouts)
        (root / "rollouts" / "step-000001.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    return root


def finish(root: Path, **result: Any) -> None:
    """Write what came out."""
    content = {"steps": 40, "stopped_early": None, "no_signal": None, **result}
    (root / "result.json").write_text(json.dumps(content))
