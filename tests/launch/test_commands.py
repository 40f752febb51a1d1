"""Each command that works for a while, once for real, on tiny things."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from launch.cli import main
from tagger.frozen import FrozenTagger
from tests.launch.light import light
from tests.tagger.small_data import rows, write
from tests.world import World


def test_evaluate_then_report(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    words = [f"problems.source={world.problems}", "problems.size=3", "samples=2"]
    argv = ["evaluate", str(world.model), *words, "max_new_tokens=16", f"tagger={world.tagger}"]
    argv += ["--cache", str(tmp_path / "cache")]
    assert main([*argv, "--seed", "4", "--output", str(run)]) == 0
    out, error = capsys.readouterr()
    assert "suffice: WARNING: test: base: no signal, none of 6 completions is correct." in error
    assert f"Report:  {run / 'report.html'}" in out
    assert "WARNING base: no signal, none of 6 completions is correct." in " ".join(out.split())
    results = json.loads((run / "results.json").read_text())
    assert list(results["arms"]) == ["base"]
    assert results["provenance"]["config"]["seed"] == 4
    assert results["provenance"]["model"]["base"] == str(world.model)

    page = (run / "report.html").read_bytes()
    done = light("report", str(run))
    assert done.returncode == 0, done.stderr
    assert "there already; --replace renders it anew" in done.stdout
    assert "base" in done.stdout
    other = tmp_path / "other.html"
    assert main(["report", str(run), "--output", str(other)]) == 0
    assert other.read_bytes() == page
    assert main(["report", str(run), "--output", str(other)]) == 2
    assert "exists" in capsys.readouterr().err
    (run / "report.html").write_text("old")
    assert main(["report", str(run / "results.json"), "--replace"]) == 0
    assert (run / "report.html").read_bytes() == page


def test_train_resume_refusal_and_compare_that_goes_on(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, run = tmp_path / "config.yaml", tmp_path / "run"
    content = world.config("unused")
    del content["output"]
    content["grpo"] |= {"max_steps": 1}
    split = {"source": str(world.problems), "size": 2, "samples": 1}
    compare = {
        "base": str(world.model),
        "tagger": str(world.tagger),
        "problems": split,
        "rules": {},
        "max_new_tokens": 12,
        "oracle": False,
    }
    config.write_text(yaml.safe_dump({"train": content, "compare": compare}))
    assert main(["train", "--config", str(config), "--seed", "1", "--output", str(run)]) == 0
    assert f"Trained policy: {run / 'policy'}" in capsys.readouterr().out
    assert yaml.safe_load((run / "config.yaml").read_text())["seed"] == 1
    assert main(["train", "--resume", str(run)]) == 2
    assert "is complete" in capsys.readouterr().err

    folder = tmp_path / "compare"
    argv = ["compare", "--config", str(config), f"trained={run / 'policy'}"]
    assert main([*argv, "--output", str(folder)]) == 0
    first = json.loads((folder / "results.json").read_text())
    assert list(first["arms"]) == ["base", "trained"]
    made = {p: p.stat().st_mtime_ns for p in folder.glob("samples/*/*")}
    assert made
    assert main(["compare", "--resume", str(folder)]) == 0
    assert {p: p.stat().st_mtime_ns for p in folder.glob("samples/*/*")} == made
    assert json.loads((folder / "results.json").read_text())["arms"] == first["arms"]
    assert main(["compare", "--resume", str(folder), "seed=1"]) == 2
    assert "seed" in capsys.readouterr().err
    assert main([*argv, "--resume", str(folder)]) == 2
    assert "leave --config away" in capsys.readouterr().err


def test_tagger_train_from_labels_and_from_the_generator(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = world.root / "labelled.jsonl"
    one, two = tmp_path / "one", tmp_path / "two"
    few = ["--seed", "1", "max_iterations=5"]
    assert main(["tagger", "train", "--labels", str(labels), *few, "--output", str(one)]) == 0
    assert "held-out traces" in capsys.readouterr().out
    assert main(["tagger", "train", "generated=60", *few, "--output", str(two)]) == 0
    prints = [json.loads((f / "tagger.json").read_text())["fingerprint"] for f in (one, two)]
    assert prints[0] != prints[1]
    assert prints[1] in (two / "README.md").read_text()
    assert "the overthinker's generator" in (two / "README.md").read_text()
    trace = json.dumps({"thinking": "So the answer is 7."}) + "\n"
    file = tmp_path / "trace.jsonl"
    file.write_text(trace)
    capsys.readouterr()
    assert main(["tag", str(file), "--tagger", str(two), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tagger"] == prints[1]


@pytest.mark.parametrize("enough", [True, False])
def test_tagger_train_keeps_the_words_of_its_data_if_there_are_enough(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enough: bool
) -> None:
    if enough:
        monkeypatch.setattr("launch.tagging.known_words.FEWEST_WORDS", 3)
    labels, made = world.root / "labelled.jsonl", tmp_path / "made"
    few = ["--seed", "1", "max_iterations=5", "--output", str(made)]
    assert main(["tagger", "train", "--labels", str(labels), *few]) == 0
    known = FrozenTagger.load(made).extras.known_words
    assert (known is not None) is enough
    if known is not None:
        assert known.share("So the answer is 7.") == 1.0
        assert known.share("Eichhörnchen knabbern Nüsse.") < 0.5


def test_tagger_train_reads_words_from_whatever_labels_are_read_from(
    world: World, tmp_path: Path
) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text((world.root / "labelled.jsonl").read_text())
    few = ["max_iterations=5", "--output", str(tmp_path / "made")]
    assert main(["tagger", "train", "--labels", str(labels), *few]) == 0


def test_overthinker_build(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "model"
    small = ["traces=32", "hidden=32", "layers=1", "heads=2"]
    argv = ["overthinker", "build", *small, "--seed", "1", "--output", str(model)]
    assert main([*argv, "--problems", "0"]) == 2
    assert "'0' is no number of problems (1 or more)" in capsys.readouterr().err
    assert main([*argv, "--problems", "2"]) == 0
    assert f"Built {model} from seed 1" in capsys.readouterr().out
    assert json.loads((model / "build.json").read_text())["seed"] == 1
    assert (model / "model.safetensors").is_file()
    assert "| samples | 8 |" in (model / "README.md").read_text()


def test_settings_of_tagger_train_belong_to_the_back_end(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    train = ["tagger", "train", "--labels", "none.jsonl"]
    assert "did you mean 'linear'" in refused(*train, "--backend", "linaer")
    assert "did you mean 'strength'" in refused(*train, "--backend", "linear", "strenght=1")
    encoder = [*train, "--backend", "encoder"]
    assert "did you mean 'head_epochs'" in refused(*encoder, "head_epoch=1")
    assert "is 2; it must be a number from 0" in refused(*encoder, "dropout=2")
    there = write(tmp_path / "there.jsonl", rows(2))
    found = ["tagger", "train", "--labels", there, "--backend", "encoder"]
    assert "'nowhere'" in refused(*found, "encoder=nowhere")
    assert "is a setting and no file" in refused("tagger", "train", "--labels", "epochs=1")
    assert "leave out --extra" in refused(*train, "--extra", "other.jsonl:venhoff")
    assert "leave out --checkpoint" in refused(*train, "--checkpoint", str(tmp_path / "c"))


def test_tagger_train_encoder_with_extra_labels_and_a_checkpoint(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.tagger.encoders_made_here import make_encoder

    extra = tmp_path / "extra.jsonl"
    steps = ["Let us see.", "2 + 2 = 4."]
    labels = {"0": "initializing", "1": "deduction"}
    extra.write_text(json.dumps({"id": "x", "steps": steps, "labels": labels}) + "\n")
    encoder = make_encoder(tmp_path / "encoder")
    shape = ["max_tokens=16", "previous_tokens=4", "hidden=8", "head_epochs=1", "epochs=1"]
    argv = ["tagger", "train", "--labels", str(world.root / "labelled.jsonl"), *shape]
    argv += ["--backend", "encoder", f"encoder={encoder}", "--extra", f"{extra}:venhoff"]
    argv += ["--checkpoint", str(tmp_path / "kept")]
    prints = []
    for name in ("one", "two"):
        assert main([*argv, "--output", str(tmp_path / name)]) == 0
        out, err = capsys.readouterr()
        assert "held-out traces" in out
        assert ("everything, epoch 1 of 1" in err) == (name == "one"), "the second had it kept"
        prints.append(json.loads((tmp_path / name / "tagger.json").read_text())["fingerprint"])
    assert prints[0] == prints[1]
    card = (tmp_path / "one" / "README.md").read_text()
    assert "sentence encoder" in card and "`head_epochs=1`" in card and "venhoff" in card
    file = tmp_path / "trace.jsonl"
    file.write_text(json.dumps({"thinking": "So the answer is 7."}) + "\n")
    assert main(["tag", str(file), "--tagger", str(tmp_path / "one"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tagger"] == prints[0]
