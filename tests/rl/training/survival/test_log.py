"""The log holds what was printed, line by line with the time, and what ended the run."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path

import pytest

from rl.training.survival.log import Log, logged

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d "


def lines(path: Path) -> list[str]:
    found = path.read_text().splitlines()
    assert all(re.match(TIME, line) for line in found)
    return [re.sub(TIME, "", line, count=1) for line in found]


def test_logged_keeps_both_streams_the_libraries_and_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, before = tmp_path / "logs" / "process-0.log", (sys.stdout, sys.stderr)
    library = logging.getLogger("trl")
    handlers = list(library.handlers)
    with pytest.raises(ValueError, match="wrong"), logged(path, "begun"):
        print("one", end=" ")
        print("line", file=sys.stderr)
        library.warning("of a library")
        print("\x1b[2K a bar", file=sys.stderr)
        print("cut", end="")
        raise ValueError("wrong")
    assert (sys.stdout, sys.stderr) == before and library.handlers == handlers
    found = lines(path)
    assert found[:3] == ["begun", "one line", "of a library"]
    assert found[3:5] == ["cut", "Traceback (most recent call last):"]
    assert found[-1] == "ValueError: wrong"
    said = capsys.readouterr()
    assert said.out == "one cut" and "line\n" in said.err and "a bar" in said.err


def test_logged_adds_to_what_is_there(tmp_path: Path) -> None:
    for first in ("begun", "resumed"):
        with logged(tmp_path / "a.log", first):
            pass
    assert lines(tmp_path / "a.log") == ["begun", "resumed"]


def test_a_disk_that_refuses_the_log_stops_nothing() -> None:
    log = Log(Path("/dev/full")) if Path("/dev/full").exists() else pytest.skip("no /dev/full")
    log.write("one\n")
    log.close()
