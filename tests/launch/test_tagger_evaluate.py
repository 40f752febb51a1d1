"""``suffice tagger evaluate``: what it prints and writes, and what it refuses."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launch.cli import main
from tests.launch.light import light
from tests.tagger.small_data import rows, trained, write

Refused = Callable[..., str]


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained().tagger.save(tmp_path_factory.mktemp("taggers") / "small")


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    return write(tmp_path / "fresh.jsonl", rows(40, seed=7))


def test_json_names_every_figure_with_its_interval(
    tagger: Path, labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["tagger", "evaluate", str(labelled), "--tagger", str(tagger), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    check = record["types"]["Verification / Sanity Check"]
    figures: list[dict[str, Any]] = [
        record["micro_f1"], record["macro_f1"], record["kappa"], record["ece"],
        record["count_bias"], record["roles"]["macro_f1"],
    ]  # fmt: skip
    for part in (record["verification"], check):
        figures += [part["precision"], part["recall"], part["f1"]]
        assert part["support"] == check["support"] > 0
    for figure in figures:
        assert figure["low"] <= figure["mean"] <= figure["high"]
    assert record["micro_f1"]["mean"] > 0.95
    provenance = record["provenance"]
    assert provenance["tagger_fingerprint"] == trained().tagger.fingerprint
    assert provenance["labelled"][0]["file"] == "fresh.jsonl"
    assert len(provenance["labelled"][0]["sha256"]) == 64
    assert provenance["trained_on"] == []
    assert not (tmp_path / "runs").exists(), "--json alone writes nothing"


def test_the_folder_holds_page_and_numbers(
    tagger: Path, labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zipped = tmp_path / "more.jsonl.gz"
    zipped.write_bytes(gzip.compress(write(tmp_path / "m", rows(20, seed=8)).read_bytes()))
    folder = tmp_path / "out"
    words = ["tagger", "evaluate", str(labelled), str(zipped), "--tagger", str(tagger)]
    assert main([*words, "--output", str(folder), "--seed", "3", "--resamples", "60"]) == 0
    assert "verification F1" in capsys.readouterr().out
    record = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    assert record["traces"] == 60
    assert record["bootstrap"] == {"over": "traces", "resamples": 60, "seed": 3}
    assert "<svg" in (folder / "report.html").read_text(encoding="utf-8")
    assert {p.name for p in folder.iterdir()} == {"evaluation.json", "report.html"}
    assert main([*words, "--output", str(folder)]) == 2
    assert "never overwritten" in capsys.readouterr().err


def test_labels_of_another_taxonomy_and_the_same_tagger(
    tagger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"RESTATE": "SETUP", "SUBSTITUTE": "COMPUTE", "VERIFY": "CHECK"}
    few = rows(40, seed=9)
    for row in few:
        row["labels"] = {k: names[v] for k, v in row["labels"].items() if v in names}
    path = write(tmp_path / "anchors.jsonl", few)
    words = ["tagger", "evaluate", str(path), "--tagger", str(tagger)]
    assert main([*words, "--json", "--taxonomy", "thought-anchors"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["taxonomy"] == "thought-anchors"
    assert record["verification_types"] == ["Self Checking"]
    assert record["verification"]["f1"]["mean"] > 0.9


def test_training_data_is_not_passed_over_in_silence(
    tagger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(20))
    assert main(["tagger", "evaluate", str(path), "--tagger", str(tagger), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["provenance"]["trained_on"] == ["labelled.jsonl"]
    assert "trained on a file named labelled.jsonl" in err


def test_it_starts_at_once(tagger: Path, labelled: Path) -> None:
    done = light("tagger", "evaluate", str(labelled), "--tagger", str(tagger), "--json")
    assert done.returncode == 0, done.stderr


GOOD = {"question": "q", "steps": ["a", "b"], "labels": {"0": "VERIFY"}}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", ["bad.jsonl, line 1", "not valid JSON"]),
        (json.dumps(GOOD | {"labels": {"0": "VERFY"}}), ["line 1", "'VERFY'", "'VERIFY'"]),
        (json.dumps(GOOD | {"labels": {"7": "VERIFY"}}), ["line 1", "'7'"]),
        (json.dumps(GOOD | {"labels": {}}), ["bad.jsonl", "no step carries a label"]),
        (json.dumps({"question": "q", "labels": {}}), ["line 1", '"steps"']),
        ("", ["bad.jsonl", "no step carries a label"]),
    ],
)
def test_bad_files(refused: Refused, tmp_path: Path, content: str, words: list[str]) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content, encoding="utf-8")
    sentence = refused("tagger", "evaluate", path)
    for word in words:
        assert word in sentence


def test_labels_of_a_taxonomy_not_named(refused: Refused, tmp_path: Path) -> None:
    path = write(tmp_path / "l.jsonl", [GOOD | {"labels": {"0": "self_checking"}}])
    sentence = refused("tagger", "evaluate", path)
    assert "self_checking" in sentence and "--taxonomy" in sentence


def test_what_cannot_be_is_refused(refused: Refused, tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", [GOOD])
    twin = write(tmp_path / "twin.jsonl", [GOOD])
    assert "none.jsonl" in refused("tagger", "evaluate", "none.jsonl")
    assert "holds the same" in refused("tagger", "evaluate", good, twin)
    assert "thought-anchors" in refused("tagger", "evaluate", good, "--taxonomy", "thought-anchor")
    assert "--resamples" in refused("tagger", "evaluate", good, "--resamples", "0")
    assert "No tagger in" in refused("tagger", "evaluate", good, "--tagger", tmp_path)
    assert "already exists" in refused("tagger", "evaluate", good, "--output", tmp_path)
    assert not (tmp_path / "runs").exists()
    assert "must be files" in refused("tagger", "evaluate", "-")
