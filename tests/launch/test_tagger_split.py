"""``suffice tagger split`` from the command line to the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launch.cli import main
from tests.tagger.small_data import write

Refused = Callable[..., str]


def test_tagger_split_writes_rows_as_they_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content: list[dict[str, Any]] = [
        {"id": str(n), "question": f"q{n // 2} é", "steps": [f"step {n}"], "labels": {"0": "META"}}
        for n in range(20)
    ]
    path = write(tmp_path / "labels.jsonl", content)
    out = tmp_path / "split"
    assert main(["tagger", "split", str(path), "--share", "0.3", "--output", str(out)]) == 0
    assert f"Wrote 14 rows to {out / 'train.jsonl'} and 6 to" in capsys.readouterr().out
    parts = [
        [json.loads(line) for line in (out / f"{name}.jsonl").read_text().splitlines()]
        for name in ("train", "held_out")
    ]
    assert sorted(parts[0] + parts[1], key=lambda row: int(row["id"])) == content
    test = str(out / "held_out.jsonl")
    again = tmp_path / "again"
    assert main(["tagger", "split", str(path), "--test", test, "--output", str(again)]) == 0
    assert (again / "train.jsonl").read_text() == (out / "train.jsonl").read_text()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("{labels}", "--share", "1"), "--share is 1; it must be above 0 and below 1"),
        (("{labels}", "--share", "nan"), "--share is nan"),
        (("{labels}", "--share", "0.5", "--test", "{other}"), "out --share, --seed and --train"),
        (("{labels}", "--seed", "0", "--test", "{other}"), "out --share, --seed and --train-only"),
        (("{labels}", "--test", "{empty}"), "empty.jsonl holds no row"),
        (("{labels}", "--train-only", "{empty}"), "empty.jsonl holds no row"),
        (("{labels}", "{empty}"), "empty.jsonl holds no row"),
        (("{labels}", "{labels}"), "is named twice"),
        (("{labels}", "--test", "{labels}"), "is named twice"),
        (("{empty}",), "empty.jsonl holds no row; give traces"),
        (("{bare}",), "bare.jsonl, line 1: has no thinking in"),
        (("{other}",), "1 of 1 questions are to be held out"),
        (("gone.jsonl",), "gone.jsonl"),
    ],
)
def test_tagger_split_refuses(
    refused: Refused, tmp_path: Path, words: tuple[str, ...], part: str
) -> None:
    rows = [{"id": str(n), "question": f"q{n}", "steps": [f"step {n}"]} for n in range(4)]
    files = {
        "labels": write(tmp_path / "labels.jsonl", rows),
        "other": write(tmp_path / "other.jsonl", rows[:1]),
        "empty": write(tmp_path / "empty.jsonl", []),
        "bare": write(tmp_path / "bare.jsonl", [{"question": "q"}]),
    }
    out = tmp_path / "out"
    argv = ("tagger", "split", *(word.format(**files) for word in words), "--output", str(out))
    assert part in refused(*argv)
    assert not out.exists()
