"""`suffice tagger train --backend causal`: from labels to a tagger, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from launch.cli import main
from tests.tagger.language_models_made_here import make_language_model
from tests.tagger.small_data import rows, write

SHAPE = ["lower=1", "upper=1", "hidden=8", "window_tokens=80", "head_tokens=8", "tail_tokens=4"]
SHAPE += ["earlier=2", "question_tokens=20", "epochs=1"]


def test_it_trains_goes_on_from_a_checkpoint_and_tags(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = write(tmp_path / "labels.jsonl", rows(20))
    model = make_language_model(tmp_path / "model")
    argv = ["tagger", "train", "--labels", str(labels), "--backend", "causal", *SHAPE]
    argv += [f"model={model}", "--checkpoint", str(tmp_path / "kept")]
    prints = []
    for name in ("one", "two"):
        assert main([*argv, "--output", str(tmp_path / name)]) == 0
        out, err = capsys.readouterr()
        assert "2 held-out traces" in out
        assert ("their states take" in " ".join(err.split())) == (name == "one"), (
            "the second had it kept"
        )
        prints.append(json.loads((tmp_path / name / "tagger.json").read_text())["fingerprint"])
    assert prints[0] == prints[1]
    card = (tmp_path / "one" / "README.md").read_text()
    assert "causal language model" in card and "`upper=1`" in card
    file = tmp_path / "trace.jsonl"
    file.write_text(json.dumps({"thinking": "So the answer is 7."}) + "\n")
    assert main(["tag", str(file), "--tagger", str(tmp_path / "one"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tagger"] == prints[0]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["epoch=1"], "did you mean 'epochs'"),
        (["upper=0"], "upper of the causal training is 0; it must be a whole number from 1"),
        (["dropout=2"], "dropout of the causal training is 2; it must be a number from 0"),
        (["weights=float17"], "did you mean 'float16'"),
        (["model=nowhere"], "No language model 'nowhere'"),
        (["--extra", "{labels}:venhoff"], "leave out --extra"),
        (["--checkpoint", "{labels}"], "is a file; name a folder"),
    ],
)
def test_bad_input_is_told_in_a_sentence(
    refused: Callable[..., str], tmp_path: Path, words: list[str], part: str
) -> None:
    labels = write(tmp_path / "labels.jsonl", rows(4))
    said = [word.format(labels=labels) for word in words]
    assert part in refused("tagger", "train", "--labels", labels, "--backend", "causal", *said)
