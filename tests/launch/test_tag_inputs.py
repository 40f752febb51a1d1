"""`suffice tag` on the layouts of servers, harnesses and the kit's own run folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launch.cli import main
from rl.evaluation.samples import Sample, SampleStep, write_samples

THINKING = "3 + 4 is 7.\n\nWait, let me check: 7 - 4 is 3.\n\nSo the answer is 7."
TEXTS = THINKING.split("\n\n")
MESSAGE = {"role": "assistant", "reasoning": THINKING, "content": "\\boxed{7}"}
ASK = {"role": "user", "content": "3 + 4?"}


def tagged(capsys: pytest.CaptureFixture[str], *argv: object) -> list[dict[str, Any]]:
    assert main(["tag", *map(str, argv), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def texts(record: dict[str, Any]) -> list[str]:
    return [step["text"] for step in record["steps"]]


@pytest.mark.parametrize(
    ("content", "argv"),
    [
        ([{"thinking": THINKING}], []),
        ([{"reasoning": THINKING}], []),
        ({"messages": [ASK, MESSAGE]}, []),
        ({"messages": [ASK, MESSAGE]}, ["--field", "messages"]),
        ({"id": "chatcmpl", "choices": [{"index": 0, "message": MESSAGE}]}, []),
        ({"a": {"runs": [{"r": THINKING}]}}, ["--field", "a.runs.0.r"]),
        ({"doc": {"question": "3 + 4?"}, "resps": [[f"<think>{THINKING}</think>7"]]}, []),
        ({"text": f"<r>{THINKING}</r>7"}, ["--delimiters", "<r>", "</r>"]),
        ({"text": f"<r>{THINKING}</r>7"}, ["delimiters.open=<r>", "delimiters.close=</r>"]),
        ({"text": f"{THINKING}Answer: 7"}, ["--delimiters", "", "Answer:"]),
    ],
)
def test_tag_finds_the_thinking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: Any, argv: list[str]
) -> None:
    file = tmp_path / "input.json"
    file.write_text(json.dumps(content))
    (record,) = tagged(capsys, file, *argv)
    assert texts(record) == TEXTS


def test_tag_refuses_delimiters_that_stand_nowhere(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    file = tmp_path / "input.jsonl"
    file.write_text(json.dumps({"text": f"<think>{THINKING}</think>"}))
    err = refused("tag", file, "--delimiters", "<r>", "</r>")
    assert "between '<r>' and '</r>'" in err
    assert "must be two different" in refused("tag", file, "--delimiters", "<r>", "<r>")


def test_tag_reports_references_that_are_no_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "input.jsonl"
    solution = "We add what he bought to what he had before. " * 20
    rows = [{"thinking": THINKING, "answer": answer} for answer in (f"{solution}#### 7", solution)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["tag", str(file), "--json"]) == 0
    out, err = capsys.readouterr()
    assert [json.loads(line).get("answer_step") for line in out.splitlines()] == [0, None]
    assert "1 of 2 rows has a reference that is no answer" in err
    assert f"the first, {file}, line 2: is a text of 899 characters" in err


def sample(number: int, thinking: str) -> Sample:
    step = SampleStep(thinking, "Verification / Sanity Check", 0.9, 9)
    return Sample(
        "test-0-1", "3 + 4?", "7", "easy", "sums", number, 0, f"{thinking}</think>7", thinking,
        "\\boxed{7}", True, True, 20, 15, 5, 0, (step,), 0, True, 1, 0, 0,
    )  # fmt: skip


def test_tag_reads_the_run_folders_of_the_kit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    (runs / "compare" / "samples").mkdir(parents=True)
    write_samples(runs / "compare/samples/test-base.jsonl.gz", [sample(0, THINKING), sample(1, "")])
    (runs / "train" / "policy").mkdir(parents=True)
    (runs / "train" / "metrics.jsonl").write_text('{"step": 1, "reward": 0.5}\n')
    (runs / "train" / "policy" / "README.md").write_text("A card.")
    (runs / "train" / "policy" / "merges.txt").write_text("t h\n")
    page = tmp_path / "page.html"
    assert main(["tag", str(runs), "--json", "--html", str(page)]) == 0
    out, err = capsys.readouterr()
    (record,) = [json.loads(line) for line in out.splitlines()]
    assert (record["id"], texts(record), record["answer_step"]) == ("test-0-1/0", TEXTS, 0)
    assert "2 of 3 rows have no thinking and were skipped" in err
    assert "test-base.jsonl.gz" in page.read_text(encoding="utf-8")


def test_tag_reads_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "input.jsonl", tmp_path / "tagged.jsonl"
    file.write_text(json.dumps({"id": "a", "thinking": THINKING}))
    assert main(["tag", str(file), "--output", str(out)]) == 0
    capsys.readouterr()
    (record,) = tagged(capsys, out)
    assert (record["id"], texts(record)) == ("a", TEXTS)
    assert "question" not in record


@pytest.mark.parametrize("word", ["view=strips", "show=3"])
def test_settings_of_the_view_are_refused_with_json(
    word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"thinking": THINKING}) + "\n")
    assert main(["tag", str(file), "--json", word]) == 2
    key = word.partition("=")[0]
    assert f"{key} has no effect with --json" in capsys.readouterr().err
