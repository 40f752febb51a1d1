"""``suffice tagger transfer`` and ``learning-curve``, once for real and with bad input."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from launch.cli import main
from tests.tagger.small_data import rows, write

Refused = Callable[..., str]


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    found = rows(60, seed=2)
    for i, row in enumerate(found):
        row["source"] = "left" if i % 2 else "right"
    return write(tmp_path / "labelled.jsonl", found)


@pytest.fixture
def small_features(tmp_path: Path) -> list[str]:
    config = tmp_path / "fast.yaml"
    config.write_text("max_iterations: 15\n", encoding="utf-8")
    return ["--config", str(config)]


def test_transfer(
    labelled: Path, small_features: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    words = ["tagger", "transfer", str(labelled), "--min-labels", "20", *small_features]
    assert main([*words, "--output", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "verification F1" in out and "left" in out
    record = json.loads((folder / "transfer.json").read_text(encoding="utf-8"))
    cells = {(c["trained"], c["tested"]): c for c in record["cells"]}
    assert set(cells) == {(a, b) for a in ("left", "right") for b in ("left", "right")}
    for found in cells.values():
        assert found["micro_f1"]["mean"] > 0.8, "both are of one kind"
        assert found["micro_f1"]["low"] <= found["micro_f1"]["mean"] <= found["micro_f1"]["high"]
    assert record["provenance"]["labelled"][0]["file"] == "labelled.jsonl"
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "verification F1, by what it was tested on" in page
    assert not re.findall(r'(?:src|href)="(?!data:)', page)


def test_learning_curve(
    labelled: Path, small_features: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = write(tmp_path / "test.jsonl", rows(15, seed=3))
    folder = tmp_path / "out"
    words = ["tagger", "learning-curve", str(labelled), "--test", str(test), *small_features]
    argv = [*words, "--sizes", "60,all", "--seeds", "2", "--json", "--output", str(folder)]
    assert main(argv) == 0
    record = json.loads(capsys.readouterr().out)
    assert json.loads((folder / "curve.json").read_text(encoding="utf-8")) == record
    small, large = record["points"]
    assert (small["size"], len(small["runs"]), len(large["runs"])) == (60, 2, 1)
    assert large["micro_f1"]["mean"] >= small["micro_f1"]["mean"] > 0.5
    assert record["provenance"]["test"]["file"] == "test.jsonl"
    ET.fromstring((folder / "curve.svg").read_text(encoding="utf-8"))
    assert "<svg" in (folder / "report.html").read_text(encoding="utf-8")


def test_transfer_refuses(refused: Refused, labelled: Path, tmp_path: Path) -> None:
    assert "'source'" in refused("tagger", "transfer", labelled, "--by", "sources")
    assert "--min-labels" in refused("tagger", "transfer", labelled, "--least", "5000")
    assert "--folds" in refused("tagger", "transfer", labelled, "--folds", "1")
    assert "'linear'" in refused("tagger", "transfer", labelled, "--backend", "linar")
    assert "none.jsonl" in refused("tagger", "transfer", "none.jsonl")
    assert "thought-anchors" in refused("tagger", "transfer", f"{labelled}:thought-anchor")
    config = tmp_path / "bad.yaml"
    config.write_text("strenght: 1\n", encoding="utf-8")
    assert "strength" in refused("tagger", "transfer", labelled, "--config", config)


def test_learning_curve_refuses(refused: Refused, labelled: Path, tmp_path: Path) -> None:
    test = write(tmp_path / "test.jsonl", rows(5, seed=3))
    words = ["tagger", "learning-curve", labelled, "--test", test]
    assert "'many'" in refused(*words, "--sizes", "10,many")
    assert "99999 is not between" in refused(*words, "--sizes", "99999")
    assert "--seeds" in refused(*words, "--seeds", "0")
    same = ["tagger", "learning-curve", labelled, "--test", labelled]
    assert "holds the same" in refused(*same)
    other = write(
        tmp_path / "other.jsonl",
        [{"id": "1", "question": "q", "steps": ["x"], "labels": {"0": "CHECK"}}],
    )
    mixed = ["tagger", "learning-curve", labelled, f"{other}:thought-anchors", "--test", test]
    assert "several taxonomies" in refused(*mixed)
