"""Two gloo processes: advantages of one process, one run folder, one decision to stop, a resume."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.world import World, make_world

ROOT = Path(__file__).resolve().parents[2]
ADVANTAGES = "tests.end_to_end.advantages_of_one_process"
TRAINING = "tests.end_to_end.train_in_processes"


def _launch(module: str, processes: int, *words: object) -> str:
    """Run a module in so many processes; return what it wrote to standard error."""
    launcher = [sys.executable, "-m"]
    if processes > 1:
        launcher += ["torch.distributed.run", "--standalone", f"--nproc_per_node={processes}", "-m"]
    done = subprocess.run(
        [*launcher, module, *map(str, words)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def _run(world: Path, output: Path, processes: int) -> list[dict[str, Any]]:
    output.mkdir()
    _launch(ADVANTAGES, processes, world, output, 12 // processes)
    return [json.loads((output / f"rank{r}.json").read_text()) for r in range(processes)]


@pytest.mark.slow
def test_groups_may_straddle_processes(tmp_path: Path) -> None:
    world = tmp_path / "world"
    world.mkdir()
    make_world(world)
    (one,) = _run(world, tmp_path / "one", 1)
    two = _run(world, tmp_path / "two", 2)
    assert two[0]["rows"] == [0, 1, 2, 3, 4, 5]  # group 1 is rows 4 to 7
    joined = two[0]["advantages"] + two[1]["advantages"]
    assert max(abs(a - b) for a, b in zip(joined, one["advantages"], strict=True)) <= 1e-6
    assert len({round(a, 4) for a in joined}) >= 8  # the rollouts do differ
    for start in (0, 4, 8):
        assert abs(sum(joined[start : start + 4])) < 1e-5
    for report in two:
        assert report["metrics"] == pytest.approx(one["metrics"], abs=1e-6, nan_ok=True)


@pytest.mark.slow
def test_two_processes_share_a_folder_stop_together_and_resume(
    world: World, tmp_path: Path
) -> None:
    said = _launch(TRAINING, 2, world.root, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["run-0"]  # not run-1
    run = tmp_path / "run-0"
    assert json.loads((run / "result.json").read_text())["steps"] == 4
    steps = [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3, 4]
    assert said.count("step 1/4") == said.count("step 3/4") == 1  # only one process prints
