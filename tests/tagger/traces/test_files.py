"""Files, folders and streams: what they hold, in which order, and what is wrong with them."""

from __future__ import annotations

import gzip
import io
import json
import re
from pathlib import Path

import pytest

from tagger.errors import UserError
from tagger.traces.files import Tally, find_inputs, read_files
from tagger.traces.rows import Fields

ROWS = [{"thinking": "a"}, {"answer": "b"}, {"thinking": "c", "id": "third"}]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def thoughts(*paths: Path | str, kind: str = "auto") -> list[tuple[str, str]]:
    return [(t.id, t.thinking) for t in read_files([str(p) for p in paths], kind=kind)]


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data))))


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz", "rows.data", "rows"])
def test_rows_plain_or_gzipped_under_any_name(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    data = LINES.encode()
    file.write_bytes(gzip.compress(data, mtime=0) if name.endswith("gz") else data)
    tally = Tally()
    traces = list(read_files([str(file)], tally=tally))
    assert [(t.id, t.thinking) for t in traces] == [("1", "a"), ("third", "c")]
    assert (tally.rows, tally.skipped, tally.first_skipped) == (3, 1, f"{file}, line 2")
    assert tally.keys == ["answer"]
    assert tally.bytes_read == tally.bytes_total == file.stat().st_size


@pytest.mark.parametrize("zipped", [False, True])
def test_rows_and_text_from_standard_input(monkeypatch: pytest.MonkeyPatch, zipped: bool) -> None:
    for text, found in (
        ("\n \n" + LINES, [("3", "a"), ("third", "c")]),
        ("I think.\n\n{so}\n", [("standard input", "I think.\n\n{so}\n")]),
        ("", []),
        ("\n\n", []),
    ):
        data = text.encode()
        stdin(monkeypatch, gzip.compress(data, mtime=0) if zipped else data)
        assert thoughts("-") == found


def test_a_text_file_is_one_trace_split_at_its_delimiters(tmp_path: Path) -> None:
    file = tmp_path / "trace.txt"
    file.write_text("<think>\nOne.\n\nTwo.\n</think>\nThree.")
    assert thoughts(file) == [(str(file), "\nOne.\n\nTwo.\n")]


def test_the_kind_can_be_told(tmp_path: Path) -> None:
    file = tmp_path / "odd"
    file.write_text('{"thinking": "a"}')
    assert thoughts(file, kind="text") == [(str(file), '{"thinking": "a"}')]
    file.write_text("{x: 1} is a set.")
    assert thoughts(file) == [(str(file), "{x: 1} is a set.")]
    with pytest.raises(UserError, match="line 1: not valid JSON"):
        thoughts(file, kind="jsonl")


def test_a_folder_is_read_sorted_and_without_what_is_about_it(tmp_path: Path) -> None:
    for name in (
        "b.txt",
        "a/z.md",
        "a/y.jsonl",
        ".git/x.txt",
        "README.md",
        "x.py",
        "a/LICENSE.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(LINES if name.endswith("jsonl") else name)
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(LINES.encode()))
    found = find_inputs([str(tmp_path)])
    assert [str(Path(p).relative_to(tmp_path)) for p in found] == [
        "a/y.jsonl", "a/z.md", "b.txt", "c.jsonl.gz",
    ]  # fmt: skip
    ids = [name for name, _ in thoughts(*found)]
    base = str(tmp_path)
    assert ids == [f"{base}/a/y.jsonl:1", "third", *found[1:3], f"{base}/c.jsonl.gz:1", "third"]
    assert {t.dataset for t in read_files(found)} == {"y.jsonl", "c.jsonl.gz", ""}


def test_several_inputs_keep_their_order_and_come_once(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).write_text(name)
    b, a = str(tmp_path / "b.txt"), str(tmp_path / "a.txt")
    assert find_inputs([b, str(tmp_path), a]) == [b, a]
    assert find_inputs(["-"]) == ["-"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("none.jsonl", "cannot be opened .no such file or folder.; check the path"),
        ("empty", "holds no traces; it needs files .*jsonl"),
        ("table.arrow", "is a table; read it with --dataset"),
    ],
)
def test_inputs_that_cannot_be_read_are_told_at_once(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "README.md").write_text("about")
    (tmp_path / "table.arrow").write_bytes(b"ARROW1")
    with pytest.raises(UserError, match=says):
        find_inputs([str(tmp_path / name)])


@pytest.mark.parametrize("name", ["rows.jsonl", "trace.txt", "-"])
def test_bytes_that_are_not_utf8_are_told_with_line_and_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    first = "just a line here." if name == "trace.txt" else '{"thinking": "a"}'
    data = f'{first}\n{{"thinking": "café"}}\n'.encode("latin-1")
    stdin(monkeypatch, data)
    path = name if name == "-" else str(tmp_path / name)
    if name != "-":
        Path(path).write_bytes(data)
    shown = "standard input" if name == "-" else path
    with pytest.raises(UserError, match=re.escape(f"{shown}, line 2: byte 18 (0xe9) is not UTF-8")):
        thoughts(path)


def test_a_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    for name in ("rows.jsonl", "rows"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + LINES.encode())
        assert thoughts(tmp_path / name)[0] == ("1", "a")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (gzip.compress(LINES.encode() * 100, mtime=0)[:-20], "gzip data is cut short or damaged"),
        (b"\x1f\x8b\x08\x00nonsense", "gzip data is cut short or damaged"),
        (b'{"thinking": "a"}\n[1]\n', "line 2: a list, not an object"),
        (b'{"thinking": "a"}\n{"thinking\n', "line 2: not valid JSON"),
        (b"[" * 100_000, "line 1: not valid JSON"),
    ],
)
def test_damaged_files(tmp_path: Path, data: bytes, says: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(data)
    with pytest.raises(UserError, match=says):
        thoughts(file)


def test_reading_is_lazy(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(LINES + "broken\n")
    traces = read_files([str(file)], Fields())
    assert next(traces).thinking == "a", "the broken line comes later"
