"""Files and folders appear whole or not at all, and what was there stays until they do."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tagger.errors import UserError
from tagger.files import (
    new_file,
    new_folder,
    read_json,
    replacing,
    write_atomically,
    write_json,
    write_new,
    write_new_folder,
)


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*"))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the system was asked for, in order: flushed and renamed names."""
    seen: list[str] = []
    real_fsync, real_replace, real_rename = os.fsync, Path.replace, Path.rename

    def fsync(descriptor: int) -> None:
        seen.append(f"flush {Path(os.readlink(f'/proc/self/fd/{descriptor}')).suffix or 'folder'}")
        real_fsync(descriptor)

    def renaming(real: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def rename(self: Path, target: Path) -> Path:
            seen.append(f"rename to {Path(target).name}")
            return real(self, target)

        return rename

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", renaming(real_replace))
    monkeypatch.setattr(Path, "rename", renaming(real_rename))
    return seen


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, calls: list[str]) -> None:
    write_atomically(tmp_path / "a", b"one")
    assert calls == ["flush .tmp", "rename to a", "flush folder"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_folder_is_on_the_disk_before_it_has_its_name(tmp_path: Path, calls: list[str]) -> None:
    with new_folder(tmp_path / "made") as draft:
        (draft / "inner").mkdir()
        (draft / "inner" / "b.txt").write_text("b")
    assert calls == [
        "flush .txt",
        "flush folder",
        "flush .tmp",  # the draft itself
        "rename to made",
        "flush folder",
    ]
    assert names(tmp_path) == ["b.txt", "inner", "made"]


WRITERS: dict[str, Callable[[Path], None]] = {
    "write_atomically": lambda path: write_atomically(path, b"new" * 1000),
    "write_json": lambda path: write_json(path, {"a": 1}),
    "write_new": lambda path: write_new(path, "new"),
    "write_new_folder": lambda path: write_new_folder(path, {"a.txt": "new"}),
}


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("writer", sorted(WRITERS))
def test_a_full_disk_leaves_nothing_and_is_told(
    writer: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out"
    with monkeypatch.context() as patch:
        if step == "fsync":
            patch.setattr(os, "fsync", full)
        else:
            patch.setattr(Path, "replace", full)
            patch.setattr(Path, "rename", full)
        with pytest.raises(UserError, match="out cannot be written: No space left on device"):
            WRITERS[writer](path)
    assert names(tmp_path) == []
    WRITERS[writer](path)
    assert path.exists()


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_was_there_stays_when_the_disk_is_full(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json"
    write_json(path, {"step": 1})
    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), full)
    with pytest.raises(UserError, match="state.json cannot be written"):
        write_json(path, {"step": 2})
    assert read_json(path) == {"step": 1}
    assert names(tmp_path) == ["state.json"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_writer_that_fails_leaves_what_was_there(
    error: type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(error), replacing(path) as draft:
        draft.write_text("half")
        raise error
    assert (path.read_text(), names(tmp_path)) == ("old", ["a"])
    with pytest.raises(error), new_file(tmp_path / "b") as lines:
        lines.write("half")
        raise error
    with pytest.raises(error), new_folder(tmp_path / "c") as folder:
        (folder / "half").write_text("half")
        raise error
    assert names(tmp_path) == ["a"]


KILLED = """
import os, signal, sys
from pathlib import Path
from tagger.files import replacing
with replacing(Path(sys.argv[1])) as draft:
    draft.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_writer_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)])
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    write_atomically(path, "new")
    assert path.read_text() == "new"


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with replacing(path) as first, replacing(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert (path.read_text(), names(tmp_path)) == ("first", ["a"])


def test_a_new_file_is_never_written_over_another(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(UserError, match="never overwritten"), new_file(path) as lines:
        lines.write("mine")
        path.write_text("theirs")  # meanwhile
    assert (path.read_text(), names(tmp_path)) == ("theirs", ["a"])
    with pytest.raises(UserError, match="name a new folder"), new_folder(tmp_path):
        raise AssertionError


def test_a_file_can_be_read_by_others(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", "x")
    plain = tmp_path / "plain"
    plain.write_text("x")
    assert (tmp_path / "a").stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"step": ', "state.json is not valid JSON .* put it back"),
        (b"\xff{}", "state.json is not valid JSON"),
        (b"[1]", "state.json holds no JSON object"),
    ],
)
def test_a_damaged_json_file_is_named(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(content)
    with pytest.raises(UserError, match=said):
        read_json(tmp_path / "state.json")
    with pytest.raises(UserError, match=r"state\.json .*; buy another\.$"):
        read_json(tmp_path / "state.json", "buy another")


def test_read_json_tells_a_missing_file_where_a_remedy_is_known(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with pytest.raises(FileNotFoundError):
        read_json(file)
    with pytest.raises(
        UserError, match=r"cannot be read \(No such file or directory\); find it\.$"
    ):
        read_json(file, "find it")
    file.write_text('{"a": 1}')
    assert read_json(file, "find it", keys=("a",)) == {"a": 1}
    with pytest.raises(UserError, match=r"state\.json lacks 'b'; find it\.$"):
        read_json(file, "find it", keys=("a", "b"))
