"""Reading JSONL: every format, and every way a file can be wrong, with its line."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest

from tagger.errors import UserError
from tagger.steps import steps_from_texts
from tagger.taxonomies.files import load_taxonomy
from tagger.traces.labelled import read_labelled, read_rows, read_traces

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
        (
            '{"steps": ["a"], "labels": {"0": "VERIFY", "0": "CASE"}}',
            "line 2: the key '0' stands twice in one object; keep one of them",
        ),
        ('{"steps": ["a"], "labels": {}, "steps": []}', "line 2: the key 'steps' stands twice"),
        ({"thinking": "a"}, 'line 2: "steps", the list of the step texts, is missing; the row has'),
        (GOOD | {"steps": "a"}, 'line 2: "steps" must be a list of strings'),
        (GOOD | {"steps": [1]}, 'line 2: "steps" must be a list of strings'),
        (GOOD | {"labels": ["VERIFY"]}, 'line 2: "labels" must be an object'),
        (GOOD | {"labels": {"2": "VERIFY"}}, "line 2: label index '2' names none of the 2 steps"),
        (GOOD | {"labels": {"x": "VERIFY"}}, "line 2: label index 'x'"),
        (GOOD | {"labels": {"0": "VERIFI"}}, "line 2, step 0: Unknown .*did you mean 'VERIFY'"),
        (GOOD | {"question": 3}, 'line 2: "question" must be a string, not int'),
        (GOOD | {"labels": {"1": None}}, "line 2, step 1: the label must be a type as text, not N"),
        (GOOD | {"labels": {"1": "META", "01": "META"}}, 'line 2: "labels" names step 1 twice'),
        (GOOD | {"alternatives": {"9": "META"}}, "line 2: label index '9' names none of the 2"),
        (GOOD | {"alternatives": ["META"]}, 'line 2: "alternatives" must be an object'),
        (GOOD | {"second_pass": {"1": "METAA"}}, "line 2, step 1: Unknown .*did you mean 'META'"),
        (GOOD | {"steps": ["a", " \n"]}, "line 2: step 1 is empty or white space; drop it"),
        (GOOD | {"steps": ["", "b"]}, "line 2: step 0 is empty or white space; drop it"),
    ],
)
def test_bad_labelled_rows_name_their_line(tmp_path: Path, line: object, says: str) -> None:
    if isinstance(line, dict):
        line = line | {"id": "t2"}
    with pytest.raises(UserError, match=f"rows.jsonl, {says}"):
        list(read_labelled(file_of(tmp_path, GOOD, line)))


def test_alternatives_and_second_pass(tmp_path: Path) -> None:
    row = GOOD | {"alternatives": {"0": "META"}, "second_pass": {"1": "Definition Recall"}}
    (trace,) = read_labelled(file_of(tmp_path, row))
    assert trace.alternatives == {0: "Meta-Cognition / Self-Talk"}
    assert trace.second_pass == {1: "Definition Recall"}
    assert trace.about == {"model": "m"}


def test_an_id_may_stand_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"line 3: the id 't1' stands in line 1 already"):
        list(read_labelled(file_of(tmp_path, GOOD, GOOD | {"id": "t2"}, GOOD)))
    nameless = {k: v for k, v in GOOD.items() if k != "id"}
    traces = list(read_labelled(file_of(tmp_path, nameless, nameless | {"id": None})))
    assert [t.id.rpartition(", ")[2] for t in traces] == ["line 1", "line 2"]


def test_labels_of_another_taxonomy(tmp_path: Path) -> None:
    venhoff = GOOD | {"labels": {"1": "uncertainty-estimation"}}
    with pytest.raises(UserError, match=r"line 1, step 1: 'uncertainty-estimation' is a type of "
                       r"venhoff and venhoff-extended, not of reasontype; "
                       r"say so .* with --taxonomy venhoff, .* FILE:venhoff\."):  # fmt: skip
        list(read_labelled(file_of(tmp_path, venhoff)))
    (trace,) = read_labelled(file_of(tmp_path, venhoff), load_taxonomy("venhoff"))
    assert trace.labels == {1: "Uncertainty Estimation"}
    shared = GOOD | {"labels": {"0": "VERIFY", "1": "READ"}}  # VERIFY is a tag of both
    with pytest.raises(UserError, match=r"not of reasontype; .* with --taxonomy scho"):
        list(read_labelled(file_of(tmp_path, shared)))
    small = GOOD | {"labels": {"1": "verify"}}  # an alias of schoenfeld's
    with pytest.raises(UserError, match="Unknown step type of reasontype 'verify'; did you mean "
                       "'VERIFY'"):  # fmt: skip
        list(read_labelled(file_of(tmp_path, small)))
    says = r"of thought-anchors, not of reasontype like the labels before it; keep one taxonomy"
    with pytest.raises(UserError, match=f"line 2, step 1: .* {says}"):
        mixed = GOOD | {"id": "t2", "labels": {"1": "self_checking"}}
        list(read_labelled(file_of(tmp_path, GOOD, mixed)))


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
        ({"answer": "b"}, 'line 1: has no thinking in "steps", "thinking", .*; add one'),
        ({"thinking": None}, "line 1: has no thinking in"),
        ({"thinking": 5}, 'line 1: "thinking" must be a string, a list of strings .*, not int'),
        ({"steps": None}, "line 1: has no thinking in"),
        ({"steps": ["a", 5]}, 'line 1: "steps" must be'),
        ({"steps": ["a", "\t"]}, "line 1: step 1 is empty or white space"),
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
    with pytest.raises(UserError, match=r"line 1: byte 8 \(0xe9\) is not UTF-8; save"):
        list(read_rows(latin))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(b'{"a": 1}\n' * 1000)[:-12])
    with pytest.raises(UserError, match=r"after line \d+: the gzip data is cut short or damaged"):
        list(read_rows(cut))
    cut.write_bytes(b"\x1f\x8bnonsense")
    with pytest.raises(UserError, match="the gzip data is cut short or damaged"):
        list(read_rows(cut))


def test_text_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b'{"a": 1}\r\n{"a": "\\ud83d\\ude00"}\r\n')
    assert [row for _, row in read_rows(path)] == [{"a": 1}, {"a": "😀"}]
    path.write_bytes(b'{"a": 1}\n{"a": "x\\ud83d"}\n')
    with pytest.raises(UserError, match=r"line 2: the escape \\ud83d stands alone and is half"):
        list(read_rows(path))
    path.write_text("[" * 100_000)
    with pytest.raises(UserError, match="line 1: not valid JSON"):
        list(read_rows(path))


def test_the_line_of_a_byte_that_is_no_utf8_in_a_gzipped_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n\n{"a": "\xff"}\n'))
    with pytest.raises(UserError, match=r"rows.jsonl.gz, line 3: byte 8 \(0xff\) is not UTF-8"):
        list(read_rows(path))


def test_a_step_of_a_megabyte(tmp_path: Path) -> None:
    long = "word " * 200_000
    (trace,) = read_labelled(file_of(tmp_path, GOOD | {"steps": ["a", long]}))
    assert trace.steps[1] == long


def test_steps_from_texts_have_their_spans() -> None:
    thinking, steps = steps_from_texts(["ab", "", "数c"])
    assert thinking == "ab\n\n\n\n数c"
    assert [thinking[s.start : s.end] for s in steps] == ["ab", "", "数c"]


def test_a_null_id_is_no_id_and_a_null_question_no_question(tmp_path: Path) -> None:
    row = {"id": None, "question": None, "thinking": "a"}
    found = [(t.id, t.question) for t in read_traces(file_of(tmp_path, row, row))]
    assert found == [("1", ""), ("2", "")]
    labelled = {"question": None, "steps": ["a"], "labels": {"0": "VERIFY"}}
    assert [t.question for t in read_labelled(file_of(tmp_path, labelled))] == [""]


def test_traces_are_read_as_tag_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    message = {"role": "assistant", "reasoning": "a", "content": "b"}
    rows = [
        {"id": "x", "choices": [{"message": message}]},
        {"id": "y", "messages": [{"role": "user", "content": "Q"}, message, message]},
        {"reasoning": "c"},
        {"text": ""},
    ]
    path.write_text(json.dumps(rows))
    found = [(t.id, t.question, t.thinking) for t in read_traces(path)]
    assert found == [
        ("x", "", "a"), ("y.1", "Q", "a"), ("y.2", "Q", "a"), ("3", "", "c"), ("4", "", ""),
    ]  # fmt: skip
