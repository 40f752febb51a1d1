"""``suffice tagger calibrate-segmenter`` from the command line."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import yaml

from launch.cli import main
from tagger.segmentation import get_segmenter
from tests.tagger.tokenizers_made_here import byte_level


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """A hundred tokens of probability 0.01, 0.02, ... 1."""
    file = tmp_path / "scored.jsonl"
    rows = [{"token_logprobs": [math.log((i + 1) / 100) for i in part]} for part in
            (range(50), range(50, 100))]  # fmt: skip
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_from_log_probabilities_of_the_file(scored: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "seg.yaml"
    assert main(["tagger", "calibrate-segmenter", str(scored), "--output", str(out)]) == 0
    written = yaml.safe_load(out.read_text())
    assert written["tau"] == pytest.approx(0.03)
    assert written["about"] | {"share": 0.02, "tokens": 100, "traces": 2} == written["about"]
    assert get_segmenter(str(out)).settings["tau"] == pytest.approx(0.03)
    shown = capsys.readouterr().out
    assert "0.03" in shown and "2.00%" in shown and "100 tokens of 2 traces" in shown


def test_nothing_is_overwritten_and_json_is_written_too(
    scored: Path, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "seg.json"
    words = ["tagger", "calibrate-segmenter", str(scored), "--output", str(out), "share=0.1"]
    assert main(words) == 0
    before = out.read_text()
    assert json.loads(before)["tau"] == pytest.approx(0.11)
    assert main(words) == 2
    assert "never overwritten" in capsys.readouterr().err
    assert out.read_text() == before


def test_with_a_model(tmp_path: Path) -> None:
    from tests.rl.tiny import tiny_model

    folder = tmp_path / "model"
    tiny_model(byte_level()).save_pretrained(folder)
    byte_level().save_pretrained(folder)
    traces = tmp_path / "t.jsonl"
    rows = [
        {"id": f"{i}", "question": "3 + 4?", "thinking": f"Wait, {i} + 4. " * 6} for i in range(3)
    ]
    traces.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out, scores = tmp_path / "seg.yaml", tmp_path / "scores.jsonl"
    common = ["tagger", "calibrate-segmenter"]
    model = ["--model", str(folder)]
    assert main([*common, str(traces), *model, "--output", str(out), "--scores", str(scores)]) == 0
    assert yaml.safe_load(out.read_text())["about"]["model"] == str(folder)
    again = tmp_path / "again.yaml"  # the scores it wrote give the same threshold
    assert main([*common, str(scores), *model, "--output", str(again)]) == 0
    assert get_segmenter(str(again)) == get_segmenter(str(out))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["share=2"], "share is 2; it must be a number above 0 and below 1"),
        (["share=0.001"], "too few"),
        (["batch_size=0"], "at least 1"),
        (["min_chars=0"], "whole number"),
        (["--output", "x.txt"], "must end in .yaml"),
        (["sahre=0.1"], "did you mean 'share'"),
    ],
)
def test_bad_settings_are_told(words: list[str], told: str, scored: Path, tmp_path: Path, capsys,
                               monkeypatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["tagger", "calibrate-segmenter", str(scored), *words]) == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.glob("*.yaml"))


def test_bad_files_are_told(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    empty, plain = tmp_path / "empty.jsonl", tmp_path / "plain.jsonl"
    empty.write_text("")
    plain.write_text('{"thinking": "a"}\n')
    for file, told in [
        (str(empty), "holds no traces"),
        (str(plain), "--model"),
        ("none.jsonl", "cannot be opened"),
        ("-", "must be a file"),
    ]:
        assert main(["tagger", "calibrate-segmenter", file]) == 2
        assert told in capsys.readouterr().err
