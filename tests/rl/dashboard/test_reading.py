"""What is read of a run folder while somebody else writes it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.dashboard.find import find_runs
from rl.dashboard.samples import NewestRollouts, choose
from rl.dashboard.tail import MetricsTail
from rl.dashboard.watch import WatchedRun
from rl.training.run_folder import RunFolder
from rl.training.run_lock import is_worked_on, working_on
from tagger.errors import UserError
from tests.rl.dashboard.making import finish, make_run, rollout, row


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 400), max_size=8))
def test_tail_reads_every_line_once_however_the_file_grows(
    cuts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("run") / "metrics.jsonl"
    content = "".join(f'{{"step": {i}, "reward": NaN, "kl": 0.5}}\n' for i in range(10)).encode()
    tail, written = MetricsTail(path), 0
    assert tail.read() == []
    for cut in [*sorted(cuts), len(content)]:
        with path.open("ab") as stream:
            stream.write(content[written:cut])
        written = max(written, min(cut, len(content)))
        assert [r["step"] for r in tail.read()] == list(range(content[:written].count(b"\n")))
    assert tail.damaged == 0


def test_tail_begins_again_with_a_file_that_was_replaced(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps(row(step)) + "\n" for step in (1, 2, 3)))
    tail = MetricsTail(path)
    assert len(tail.read()) == 3
    draft = tmp_path / "draft"  # as a resumed run does, from its checkpoint
    draft.write_text(json.dumps(row(1)) + "\n" + json.dumps(row(2, reward=9.0)) + "\n" + "x" * 999)
    draft.replace(path)
    assert [r["reward"] for r in tail.read()] == [0.51, 9.0]


def test_tail_counts_lines_that_are_no_steps(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\nno JSON\n[1]\n{"loss": 2}\n\n{"step": 2}\n{"st')
    tail = MetricsTail(path)
    assert [r["step"] for r in tail.read()] == [1, 2]
    assert tail.damaged == 3


def test_choose_takes_longest_and_shortest_of_each() -> None:
    rollouts = [rollout(True, 9), rollout(False, 5), rollout(True, 3), rollout(True, 6)]
    assert [(r["correct"], r["tokens"]) for r in choose(rollouts)] == [
        (True, 9), (True, 3), (False, 5),
    ]  # fmt: skip


def test_newest_rollouts_of_a_damaged_file_are_none(tmp_path: Path) -> None:
    assert NewestRollouts(tmp_path / "rollouts").read() == []
    root = make_run(tmp_path / "run", rollouts=[rollout(True, 9)])
    newest = NewestRollouts(root / "rollouts")
    assert [r["tokens"] for r in newest.read()] == [9]
    (root / "rollouts" / "step-000002.jsonl.gz").write_bytes(b"\x1f\x8bno")
    assert newest.read() == []


def test_watched_run_from_an_empty_folder_to_its_end(tmp_path: Path) -> None:
    root = tmp_path / "run"
    root.mkdir()
    watched = WatchedRun(root)
    assert watched.look().status.kind == "starting"
    root.rmdir()
    make_run(root)
    assert (watched.look().status.kind, watched.look().planned) == ("starting", 40)
    (root / "metrics.jsonl").write_text("".join(json.dumps(row(s)) + "\n" for s in (1, 2, 3)))
    seen = watched.look()
    assert (seen.status.kind, seen.step, seen.status.text) == (
        "training", 3, "Training, step 3 of 40.",
    )  # fmt: skip
    assert (seen.seconds_a_step, seen.seconds_left) == (2.0, 74.0)
    finish(root)
    seen = watched.look()
    assert (seen.status.text, seen.seconds_left) == ("Complete after 40 steps.", None)


def test_watched_run_knows_whether_a_process_works_on_it(tmp_path: Path) -> None:
    root = make_run(tmp_path / "run", steps=5)
    whole = root / "checkpoints" / "checkpoint-4"
    whole.mkdir(parents=True)
    (whole / "suffice_state.json").write_text("{}")
    watched, long_ago = WatchedRun(root), time.time() - 9000
    assert is_worked_on(root) is None
    with working_on(RunFolder(root)):
        for place in (root, *root.iterdir()):
            os.utime(place, (long_ago, long_ago))
        assert is_worked_on(root) is True
        assert watched.look().status.kind == "training"  # one long step
    assert is_worked_on(root) is False
    status = watched.look().status
    assert (status.kind, status.ended) == ("interrupted", True)
    assert status.text == (
        "It ended after step 5, before it was complete, and no process works on it; the last "
        f"whole checkpoint is that of step 4, 1 step before. Resume with suffice train --resume "
        f"{root}"
    )


def test_watched_run_of_which_only_its_files_tell(tmp_path: Path) -> None:
    root = make_run(tmp_path / "run", steps=5)
    assert WatchedRun(root).look().status.kind == "training"
    long_ago = time.time() - 9000
    for place in (root, *root.iterdir()):
        os.utime(place, (long_ago, long_ago))
    text = WatchedRun(root).look().status.text
    assert text.startswith("Nothing was written for 2 h 30 min, so it probably ended after step 5")
    assert text.endswith("there is no checkpoint, so begin it again.")


def test_a_second_process_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rl.training.run_lock._WAIT", 0.0)
    run = RunFolder(make_run(tmp_path / "run"))
    with (
        working_on(run),
        pytest.raises(UserError, match="Another process trains in"),
        working_on(run),
    ):
        pass
    with working_on(run):
        pass


def test_find_runs_of_a_run_a_sweep_and_neither(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none does not exist; name the folder of a training run"):
        find_runs(tmp_path / "none")
    one = make_run(tmp_path / "one")
    assert find_runs(one) == [one]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert find_runs(empty) == [empty]
    sweep = tmp_path / "sweep"
    runs = [make_run(sweep / "references" / "control" / "training")]
    runs += [make_run(sweep / "runs" / name / "training") for name in ("a", "b")]
    assert find_runs(sweep) == runs
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.yaml").write_text("policies: {}\n")
    with pytest.raises(UserError, match="is no training run and holds none"):
        find_runs(other)
