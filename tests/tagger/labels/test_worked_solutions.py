"""Labelled short traces made of worked solutions: what is written, and what is certain of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tagger.errors import UserError
from tagger.labels.worked_solutions import solution_traces
from tagger.traces.labelled import read_labelled
from tests.tagger.small_data import write

QUESTION = "Ann had {a} pens and bought {b} more. She gave half away. How many has she now?"


def solutions(count: int) -> list[dict[str, object]]:
    return [
        {
            "question": QUESTION.format(a=2 * i, b=4),
            "answer": f"She had {2 * i}+4 = <<{2 * i}+4={2 * i + 4}>>{2 * i + 4} pens.\n"
            "Half of them are gone.\n"
            f"Now {2 * i + 4}/2 = <<{2 * i + 4}/2={i + 2}>>{i + 2} are left.\n#### {i + 2}",
        }
        for i in range(1, count + 1)
    ]


def test_worked_solutions_solution_lines_compute_and_what_is_written_in_checks(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "solutions.jsonl", solutions(200))
    out = write(tmp_path / "traces.jsonl", list(solution_traces(path, 150, seed=3)))
    traces = list(read_labelled(out))
    assert len({trace.question for trace in traces}) == 150
    checking = 0
    for trace in traces:
        names = [trace.labels.get(i, "") for i in range(len(trace.steps))]
        for text, name in zip(trace.steps, names, strict=True):
            assert "<<" not in text and "####" not in text
            if "pens." in text or "are left." in text:
                assert name == "Formula Substitution / Plugging In"
            if text.startswith("Half") or text.endswith("gone."):
                assert name == ""
        assert "Final Conclusion / Boxed Answer" in names
        checking += "Verification / Sanity Check" in names
    assert 80 < checking < 145


def test_worked_solutions_equations_of_checks_are_true(tmp_path: Path) -> None:
    path = write(tmp_path / "solutions.jsonl", solutions(60))
    found = 0
    for row in solution_traces(path, 60, seed=0):
        for index, tag in row["labels"].items():
            text = row["steps"][int(index)]
            for a, sign, b, c in re.findall(r"(\d+) ?([-+*/]) ?(\d+) ?= ?(\d+)", text):
                found += tag == "VERIFY"
                a, b, c = int(a), int(b), int(c)
                assert {"+": a + b, "-": a - b, "*": a * b, "/": a / b}[sign] == c, text
    assert found > 10


def test_worked_solutions_words_of_going_back_are_said_of_inverses_alone(tmp_path: Path) -> None:
    rows = [{"question": f"No. {i}?", "answer": "So <<7*6=42>>42.\n#### 42"} for i in range(1000)]
    path = write(tmp_path / "solutions.jsonl", rows)
    going_back = re.compile("Working backwards|In reverse|what we started from")
    texts = [
        row["steps"][int(index)]
        for row in solution_traces(path, 1000, 0)
        for index, tag in row["labels"].items()
        if tag == "VERIFY"
    ]
    said = [text for text in texts if going_back.search(text)]
    assert len(said) >= 10
    assert all(re.search(r"42\D+6\D+7", text) for text in said), said
    assert any(re.search(r"7\D+6\D+42", text) for text in texts)


def test_worked_solutions_one_seed_one_file(tmp_path: Path) -> None:
    path = write(tmp_path / "solutions.jsonl", solutions(30))
    assert list(solution_traces(path, 20, 5)) == list(solution_traces(path, 20, 5))
    assert list(solution_traces(path, 20, 5)) != list(solution_traces(path, 20, 6))


def test_worked_solutions_bad_rows_are_reported_by_their_line(tmp_path: Path) -> None:
    good = solutions(2)
    path = write(tmp_path / "bad.jsonl", [*good, {"question": "How many?", "solution": 3}])
    with pytest.raises(UserError, match=r"bad\.jsonl, line 3: a worked solution needs"):
        list(solution_traces(path, 1, 0))
    unmarked = write(tmp_path / "unmarked.jsonl", [*good, {"question": "?", "answer": "It is 3."}])
    with pytest.raises(UserError, match="2 rows hold .* 3 traces were asked for; give a smaller"):
        list(solution_traces(unmarked, 3, 0))
    assert len(list(solution_traces(unmarked, 2, 0))) == 2


@pytest.mark.parametrize(
    "solution",
    [
        "<<2+3=5>>\n#### 5",  # nothing but a mark
        "2+3 = <<2+3=5>>5\n####",
        "2+3 = <<2+3=5>>5\n#### 5\nor six",
        "2+3 = <<2+3=5>>5 and <<2+2>>4\n#### 5",
        "2+3 = <<2+3=5=5>>5\n#### 5",
    ],
)
def test_worked_solutions_rows_that_are_not_well_marked_are_left_out(
    tmp_path: Path, solution: str
) -> None:
    path = write(tmp_path / "odd.jsonl", [{"question": "How many?", "answer": solution}])
    with pytest.raises(UserError, match="0 rows hold .* give a file in the form of GSM8K"):
        list(solution_traces(path, 1, 0))


@pytest.mark.parametrize(
    "equation", ["10/3=3.33", "10/4=2", "5*0=0", "0.2*100=20%", "3/0=0", "1,000+1=1001"]
)
def test_worked_solutions_what_does_not_hold_backwards_is_not_computed_back(
    tmp_path: Path, equation: str
) -> None:
    left, _, value = equation.partition("=")
    answer = f"It is <<{equation}>>{value}.\n#### {value}"
    rows = [{"question": f"No. {i}?", "answer": answer} for i in range(60)]
    path = write(tmp_path / "inexact.jsonl", rows)
    numbers = re.findall(r"[\d.,]+", left)
    for row in solution_traces(path, 60, 0):
        for index, tag in row["labels"].items():
            said = re.findall(r"\d[\d.,]*(?<![.,])", row["steps"][int(index)])
            if tag == "VERIFY" and said and not row["steps"][int(index)].startswith("Is "):
                assert said[: len(numbers)] == numbers, row["steps"][int(index)]
