"""What the system did to a run is said in one sentence; everything else passes as it is."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest

from rl import run_files
from rl.training.run_folder import RunFolder
from rl.training.survival.failures import diverged, explained
from tagger.errors import Interrupted, UserError
from tagger.files import write_atomically


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "run")
    for step in (3, 6):
        run.checkpoint(step).mkdir(parents=True)
    (run.checkpoint(3) / run_files.STATE).write_text("{}")
    return run


FULL = OSError(errno.ENOSPC, "No space left on device")
IN_RUST = RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")


@pytest.mark.parametrize("error", [FULL, OSError(errno.EDQUOT, "Disk quota exceeded"), IN_RUST])
def test_full_disk_is_told_with_what_is_whole_and_the_half_checkpoint_goes(
    run: RunFolder, error: Exception
) -> None:
    words = (
        rf"The disk of {run.root} is full; the last checkpoint, \S+checkpoint-3, is whole\. "
        rf"Free some room, then: suffice train --resume {run.root}$"
    )
    with pytest.raises(UserError, match=words), explained(run, 1, main=True):
        raise error
    assert [p.name for p in run.checkpoints.iterdir()] == ["checkpoint-3"]


def test_full_disk_behind_a_sentence_of_ours_is_told_too(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise FULL

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UserError, match="The disk of"), explained(run, 2, main=False):
        write_atomically(run.root / "state.json", "{}")
    assert run.checkpoint(6).is_dir()  # only the main process deletes


@pytest.mark.parametrize(("free", "told"), [(1_000_000, True), (10**10, False)])
def test_torchs_writer_means_a_full_disk_only_where_there_is_no_room(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, free: int, told: bool
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    error = RuntimeError("PytorchStreamWriter failed writing file data/3: file write failed")
    with pytest.raises(UserError if told else RuntimeError), explained(run, 1, main=False):
        raise error


GLOO = RuntimeError("[gloo/transport/tcp/pair.cc:547] Connection closed by peer [127.0.0.1]:9135")


def test_a_lost_process_is_told_with_the_command_for_all(run: RunFolder) -> None:
    words = (
        r"Another process .* has ended .*checkpoint-3, is whole\. .* start all 2 again with: suf"
    )
    with pytest.raises(UserError, match=words), explained(run, 2, main=False):
        raise GLOO
    with pytest.raises(RuntimeError), explained(run, 1, main=True):
        raise GLOO  # one process alone has no peer


@pytest.mark.parametrize(
    "error", [ValueError("gloo"), RuntimeError("shapes"), UserError("no"), OSError(2, "none")]
)
def test_other_errors_pass(run: RunFolder, error: Exception) -> None:
    with pytest.raises(type(error)) as caught, explained(run, 2, main=True):
        raise error
    assert caught.value is error and run.checkpoint(6).is_dir()


def test_a_process_that_its_launcher_stops_for_the_lost_one_tells_of_that(run: RunFolder) -> None:
    with pytest.raises(UserError, match="Another process"), explained(run, 2, main=True):
        try:
            raise GLOO
        finally:
            raise Interrupted


def test_an_interruption_passes(run: RunFolder) -> None:
    with pytest.raises(Interrupted), explained(run, 2, main=True):
        raise Interrupted


def test_diverged_says_what_is_left(run: RunFolder, tmp_path: Path) -> None:
    kept = str(diverged(7, "the loss is nan", run.checkpoints))
    assert kept.startswith("Training diverged at step 7: the loss is nan; the last checkpoint, ")
    assert "checkpoint-3, is whole and was written before. Begin" in kept
    assert "; no checkpoint had been written. Begin" in str(diverged(1, "x", tmp_path / "none"))
