"""Trainings in processes of their own: killed and resumed, alone and in two gloo processes.

A run that was killed and resumed ends as the one that was not: same metrics, same weights. Two
processes do what one does: the whole chain, unstubbed; sampling (or written rollouts in its place),
TRL's sharding, facts, one gather, advantages, update. One file, for one process imports everything
for all of them.
"""

from __future__ import annotations

import gzip
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.programs import run_module

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trainings")
    done = run_module("trainings", folder, timeout=1000)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "resume" / "report.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def runs(folder: Path) -> Path:
    runs = folder / "ranks"
    said = {file.name: file.read_text()[-3000:] for file in sorted(runs.glob("*.[01]"))}
    ended = json.loads((runs / "report.json").read_text())
    # The process that loses its peer may end by that error before it is killed, too.
    assert sorted(ended.pop("killed")) in (
        [-signal.SIGKILL, status] for status in (-signal.SIGKILL, 1)
    ), said
    assert ended == {"shared": [0, 0], "rest": [0, 0], "written": [0]}, said
    return runs


def test_the_same_seed_gives_the_same_bits(report: dict[str, Any]) -> None:
    assert report["again"] == report["first"]
    assert [row["step"] for row in report["first"]["metrics"]] == [1, 2, 3, 4, 5, 6]


def test_another_seed_gives_other_bits(report: dict[str, Any]) -> None:
    assert report["other_seed"]["weights"] != report["first"]["weights"]
    assert report["other_seed"]["metrics"] != report["first"]["metrics"]


@pytest.mark.parametrize(
    "killed", ["before_first_checkpoint", "first_epoch", "second_epoch", "in_the_save"]
)
def test_killed_and_resumed_equals_never_killed(report: dict[str, Any], killed: str) -> None:
    assert report[killed]["metrics"] == report["first"]["metrics"]
    assert report[killed]["weights"] == report["first"]["weights"]


def test_lora_resumes_exactly_too(report: dict[str, Any]) -> None:
    assert report["lora_killed"] == report["lora"]
    assert report["lora"]["weights"] != report["first"]["weights"]


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


def metrics(run: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    own = ("step_time", "timing/", "memory/")  # of the machine, not of the run
    return [{k: v for k, v in row.items() if not k.startswith(own)} for row in rows]


def test_two_processes_share_a_folder_stop_together_and_resume(runs: Path) -> None:
    assert not (runs / "shared-1").exists()
    run = runs / "shared-0"
    assert json.loads((run / "result.json").read_text())["steps"] == 4
    assert [row["step"] for row in metrics(run)] == [1, 2, 3, 4]
    said = "".join((runs / f"shared.{rank}").read_text() for rank in (0, 1))
    assert said.count("step 1/4") == said.count("step 3/4") == 1  # only one process prints


def test_two_processes_give_the_advantages_of_one(runs: Path) -> None:
    worst = 0.0
    for step in (1, 2, 3):
        name = f"rollouts/step-{step:06d}.jsonl.gz"
        one, two = rows_of(runs / "written-1" / name), rows_of(runs / "written-2" / name)
        assert len(one) == len(two) == 12
        assert len({round(row["advantage"], 4) for row in one}) >= 8
        for first in range(0, 12, 4):  # the second group is in both processes
            assert abs(sum(row["advantage"] for row in one[first : first + 4])) < 1e-5
        for a, b in zip(one, two, strict=True):
            numbers = {key: (a.pop(key), b.pop(key)) for key in ("advantage", "total")}
            assert a == b  # problem, group, sample, text, steps, facts, terms
            for ours, theirs in numbers.values():
                worst = max(worst, abs(ours - theirs))
    print(f"advantages and rewards of 36 rollouts: largest difference {worst:.1e}")
    assert worst <= 1e-6


def test_two_processes_log_the_metrics_of_one(runs: Path) -> None:
    one, two = (
        [{k: v for k, v in row.items() if k.startswith(("facts", "rew", "adv"))} for row in rows]
        for rows in (metrics(runs / "written-1"), metrics(runs / "written-2"))
    )
    assert len(one) == 3 and len(one[0]) > 20
    for ours, theirs in zip(one, two, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("run", ["killed", "whole", "unevaluated", "written-2"])
def test_both_processes_end_with_the_same_weights(runs: Path, run: str) -> None:
    first, second = (runs / f"{run}-rank{rank}.txt" for rank in (0, 1))
    assert first.read_text() == second.read_text()


def test_killed_and_resumed_on_two_processes_equals_never_killed(runs: Path) -> None:
    assert metrics(runs / "killed") == metrics(runs / "whole")
    assert max(row["dynamic_sampling/draws"] for row in metrics(runs / "whole")) > 1
    assert max(row["dynamic_sampling/discarded_tokens"] for row in metrics(runs / "whole")) > 0
    for name in ("policy", "policy-best"):
        killed, whole = (runs / run / name / "model.safetensors" for run in ("killed", "whole"))
        assert killed.is_file() == whole.is_file()
        if whole.is_file():
            assert killed.read_bytes() == whole.read_bytes()
    results = [json.loads((runs / run / "result.json").read_text()) for run in ("killed", "whole")]
    assert results[0]["evaluations"] == results[1]["evaluations"]
    assert [e["completions"] for e in results[1]["evaluations"]] == [6, 6, 6, 6]


def test_evaluating_does_not_change_the_training(runs: Path) -> None:
    rows = [
        {k: v for k, v in row.items() if not k.startswith("eval/")}
        for row in metrics(runs / "whole")
    ]
    assert rows == metrics(runs / "unevaluated")
    assert (runs / "whole-rank0.txt").read_text() == (runs / "unevaluated-rank0.txt").read_text()


def test_an_update_of_two_processes_is_that_of_one(runs: Path) -> None:
    from safetensors.torch import load_file

    one, two = (load_file(runs / f"written-{n}" / "policy" / "model.safetensors") for n in (1, 2))
    base = load_file(runs.parent / "world" / "model" / "model.safetensors")
    change = max(float((one[k] - base[k]).abs().max()) for k in one)
    parted = max(float((one[k] - two[k]).abs().max()) for k in one)
    print(f"weights after three updates: largest difference {parted:.1e}, change {change:.1e}")
    assert change > 1e-3
    assert parted < 1e-4
