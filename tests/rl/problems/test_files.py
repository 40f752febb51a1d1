"""Problem files: read with line numbers, sampled by seed, scored."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from rl.problems.files import read_problems
from rl.problems.problem import score_answer
from rl.problems.registry import load_problems
from tagger.errors import UserError

ROWS = """{"id": "a", "question": "1 + 1 = ?", "answer": 2, "band": "easy", "hint": "count"}

{"problem": "What is 1/2?", "reference": "0.5", "metadata": {"source": "me"}}
{"prompt": "3 + 4 = ?", "solution": "7", "family": "sums"}
"""
TABLE = [
    {"question": "1 + 1 = ?", "answer": "One and one.\n#### 2"},
    {"question": "2 + 2 = ?", "answer": "4"},
    {"question": "Was ist 1/2?\nÖ", "answer": "0.5"},
]


def test_the_keys_people_use(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(ROWS, encoding="utf-8")
    a, b, c = read_problems(path)
    assert (a.id, a.question, a.reference, a.band, a.metadata) == (
        "a", "1 + 1 = ?", "2", "easy", {"columns": {"hint": "count"}},
    )  # fmt: skip
    assert (b.id, b.reference, b.metadata) == ("p.jsonl:3", "0.5", {"source": "me"})
    assert (c.id, c.family) == ("p.jsonl:4", "sums")
    packed = tmp_path / "p.jsonl.gz"
    packed.write_bytes(gzip.compress(ROWS.encode()))
    assert [p.question for p in read_problems(packed)] == [a.question, b.question, c.question]


def test_samples_depend_on_the_seed_alone(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text("".join(f'{{"question": "q{i}", "answer": {i}}}\n' for i in range(40)))
    first = load_problems(str(path), size=10, seed=1)
    assert first == load_problems(str(path), size=10, seed=1)
    assert first != load_problems(str(path), size=10, seed=2)
    assert len({p.id for p in first}) == 10
    assert len(load_problems(str(path))) == 40
    with pytest.raises(UserError, match="holds 40 problems"):
        load_problems(str(path), size=41)
    with pytest.raises(UserError, match="at least 1"):
        load_problems(str(path), size=0)


def test_the_overthinkers_problems() -> None:
    problems = load_problems("overthinker", "train", 6, seed=0)
    assert len(problems) == 6
    for problem in problems:
        assert score_answer(problem, f"\\boxed{{{problem.reference}}}")
        assert not score_answer(problem, "\\boxed{-999}")
    with pytest.raises(UserError, match="problems.size is missing"):
        load_problems("overthinker")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"question": "a", "answer": 1}\n{"question": ', "line 2: not valid JSON"),
        ("[1]\n", "line 1, item 1: a int, not an object"),
        ('{"question": "a", "answer": 1}\n[1]\n', "line 2: a list, not an object"),
        (
            '{"id": 1, "question": "a", "answer": 1}\n{"id": 1, "question": "b", "answer": 1}\n',
            "line 2: the id '1' stands in line 1 already; make ids unique, or leave them out",
        ),
        ('{"question": "a", "answer": 1}\n{"question": "b", "answer": "\\ud83d"}\n', "line 2: the"),
        ("\n\n", "holds no problems"),
        ("[]", "holds no problems"),
    ],
)
def test_read_problems_names_the_line_of_a_bad_row(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(words)):
        read_problems(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl", b"\xff\xfe\x00", "line 1: the file is UTF-16; .* iconv -f utf-16"),
        ("a.jsonl", b'{"question": "caf\xe9"}', "line 1: byte 18 .0xe9. is not UTF-8; .* latin1"),
        ("a.jsonl.gz", b"\x1f\x8bno gzip", "the gzip data is cut short or damaged"),
        ("a.jsonl.gz", gzip.compress(ROWS.encode(), mtime=0)[:-12], "gzip data is cut short"),
        ("a.jsonl.bz2", bz2.compress(ROWS.encode())[:-12], "bzip2 data is cut short"),
        ("a.jsonl.xz", lzma.compress(ROWS.encode())[:-12], "xz data is cut short"),
        ("a.parquet", b"PAR1 and nothing more", "Parquet table is cut short or damaged"),
        ("a.zip", b"PK\x03\x04", "is a zip archive; unpack it"),
        ("a.jsonl", b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer; fetch"),
        ("a.csv", b"question,answer", "a.csv holds no problems"),
        ("a.csv", b"question,answer\n2+3?\n", "line 2: 1 cells, but the header names 2 columns"),
        ("a.csv", b'question,answer\n2+3?,"5\n', "line 2: no valid CSV"),
        ("a.csv", b"answer,answer\n", "line 1: the header names the column 'answer' twice"),
        ("a.csv", b'question,answer\n"2,\n3?",5\n6?,\n', "line 4: 'answer' must be a non-empty"),
        ("a.csv.gz", b"", "line 1: the header must name the columns"),
        ("a.arrow", b"", "holds a .arrow table, .* datasets.Dataset.from_file"),
    ],
)
def test_read_problems_says_how_to_mend_a_file(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=words):
        read_problems(tmp_path / name)


def test_read_problems_needs_a_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist; name a JSON Lines, JSON, CSV or Parquet"):
        read_problems(tmp_path / "none.jsonl")
    with pytest.raises(UserError, match="is a folder; name one file in it, or a data set as hf:"):
        read_problems(tmp_path)


def test_read_problems_names_every_refused_row(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    good, bad = {"question": "a", "answer": "1"}, {"question": "a", "answer": ""}
    path.write_bytes(lines([good, bad, good, {"answer": 1}, bad]))
    with pytest.raises(UserError) as error:
        read_problems(path)
    assert str(error.value).startswith(f"{path}, line 2: 'answer' must be a non-empty text")
    assert str(error.value).endswith(" Refused too: line 4, line 5.")
    path.write_bytes(lines([bad] * 12))
    with pytest.raises(UserError, match="line 8, line 9 and 3 more[.]$"):
        read_problems(path)


def zstd(data: bytes) -> bytes:
    return bytes(pyarrow.Codec("zstd").compress(data, asbytes=True))


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def table(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.jsonl", lines(TABLE)),
        ("p.jsonl", b"\xef\xbb\xbf" + lines(TABLE)),
        ("p.jsonl", lines(TABLE).replace(b"\n", b"\r\n")),
        ("p.jsonl.gz", gzip.compress(lines(TABLE), mtime=0)),
        ("gzipped under another name.jsonl", gzip.compress(lines(TABLE), mtime=0)),
        ("p.jsonl.bz2", bz2.compress(lines(TABLE))),
        ("p.jsonl.xz", lzma.compress(lines(TABLE))),
        ("p.jsonl.zst", zstd(lines(TABLE))),
        ("p.json", json.dumps(TABLE).encode()),
        ("p.json", b"\xef\xbb\xbf" + json.dumps(TABLE, indent=2).encode()),
        ("p.jsonl", json.dumps(TABLE).encode()),
        ("p.jsonl", "\n".join(json.dumps(row, indent=1) for row in TABLE).encode()),
        ("p.json.zst", zstd(json.dumps(TABLE).encode())),
        ("p.parquet", table(TABLE)),
        ("no suffix", table(TABLE)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_read_problems_reads_the_same_from_every_kind_of_file(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    found = [(p.question, p.reference) for p in read_problems(tmp_path / name)]
    assert found == [("1 + 1 = ?", "2"), ("2 + 2 = ?", "4"), ("Was ist 1/2?\nÖ", "0.5")]


def test_read_problems_refuses_zstd_that_is_cut_short(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl.zst").write_bytes(zstd(lines(TABLE))[:-6])
    with pytest.raises(UserError, match="zstd data is cut short or damaged"):
        read_problems(tmp_path / "p.jsonl.zst")


def test_ids_name_the_place_in_the_file(tmp_path: Path) -> None:
    for name, content, ids in (
        ("a.jsonl", b"\n" + lines(TABLE), ["a.jsonl:2", "a.jsonl:3", "a.jsonl:4"]),
        ("a.json", json.dumps(TABLE, indent=1).encode(), ["a.json:1", "a.json:2", "a.json:3"]),
        ("a.parquet", table(TABLE), ["a.parquet:1", "a.parquet:2", "a.parquet:3"]),
    ):
        (tmp_path / name).write_bytes(content)
        assert [p.id for p in read_problems(tmp_path / name)] == ids
