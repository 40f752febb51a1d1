"""The raw log: whole rows survive, torn ones are passed over, one writer at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.annotation.raw_log import RawLog, json_line, raw_log_of, read_log, write_labels
from tagger.errors import UserError


def test_it_lies_beside_the_labels() -> None:
    assert raw_log_of(Path("a/labels.jsonl")) == Path("a/labels.raw.jsonl")


def test_rows_are_on_disk_as_soon_as_they_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "x.raw.jsonl"
    with RawLog(path) as log:
        for number, row in enumerate([{"a": "é\u2028\n"}, {"a": "\ud800"}, {"a": 3}], start=1):
            log.append(row)
            assert len(read_log(path)) == number
    assert read_log(path) == [{"a": "é\u2028\n"}, {"a": "\ud800"}, {"a": 3}]


@pytest.mark.parametrize("cut", range(1, 14))
def test_a_torn_row_costs_no_other(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.raw.jsonl"
    whole, torn = json_line({"a": 1}), json_line({"b": "é" * 2})
    path.write_bytes(whole + torn[: min(cut, len(torn) - 2)])
    with RawLog(path) as log:
        log.append({"c": 3})
    assert read_log(path) == [{"a": 1}, {"c": 3}]
    assert path.read_bytes().startswith(whole + torn[: min(cut, len(torn) - 2)])


def test_two_runs_cannot_write_one_log(tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="file locks are those of POSIX")
    path = tmp_path / "x.raw.jsonl"
    with RawLog(path), pytest.raises(UserError, match="Another run is writing"):
        RawLog(path)
    RawLog(path).__exit__(None, None, None)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    write_labels(path, b"one\n")
    write_labels(path, b"two\n")
    assert path.read_bytes() == b"two\n"
    assert [p.name for p in tmp_path.iterdir()] == ["labels.jsonl"]
    with pytest.raises(UserError, match="cannot be written .* --resume"):
        write_labels(tmp_path / "none" / "labels.jsonl", b"")


def test_a_log_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        RawLog(tmp_path / "none" / "x.jsonl")
    with pytest.raises(UserError, match="cannot be read"):
        read_log(tmp_path / "none.jsonl")
    assert json.loads(json_line({"a": "é"}).decode()) == {"a": "é"}
