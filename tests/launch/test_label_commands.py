"""`tagger agree` and `tagger convert-labels`, from the command line to the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launch.cli import main
from tests.launch.light import light
from tests.tagger.small_data import rows, write

Refused = Callable[..., str]


def labels(folder: Path, name: str, change: dict[str, str] | None = None) -> Path:
    content: list[dict[str, Any]] = rows(8)
    for row in content if change else ():
        row["labels"] |= {k: change[v] for k, v in row["labels"].items() if v in (change or {})}
    return write(folder / name, content)


def test_agree_on_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = labels(tmp_path, "a.jsonl"), labels(tmp_path, "b.jsonl", {"META": "HEURISTIC"})
    assert main(["tagger", "agree", str(one), str(two), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    steps = sum(len(row["labels"]) for row in rows(8))
    doubts = sum(tag == "META" for row in rows(8) for tag in row["labels"].values())
    assert doubts > 2
    assert found["steps"] == steps
    assert found["accuracy"]["mean"] == pytest.approx(1 - doubts / steps, abs=1e-6)
    assert found["accuracy"]["low"] <= found["accuracy"]["mean"] <= found["accuracy"]["high"]
    assert found["verification"]["f1"]["mean"] == 1
    assert len(found["disagreements"]) == doubts
    assert {(d["first"], d["second"]) for d in found["disagreements"]} == {("META", "HEURISTIC")}
    assert found["types"]["Meta-Cognition / Self-Talk"]["both"] == 0

    assert main(["tagger", "agree", str(one), str(two), "--list", "2"]) == 0
    out = capsys.readouterr().out
    assert f"2 of {doubts} disagreements" in out
    assert out.count("META / HEURISTIC") == 2


def test_agree_with_the_second_pass(tmp_path: Path) -> None:
    content = rows(6)
    for row in content:
        row["second_pass"] = dict(row["labels"])
    file = write(tmp_path / "a.jsonl", content)
    done = light("tagger", "agree", str(file))  # imports nothing heavy
    assert done.returncode == 0, done.stderr
    assert "verification " in done.stdout
    assert "disagreements" not in done.stdout


def test_agree_refuses(refused: Refused, tmp_path: Path) -> None:
    file = labels(tmp_path, "a.jsonl")
    assert 'has a "second_pass"; name a second' in refused("tagger", "agree", file)
    assert "none.jsonl" in refused("tagger", "agree", file, "none.jsonl")
    assert "--list is -1" in refused("tagger", "agree", file, file, "--list", "-1")
    assert "did you mean" in refused("tagger", "agree", file, "--taxonomy", "venhof")
    assert "line 1" in refused("tagger", "agree", file, "--taxonomy", "venhoff")


def test_convert_then_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spans = [
        {"trace": "t", "i": 0, "text": "Let me see.", "label": "initializing"},
        {"trace": "t", "i": 1, "text": "So it is 4.", "label": "deduction"},
    ]
    file, out = write(tmp_path / "spans.jsonl", spans), tmp_path / "labels.jsonl"
    argv = ["tagger", "convert-labels", str(file), "--format", "venhoff", "--output", str(out)]
    assert main(argv) == 0
    assert "1 traces, 2 steps" in capsys.readouterr().out
    (row,) = map(json.loads, out.read_text().splitlines())
    assert row["labels"] == {"0": "INITIALIZE", "1": "DEDUCE"}
    before = out.read_bytes()
    assert main(argv) == 2
    assert "already exists and is never overwritten" in capsys.readouterr().err
    assert out.read_bytes() == before
    assert main(["tagger", "agree", str(out), str(out), "--taxonomy", "venhoff"]) == 0
    assert "verification " not in capsys.readouterr().out


def test_convert_refuses(refused: Refused, tmp_path: Path) -> None:
    file = write(tmp_path / "spans.jsonl", [{"trace": "t", "i": 0, "text": "a", "label": "x"}])
    new = tmp_path / "new.jsonl"
    base = ["tagger", "convert-labels", file, "--output", new]
    assert "did you mean 'venhoff'" in refused(*base, "--format", "venhof")
    assert "line 1" in refused(*base, "--format", "venhoff")
    assert "segmenter" in refused(*base, "--format", "venhoff", "--segmenter", "paragraf")
    packed = ["tagger", "convert-labels", file, "--output", tmp_path / "new.jsonl.gz"]
    assert "leave .gz off" in refused(*packed, "--format", "venhoff")
    assert not new.exists()
