"""What a run left behind, to be held against another."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from rl.training.run_folder import RunFolder

TIMINGS = ("step_time", "timing/", "memory/")


@dataclass(frozen=True)
class Outcome:
    """Weights by name, metrics of every step, states of the reward, evaluations, rollouts."""

    weights: dict[str, np.ndarray]
    metrics: list[dict[str, Any]]
    states: dict[str, Any]
    evaluations: list[Any]
    rollouts: dict[str, list[dict[str, Any]]]


def outcome_of(root: Path) -> Outcome:
    """Read a run that is complete."""
    run = RunFolder(root)
    rows = [json.loads(line) for line in run.metrics.read_text().splitlines()]
    last = run.last_checkpoint()
    states = json.loads((last / "suffice_state.json").read_text()) if last else {}
    states.pop("made_of", None)  # holds the name of the folder
    rollouts = {
        file.name: [json.loads(row) for row in gzip.decompress(file.read_bytes()).splitlines()]
        for file in sorted(run.rollouts.glob("*.gz"))
    }
    return Outcome(
        weights=load_file(run.policy / "model.safetensors"),
        metrics=[{k: v for k, v in row.items() if not k.startswith(TIMINGS)} for row in rows],
        states=states,
        evaluations=json.loads(run.result.read_text())["evaluations"],
        rollouts=rollouts,
    )


def farthest(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    """Largest absolute difference of two policies' weights; one may hold a tied head twice."""
    assert one.keys() ^ other.keys() <= {"lm_head.weight"}, one.keys() ^ other.keys()
    both = one.keys() & other.keys()
    return max(float(np.abs(one[k].astype(float) - other[k]).max()) for k in both)


def difference(whole: Outcome, other: Outcome) -> str:
    """What of a run is not as in another, in words; ``nothing`` where all bits are equal."""
    found = []
    if any(whole.weights[k].tobytes() != other.weights[k].tobytes() for k in whole.weights):
        found.append(f"weights by {farthest(whole.weights, other.weights):.1e}")
    for name in ("metrics", "states", "evaluations", "rollouts"):
        one, two = (json.dumps(getattr(o, name), sort_keys=True) for o in (whole, other))
        if one != two:
            found.append(name)
    return ", ".join(found) or "nothing"
