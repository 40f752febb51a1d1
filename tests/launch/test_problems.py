"""`suffice problems check` and `show`."""

import json
from pathlib import Path

import pytest

from launch.cli import main


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    path = tmp_path / "p.jsonl"
    rows = [
        {"question": "2 + 3?", "answer": "5", "band": "easy"},
        {"question": "2 + 3?", "answer": r"\frac{10}{2}", "band": "easy"},
        {"question": "Which?", "answer": "$221,$8$", "band": "hard"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_problems_check_lists_what_is_refused(
    problems: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["problems", "check", str(problems)])
    assert stopped.value.code == 1
    refused, total = capsys.readouterr().out.splitlines()
    assert refused == "p.jsonl:3: bare refused: $221,$8$"
    assert total == f"{problems}: 2 of 3 references accepted (66.67%)."
    assert main(["problems", "check", str(problems), "--least", "0.6"]) == 0
    assert main(["problems", "check", str(problems), "checker=exact"]) == 0


def test_problems_show_describes_a_set(problems: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["problems", "show", str(problems), "--count", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "[p.jsonl:1]  band: easy",
        "2 + 3?",
        "reference: 5",
        "",
        "problems: 3",
        "bands: easy 2, hard 1",
        "characters of a question: 6 to 6, median 6",
        "characters of a reference: 1 to 12, median 8",
        "questions that stand there before: 1",
    ]
    drawn, file = ["overthinker", "size=4", "split=test", "--count", "0"], problems.parent / "o"
    assert main(["problems", "show", *drawn, "--output", str(file)]) == 0
    assert capsys.readouterr().out.startswith("problems: 4\nbands: ")
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == [f"test-0-{i}" for i in range(4)]
    assert all({"question", "reference", "band", "family"} <= set(row) for row in rows)
    assert main(["problems", "show", *drawn, "--output", str(file)]) == 2
    assert "already exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check", "{file}", "checkr=exact"], "'checkr'"),
        (["check", "{file}", "columns.question=frage"], "no column 'frage'"),
        (["check", "{file}", "--least", "2"], "--least is 2; it must be a share"),
        (["check", "split=test"], "Name the source before the settings"),
        (["show", "{file}", "--count", "-1"], "--count is -1"),
        (["show", "gsm9k"], "did you mean 'gsm8k'"),
    ],
)
def test_problems_refuses(
    problems: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["problems", *(word.format(file=problems) for word in words)]) == 2
    assert message in capsys.readouterr().err
