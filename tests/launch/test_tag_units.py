"""`suffice tag` on steps of other segmentations, and on steps unlike the training data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launch.cli import main
from tests.launch.test_tag import ROW, data_of, records, rows

CUT = ["So the answer is 7.", "Let me check: 7 - 4 is 3."]


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


ASKED = "Compute 3 + 4, then say whether the answer is 7."


@pytest.mark.parametrize("segmenter", ["paragraph", "sentence"])
def test_output_tagged_again_has_the_same_types(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], segmenter: str
) -> None:
    file = rows(tmp_path / "rows.jsonl", {**ROW, "id": "q", "question": ASKED}, ROW)
    first = tmp_path / "tagged.jsonl"
    assert main(["tag", str(file), "--output", str(first), f"segmenter={segmenter}"]) == 0
    known = [json.loads(line) for line in first.read_text().splitlines()]
    assert [record.get("question") for record in known] == [ASKED, None]
    sure, unasked = ([step["confidence"] for step in record["steps"]] for record in known)
    assert sure != unasked, "the tagger reads the question, so it has to be there again"
    capsys.readouterr()
    assert main(["tag", str(first), "--json"]) == 0
    out, err = capsys.readouterr()
    again = [json.loads(line) for line in out.splitlines()]
    for key in ("tagger", "segmenter", "calibrated", "question", "counts"):
        assert [record.get(key) for record in again] == [record.get(key) for record in known]
    for one, other in zip(again, known, strict=True):
        for key in ("type", "confidence", "text", "flag"):
            assert [s.get(key) for s in one["steps"]] == [s.get(key) for s in other["steps"]]
    assert "brought" not in err
    assert err.count("of segmenter 'sentence', which rows name: how") == (segmenter == "sentence")


def test_steps_of_other_settings_are_not_taken_for_those_of_a_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, first = rows(tmp_path / "rows.jsonl", ROW), tmp_path / "tagged.jsonl"
    own = tmp_path / "long.yaml"
    own.write_text("segmenter: sentence\nmin_chars: 40\n")
    assert main(["tag", str(file), "--output", str(first), f"segmenter={own}"]) == 0
    assert json.loads(first.read_text())["segmenter"] == "sentence min_chars=40"
    capsys.readouterr()
    (again,) = records(capsys, first)
    assert (again["segmenter"], again["calibrated"]) == (None, None)


def test_rows_say_each_for_itself_what_cut_their_steps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = ["paragraph", None, "sentence", "confidence", "own.yaml", "span", 7]
    cut: list[dict[str, Any]] = [{"steps": CUT, "segmenter": name} for name in named]
    uncut = {"thinking": "\n\n".join(CUT), "segmenter": "sentence"}
    file = rows(tmp_path / "rows.jsonl", *cut, uncut)
    outputs = []
    for words in (["--workers", "1"], ["--workers", "2", "batch=3"]):
        assert main(["tag", str(file), "--json", *words]) == 0
        out, err = capsys.readouterr()
        outputs.append(out)
        assert "4 traces brought their own steps" in err
        assert err.count("not calibrated for steps of segmenter") == 2
    assert outputs[0] == outputs[1]
    found = [json.loads(line) for line in outputs[0].splitlines()]
    units = ["paragraph", None, "sentence", None, None, "span", None, "paragraph"]
    sure = {"paragraph": True, "sentence": False, "span": False, None: None}
    assert [(r["segmenter"], r["calibrated"]) for r in found] == [(u, sure[u]) for u in units]
    typed = records(capsys, file, "segmenter=span", "limit=7")
    assert {record["segmenter"] for record in typed} == {"span"}, "the user's word comes first"


def test_types_of_another_taxonomy_for_rows_that_say_what_cut_their_steps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], refused: Callable[..., str]
) -> None:
    files = {
        name: rows(tmp_path / f"{name}.jsonl", {"id": name, "steps": CUT, "segmenter": name})
        for name in ("paragraph", "sentence", "mine")
    }
    words = ["--taxonomy", "venhoff"]
    (record,) = records(capsys, files["paragraph"], *words)
    assert (record["segmenter"], record["calibrated"]) == ("paragraph", True)
    err = refused("tag", files["paragraph"], files["sentence"], *words)
    assert "Trace sentence has steps of segmenter 'sentence'. Types of venhoff are not" in err
    assert "Trace mine brings its own" in refused("tag", files["paragraph"], files["mine"], *words)


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
