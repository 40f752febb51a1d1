"""Files, folders and streams: what they hold, in which order, and what is wrong with them."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import re
import threading
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

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
        "a/packages.txt",
        "log.txt",
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


def test_a_folder_keeps_rows_in_files_named_as_the_notes_of_runs(tmp_path: Path) -> None:
    for name in ("log.jsonl", "packages-1.jsonl"):
        (tmp_path / name).write_text(LINES)
    assert [Path(p).name for p in find_inputs([str(tmp_path)])] == ["log.jsonl", "packages-1.jsonl"]


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
        ("table.tsv", "is a table that is not read; make JSON Lines or Parquet of it"),
        ("table.csv.gz", "is a table that is not read; make JSON Lines or Parquet of it"),
        ("table.arrow", "is a table; read it with --dataset"),
    ],
)
def test_inputs_that_cannot_be_read_are_told_at_once(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "README.md").write_text("about")
    for table in ("table.tsv", "table.csv.gz"):
        (tmp_path / table).write_text("a")
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
        (b'{"thinking": "a"}\n{"thinking": \n', r"line 2: not valid JSON \(Expecting value\);"),
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


def table(rows: list[dict[str, str]]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), out)
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    return bytes(pyarrow.Codec("zstd").compress(data, asbytes=True))


PRETTY = "\n".join(json.dumps(row, indent=2) for row in ROWS).encode()
KINDS = {
    "byte order mark": ("r.jsonl", b"\xef\xbb\xbf" + LINES.encode(), "1"),
    "bzip2": ("r.jsonl.bz2", bz2.compress(LINES.encode()), "1"),
    "xz": ("r", lzma.compress(LINES.encode()), "1"),
    "zstd": ("r.jsonl.zst", zstd(LINES.encode()), "1"),
    "array": ("r.json", json.dumps(ROWS).encode(), "1"),
    "array of another name": ("r", json.dumps(ROWS).encode(), "1"),
    "array over lines": ("r", b"\xef\xbb\xbf" + json.dumps(ROWS, indent=2).encode(), "1"),
    "array in JSON Lines": ("r.jsonl", json.dumps(ROWS).encode(), "1"),
    "objects over lines": ("r", PRETTY, "1"),
    "objects over lines in JSON Lines": ("r.jsonl", b"\n" + PRETTY, "2"),
    "zstd array": ("r.json.zst", zstd(json.dumps(ROWS).encode()), "1"),
    "table": ("r.parquet", table([{"id": "", "thinking": "", **r} for r in ROWS]), "1"),
    "table of another name": ("r", table([{"id": "", "thinking": "", **r} for r in ROWS]), "1"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_holds_the_same_traces(tmp_path: Path, kind: str) -> None:
    name, content, first = KINDS[kind]
    (tmp_path / name).write_bytes(content)
    assert find_inputs([str(tmp_path / name)]) == [str(tmp_path / name)]
    assert thoughts(tmp_path / name) == [(first, "a"), ("third", "c")]


@pytest.mark.parametrize("kind", ["bzip2", "xz", "zstd", "array", "objects over lines", "table"])
def test_every_kind_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    stdin(monkeypatch, KINDS[kind][1])
    assert [thinking for _, thinking in thoughts("-")] == ["a", "c"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[\n{"thinking": "a"},\n{"thinking": }]', "line 3: not valid JSON (Expecting value)"),
        ('[{"thinking": "a"}\n{"thinking": "b"}]', "line 2: not valid JSON (expecting ',' or ']')"),
        ('[{"thinking": "a"},\n 5]', "line 2, item 2: a int, not an object"),
        ('[{"thinking": "a"}', "line 1: not valid JSON (expecting ',' or ']')"),
        ('{\n"thinking": "a"\n}\nnonsense', "line 4: not valid JSON (Expecting value)"),
    ],
)
def test_damage_in_a_json_document_is_reported_by_line(
    tmp_path: Path, content: str, says: str
) -> None:
    file = tmp_path / "rows.json"
    file.write_text(content)
    with pytest.raises(UserError, match=re.escape(f"{file}, {says}")):
        thoughts(file)


@pytest.mark.parametrize("content", [LINES, json.dumps(ROWS), json.dumps(ROWS, indent=1)])
def test_rows_named_as_text_are_not_taken_for_prose(tmp_path: Path, content: str) -> None:
    file = tmp_path / "rows.txt"
    file.write_text(content)
    with pytest.raises(UserError, match="begins like JSON rows; say which it is by kind=jsonl"):
        thoughts(file)
    assert [thinking for _, thinking in thoughts(file, kind="jsonl")] == ["a", "c"]
    assert thoughts(file, kind="text") == [(str(file), content)]


def test_a_folder_is_read_whatever_its_files_are_packed_with(tmp_path: Path) -> None:
    for name, content, _ in KINDS.values():
        (tmp_path / name).write_bytes(content)
    for name in ("merges.txt", "vocab.txt", "requirements.txt", "config.json", "tokenizer.json"):
        (tmp_path / name).write_text("[] no traces")
    found = [Path(p).name for p in find_inputs([str(tmp_path)])]
    assert found == ["r.jsonl", "r.jsonl.bz2", "r.jsonl.zst", "r.parquet"]


def test_references_that_are_no_answers_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    solution = "We add what he bought to what he had before. " * 20
    rows = [{"thinking": "a", "answer": answer} for answer in ("#### 7", solution, solution)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    tally = Tally()
    assert [t.reference for t in read_files([str(file)], tally=tally)] == ["7", "", ""]
    assert tally.refused == 2
    assert tally.first_refused.startswith(f"{file}, line 2: is a text of 899 characters")


@pytest.mark.parametrize("data", [LINES.encode(), gzip.compress(LINES.encode(), mtime=0)])
def test_read_files_a_named_pipe_is_read_once_from_its_beginning(
    tmp_path: Path, data: bytes
) -> None:
    pipe, file = tmp_path / "pipe", tmp_path / "rows.jsonl"
    os.mkfifo(pipe)
    file.write_bytes(data)
    threading.Thread(target=pipe.write_bytes, args=(data,), daemon=True).start()
    tally = Tally()
    traces = list(read_files(find_inputs([str(pipe), str(file)]), tally=tally))
    assert [t.thinking for t in traces] == ["a", "c"] * 2
    assert tally.bytes_total == 0, "how much comes through a pipe is not known"
