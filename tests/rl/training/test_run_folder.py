"""Checkpoints: which is whole, which may be deleted."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from rl import run_files
from rl.training.run_folder import (
    RunFolder,
    check_disk,
    checkpoint_state,
    rotate_checkpoints,
    whole_checkpoints,
)
from tagger.errors import UserError


def checkpoints(folder: Path, whole: list[int], broken: tuple[int, ...] = ()) -> None:
    for step in [*whole, *broken]:
        (folder / f"checkpoint-{step}").mkdir(parents=True)
        (folder / f"checkpoint-{step}" / "model.safetensors").touch()
        if step in whole:
            (folder / f"checkpoint-{step}" / run_files.STATE).write_text("{}")


def left(folder: Path) -> list[int]:
    return sorted(int(p.name.split("-")[1]) for p in folder.iterdir())


@pytest.mark.parametrize(
    ("limit", "keep", "stay"),
    [
        (1, (), [100]),
        (2, (), [20, 100]),
        (1, (3,), [3, 100]),
        (2, (100,), [20, 100]),
        (9, (), [3, 20, 100]),
        (None, (), [3, 20, 100]),
        (0, (), [3, 20, 100]),
    ],
)
def test_rotation_deletes_the_oldest_but_those_to_keep(
    tmp_path: Path, limit: int | None, keep: tuple[int, ...], stay: list[int]
) -> None:
    checkpoints(tmp_path, [3, 20, 100])
    rotate_checkpoints(tmp_path, limit, keep)
    assert left(tmp_path) == stay


def test_rotation_counts_no_checkpoint_that_is_not_whole(tmp_path: Path) -> None:
    checkpoints(tmp_path, [1], broken=(2,))
    rotate_checkpoints(tmp_path, 1)
    assert list(whole_checkpoints(tmp_path)) == [1]


def test_a_kill_in_mid_deletion_leaves_none_that_looks_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints(tmp_path / "checkpoints", [1, 2])

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            rotate_checkpoints(tmp_path / "checkpoints", 1)
    run = RunFolder(tmp_path)
    assert run.last_checkpoint() == run.checkpoint(2)
    run.drop_broken_checkpoints()
    assert left(run.checkpoints) == [2]


def test_check_disk_takes_a_runs_own_checkpoints_for_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gigabyte = 10**9  # 2 for policies, 3 for a checkpoint, 0.1 to spare
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=3.2 * gigabyte))
    with pytest.raises(UserError, match=r"3\.2 GB free, 5\.1 GB needed"):
        check_disk(tmp_path, gigabyte, 1)
    file = tmp_path / "checkpoints" / "checkpoint-3" / "model.safetensors"
    file.parent.mkdir(parents=True)
    with file.open("wb") as stream:
        stream.truncate(2 * gigabyte)  # takes no disk: it is all holes
    check_disk(tmp_path, gigabyte, 1)


def test_checkpoint_state_that_is_damaged_is_named_with_the_remedy(tmp_path: Path) -> None:
    checkpoints(tmp_path, [3])
    folder = tmp_path / "checkpoint-3"
    file = folder / run_files.STATE
    file.write_text('{"reward": {')
    said = f"^{file} is not valid JSON.*; delete the folder {folder}, and .* resumes"
    with pytest.raises(UserError, match=said):
        checkpoint_state(folder)
