"""Reading JSONL: every format, and every way a file can be wrong, with its line."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest

from tagger.data import read_labelled, read_rows, read_traces, steps_from_texts
from tagger.errors import UserError

GOOD = {"id": "t1", "question": "q", "steps": ["a", "b"], "labels": {"1": "VERIFY"}, "model": "m"}


def file_of(folder: Path, *lines: object) -> Path:
    path = folder / "rows.jsonl"
    text = "\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def test_plain_gzipped_and_standard_input_read_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '{"a": 1}\n\n{"a": "é"}\n'
    plain, zipped = tmp_path / "rows.jsonl", tmp_path / "rows"
    plain.write_text(text, encoding="utf-8")
    zipped.write_bytes(gzip.compress(text.encode()))
    expected = [{"a": 1}, {"a": "é"}]
    assert [row for _, row in read_rows(plain)] == expected
    assert [row for _, row in read_rows(zipped)] == expected
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    rows = list(read_rows("-"))
    assert [row for _, row in rows] == expected
    assert [where for where, _ in rows] == ["standard input, line 1", "standard input, line 3"]


def test_a_labelled_row(tmp_path: Path) -> None:
    (trace,) = read_labelled(file_of(tmp_path, GOOD))
    assert (trace.id, trace.question, trace.steps) == ("t1", "q", ("a", "b"))
    assert trace.labels == {1: "Verification / Sanity Check"}
    assert trace.about == {"model": "m"}


def test_labels_may_be_full_names(tmp_path: Path) -> None:
    row = GOOD | {"labels": {"0": "Definition Recall"}}
    (trace,) = read_labelled(file_of(tmp_path, row))
    assert trace.labels == {0: "Definition Recall"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"id": ', "line 2: not valid JSON"),
        ("[1]", "line 2: a list, not an object"),
        (GOOD | {"steps": "a"}, 'line 2: "steps" must be a list of strings'),
        (GOOD | {"steps": [1]}, 'line 2: "steps" must be a list of strings'),
        (GOOD | {"labels": ["VERIFY"]}, 'line 2: "labels" must be an object'),
        (GOOD | {"labels": {"2": "VERIFY"}}, "line 2: label index '2' names none of the 2 steps"),
        (GOOD | {"labels": {"x": "VERIFY"}}, "line 2: label index 'x'"),
        (GOOD | {"labels": {"0": "VERIFI"}}, "line 2: Unknown .*did you mean 'VERIFY'"),
        (GOOD | {"question": 3}, 'line 2: "question" must be a string, not int'),
    ],
)
def test_bad_labelled_rows_name_their_line(tmp_path: Path, line: object, says: str) -> None:
    with pytest.raises(UserError, match=f"rows.jsonl, {says}"):
        list(read_labelled(file_of(tmp_path, GOOD, line)))


@pytest.mark.parametrize(
    ("row", "thinking"),
    [
        ({"thinking": "a </think> b"}, "a </think> b"),
        ({"completion": "<think>a</think>b"}, "a"),
        ({"text": "a\n</think>\nb"}, "a\n"),
        ({"text": "no delimiters"}, "no delimiters"),
        ({"completion": "[THINK]a[/THINK]b"}, "a"),
        ({"steps": ["a", "b"]}, "a\n\nb"),
    ],
)
def test_traces_of_every_format(tmp_path: Path, row: dict[str, object], thinking: str) -> None:
    (trace,) = read_traces(file_of(tmp_path, row))
    assert (trace.id, trace.question, trace.thinking) == ("1", "", thinking)
    assert (trace.steps is not None) == ("steps" in row)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"answer": "b"}, 'line 1: has none of "thinking", "completion", "text" and "steps"'),
        ({"thinking": None}, 'line 1: "thinking" must be a string, not NoneType'),
        ({"steps": None}, 'line 1: "steps" must be'),
    ],
)
def test_bad_traces_name_their_line(tmp_path: Path, row: dict[str, object], says: str) -> None:
    with pytest.raises(UserError, match=says):
        list(read_traces(file_of(tmp_path, row)))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.jsonl cannot be opened \(No such file"):
        list(read_rows(tmp_path / "none.jsonl"))
    with pytest.raises(UserError, match="cannot be opened"):
        list(read_rows(tmp_path))
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes('{"a": "é"}\n'.encode("latin-1"))
    with pytest.raises(UserError, match="after line 0: cannot be read as UTF-8"):
        list(read_rows(latin))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(b'{"a": 1}\n' * 1000)[:-12])
    with pytest.raises(UserError, match="cannot be read as UTF-8 text"):
        list(read_rows(cut))


def test_steps_from_texts_have_their_spans() -> None:
    thinking, steps = steps_from_texts(["ab", "", "数c"])
    assert thinking == "ab\n\n\n\n数c"
    assert [thinking[s.start : s.end] for s in steps] == ["ab", "", "数c"]
