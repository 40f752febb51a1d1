"""Problem files: read with line numbers, sampled by seed, scored."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from rl.problems.jsonl import read_problems
from rl.problems.problem import score_answer
from rl.problems.registry import load_problems
from tagger.errors import UserError

ROWS = """{"id": "a", "question": "1 + 1 = ?", "answer": 2, "band": "easy", "hint": "count"}

{"problem": "What is 1/2?", "reference": "0.5", "metadata": {"source": "me"}}
{"prompt": "3 + 4 = ?", "solution": "7", "family": "sums"}
"""


def test_the_keys_people_use(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(ROWS, encoding="utf-8")
    a, b, c = read_problems(path)
    assert (a.id, a.question, a.reference, a.band, a.metadata) == (
        "a", "1 + 1 = ?", "2", "easy", {"hint": "count"},
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
        ("[1]\n", "line 1: must be a JSON object"),
        ('{"answer": 1}\n', "line 1: needs the key 'question'"),
        ('\n{"question": "a"}\n', "line 2: needs the key 'reference'"),
        ('{"question": " ", "answer": 1}\n', "'question' must be a non-empty text"),
        ('{"question": "a", "answer": [1]}\n', "'answer' must be a non-empty text"),
        ('{"question": "a", "answer": 1, "metadata": 3}\n', "'metadata' must be a JSON object"),
        (
            '{"id": 1, "question": "a", "answer": 1}\n{"id": 1, "question": "b", "answer": 1}\n',
            "line 2: the id '1' stands in line 1",
        ),
        ("\n\n", "holds no problems"),
    ],
)
def test_bad_files_are_told(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=words):
        read_problems(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_problems(tmp_path / "none.jsonl")
    for name, content in {"a.jsonl": b"\xff\xfe", "b.jsonl.gz": b"no gzip"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match="Cannot read the problem file"):
            read_problems(tmp_path / name)
    cut = gzip.compress(ROWS.encode())[:-12]
    (tmp_path / "c.jsonl.gz").write_bytes(cut)
    with pytest.raises(UserError, match="Cannot read the problem file"):
        read_problems(tmp_path / "c.jsonl.gz")
