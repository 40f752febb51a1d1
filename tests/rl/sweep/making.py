"""A sweep small enough for tests, and a stand-in for training and sampling that takes no time."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

from rl.evaluation.samples import write_samples
from rl.sweep.execution.tasks import find_run
from rl.sweep.folder import TaskFolder, open_sweep
from rl.sweep.planned import planned_runs
from rl.sweep.settings.config import sweep_config
from rl.sweep.settings.keys import SweepConfig
from tagger.errors import UserError
from tagger.files import write_json
from tests.rl.synthetic import make_sample

WEIGHT = "reward.terms.step_count.weight"
STEPS = 3
FAILS = 0.4
"""A weight at which the stand-in fails."""


def values(**changes: Any) -> dict[str, Any]:
    """A sweep of two arms: control, and a weight that is varied."""
    return {
        "train": {
            "model": "overthinker",
            "reward": {
                "terms": {
                    "correctness": {"weight": 1.0},
                    "step_count": {"weight": 0.1, "types": {"VERIFY": {"weight": 1.0, "cap": 2}}},
                }
            },
            "grpo": {"max_steps": STEPS, "max_completion_length": 64},
        },
        "compare": {"problems": {"source": "overthinker", "size": 6}, "samples": 2},
        "vary": {WEIGHT: [0.03, 0.1]},
        "arms": {
            "control": {"reward.terms": {"correctness": {"weight": 1.0}}, "vary": {}},
            "step_count": {},
        },
    } | changes


def make_sweep(**changes: Any) -> SweepConfig:
    """`values` as settings."""
    return sweep_config(values(**changes))


_left = -1


def kill_at(moment: int) -> None:
    """Have this process be killed when the stand-in has come to its `moment`-th moment."""
    global _left
    _left = moment


def _moment() -> None:
    global _left
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def stand_in(root: Path, key: str) -> None:
    """Do a task without a model: the higher the weight, the fewer the tokens."""
    sweep, folder = open_sweep(root), TaskFolder(root / key)
    kind, _, name = key.partition("/")
    share, seed = 1.0, 0
    if kind == "runs":
        run = find_run(planned_runs(sweep).runs, name)
        weight = run.point.get(WEIGHT, 0.0)
        if weight == FAILS:
            raise UserError("no rollout had a reward.")
        share, seed = 1 - weight, run.seed
    _moment()
    metrics = folder.training / "metrics.jsonl"
    folder.training.mkdir(parents=True, exist_ok=True)
    for _ in range(STEPS - (metrics.read_text().count("\n") if metrics.is_file() else 0)):
        with metrics.open("a") as file:
            file.write(json.dumps({"step": 1, "facts/tokens": 100 * share}) + "\n")
        _moment()
    found = {}
    for split, count in (("test", 6), ("calibration", 3)):
        rows = [
            make_sample("base" if kind == "references" else "trained", i, seed + j, None)
            for i in range(count)
            for j in range(2)
        ]
        rows = [replace(r, sample=k % 2, tokens=int(r.tokens * share)) for k, r in enumerate(rows)]
        file = folder.root / "samples" / split / "policy.jsonl.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_samples(file, rows)
        _moment()
        found[split] = {
            "accuracy": sum(r.correct for r in rows) / len(rows),
            "tokens": sum(r.tokens for r in rows) / len(rows),
        }
    write_json(folder.done, {**found, "steps": STEPS, "policy_step": STEPS, "stopped_early": None})
    _moment()
