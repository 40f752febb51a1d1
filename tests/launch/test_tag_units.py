"""`suffice tag` on steps of other segmentations, and on steps unlike the training data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from launch.cli import main
from tests.launch.test_tag import ROW, data_of, records, rows


def test_segmenter_of_steps_is_named_in_the_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], refused: Callable[..., str]
) -> None:
    file, page = rows(tmp_path / "rows.jsonl", ROW), tmp_path / "page.html"
    cut = rows(tmp_path / "cut.jsonl", {"id": "c", "steps": ["3 + 4 is 7.", "Is it?"]})
    assert main(["tag", str(file), "--json", "segmenter=sentence", "--html", str(page)]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert (record["segmenter"], record["calibrated"]) == ("sentence", False)
    assert err.count("not calibrated for steps of segmenter 'sentence'") == 1
    assert "not calibrated for steps" in page.read_text()
    assert main(["tag", str(file), "--json"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert (record["segmenter"], record["calibrated"]) == ("paragraph", True)
    assert "calibrated" not in err
    assert main(["tag", str(cut), "--json"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert (record["segmenter"], record["calibrated"]) == (None, None)
    assert "1 trace brought its own steps" in err
    (named,) = records(capsys, cut, "segmenter=span")
    assert (named["segmenter"], named["calibrated"], len(named["steps"])) == ("span", False, 2)
    words = ["--taxonomy", "schoenfeld"]
    assert "precision 0.40" in refused("tag", file, "segmenter=sentence", *words)
    assert "Trace c brings its own steps" in refused("tag", cut, *words)
    assert 'give rows with "steps"' in refused("tag", file, "segmenter=span")
    assert "did you mean 'sentence'" in refused("tag", file, "segmenter=sentense")


def test_flags_of_steps_stand_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    thinking = "So the answer is 7.\n\nMoment, ich rechne das noch einmal nach."
    file, page = rows(tmp_path / "rows.jsonl", {"thinking": thinking}), tmp_path / "page.html"
    assert main(["tag", str(file), "--html", str(page), "view=steps"]) == 0
    out, err = capsys.readouterr()
    assert out.count("⚠ unfamiliar") == 1
    assert "1 of 2 steps (50.0%) are unlike the tagger's training data" in err
    assert data_of(page)[0]["u"] == {"1": "unfamiliar"}
    (record,) = records(capsys, file)
    assert [step.get("flag") for step in record["steps"]] == [None, "unfamiliar"]
