"""Bad input: one sentence that names file, row or key, exit 2, before any model is loaded."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.world import World

Refused = Callable[..., str]


@pytest.fixture
def config(world: World, tmp_path: Path) -> Path:
    """A training config that only lacks an output folder."""
    content = world.config("unused")
    del content["output"]
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


@pytest.fixture
def comparison(world: World, tmp_path: Path) -> Path:
    file = tmp_path / "compare.yaml"
    split = {"source": str(world.problems), "size": 2}
    content = {
        "base": str(world.model),
        "tagger": str(world.tagger),
        "problems": {**split, "seed": 1},
        "calibration": {**split, "seed": 2},
    }
    file.write_text(yaml.safe_dump(content))
    return file


@pytest.mark.parametrize(
    "argv",
    [
        ["tag", "none.jsonl"],
        ["tagger", "train", "--labels", "none.jsonl"],
        ["train", "--config", "{config}", "problems.source=none.jsonl"],
        ["compare", "--config", "{comparison}", "problems.source=none.jsonl"],
        ["evaluate", "{model}", "problems.source=none.jsonl"],
    ],
)
def test_missing_data_file(
    refused: Refused, argv: list[str], config: Path, comparison: Path, world: World
) -> None:
    words = [word.format(config=config, comparison=comparison, model=world.model) for word in argv]
    assert "none.jsonl" in refused(*words)


@pytest.mark.parametrize(
    "argv",
    [
        ["tag", "{file}", "--json"],
        ["tagger", "train", "--labels", "{file}"],
        ["train", "--config", "{config}", "problems.source={file}"],
        ["compare", "--config", "{comparison}", "problems.source={file}"],
    ],
)
def test_malformed_row_is_named_by_its_line(
    refused: Refused, argv: list[str], config: Path, comparison: Path, tmp_path: Path
) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('\n{"question": "broken\n')
    words = [w.format(file=file, config=config, comparison=comparison) for w in argv]
    assert f"{file}, line 2" in refused(*words)


def test_malformed_row_after_good_ones(refused: Refused, tmp_path: Path) -> None:
    good = {"id": "a", "question": "q", "steps": ["x"], "labels": {"0": "VERIFI"}}
    file = tmp_path / "labelled.jsonl"
    first = {**good, "id": "b", "labels": {"0": "META"}}
    file.write_text(json.dumps(first) + "\n" + json.dumps(good) + "\n")
    err = refused("tagger", "train", "--labels", file)
    assert "line 2" in err
    assert "did you mean 'VERIFY'" in err


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["train", "--config", "{config}", "sed=1"], "'sed'; did you mean 'seed'"),
        (
            ["train", "--config", "{config}", "grpo.learnin_rate=1"],
            "did you mean 'grpo.learning_rate'",
        ),
        (
            ["train", "--config", "{config}", "problems.sise=1"],
            "did you mean 'problems.size'",
        ),
        (
            ["compare", "--config", "{comparison}", "max_new_token=1"],
            "did you mean 'max_new_tokens'",
        ),
        (["evaluate", "overthinker", "sample=1"], "did you mean 'samples'"),
        (["overthinker", "build", "trace=1"], "did you mean 'traces'"),
        (["tagger", "train", "generate=1"], "did you mean 'generated'"),
        (["tag", "-", "limits=1"], "did you mean 'limit'"),
        (["quickstart", "--config", "{quickstart}", "trian.seed=1"], "did you mean 'train'"),
        (["quickstart", "--config", "{quickstart}", "train.sed=1"], "did you mean 'seed'"),
        (
            ["quickstart", "--config", "{quickstart}", "compare.sample=1"],
            "did you mean 'samples'",
        ),
    ],
)
def test_unknown_config_key_suggests_the_nearest(
    refused: Refused, argv: list[str], part: str, config: Path, comparison: Path, tmp_path: Path
) -> None:
    quickstart = tmp_path / "quickstart.yaml"
    quickstart.write_text("train: {}\ncompare: {}\n")
    files = {"config": config, "comparison": comparison, "quickstart": quickstart}
    assert part in refused(*(word.format(**files) for word in argv))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("reward.terms.short.types={VERIFI: {}}", "did you mean 'VERIFY'"),
        ("reward.terms={step_counts: {}}", "did you mean 'step_count'"),
        ("reward.terms.short.allowence=1", "allowence"),
    ],
)
def test_unknown_type_or_term(refused: Refused, config: Path, word: str, part: str) -> None:
    assert part in refused("train", "--config", config, word)


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("rules={cuont: {limit: [1]}}", "did you mean 'count'"),
        ("rules={count: {limit: [1], types: [VERIFI]}}", "did you mean 'VERIFY'"),
        ("rules={count: {limits: [1], types: [VERIFY]}}", "did you mean"),
    ],
)
@pytest.mark.parametrize("command", ["compare", "quickstart"])
def test_unknown_rule_or_its_type(
    refused: Refused, comparison: Path, tmp_path: Path, command: str, word: str, part: str
) -> None:
    if command == "quickstart":
        values = yaml.safe_load(comparison.read_text())
        sections = {"train": {"model": values.pop("base")}, "compare": values}
        comparison.write_text(yaml.safe_dump(sections))
        word = f"compare.{word}"
    assert part in refused(command, "--config", comparison, word, "--output", tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "argv",
    [
        ["tag", "-", "--tagger", "{tagger}"],
        ["train", "--config", "{config}", "tagger={tagger}"],
        ["compare", "--config", "{comparison}", "tagger={tagger}"],
        ["quickstart", "--config", "{sections}", "train.tagger={tagger}"],
    ],
)
def test_tagger_that_does_not_match_its_fingerprint(
    refused: Refused,
    argv: list[str],
    config: Path,
    comparison: Path,
    world: World,
    tmp_path: Path,
) -> None:
    tagger = tmp_path / "tagger"
    shutil.copytree(world.tagger, tagger)
    about = json.loads((tagger / "tagger.json").read_text())
    about["fingerprint"] = "0" * 64
    (tagger / "tagger.json").write_text(json.dumps(about))
    sections = tmp_path / "sections.yaml"
    sections.write_text(yaml.safe_dump({"train": {"model": str(world.model)}}))
    files = {"tagger": tagger, "config": config, "comparison": comparison, "sections": sections}
    assert "fingerprint" in refused(*(word.format(**files) for word in argv))


def test_tokenizer_without_thinking_delimiters(
    refused: Refused, config: Path, world: World, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(world.model, model)
    for file in model.iterdir():
        if file.suffix in (".json", ".jinja"):
            file.write_text(file.read_text().replace("<think>", "<a>").replace("</think>", "<b>"))
    err = refused("train", "--config", config, f"model={model}")
    assert "delimiters" in err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "argv",
    [
        ["train", "--config", "{config}", "model={model}"],
        ["compare", "--config", "{comparison}", "trained={model}", "max_new_tokens=4"],
    ],
)
def test_model_folder_without_weights(
    refused: Refused, argv: list[str], config: Path, comparison: Path, world: World, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(world.model, model, ignore=shutil.ignore_patterns("*.safetensors"))
    files = {"config": config, "comparison": comparison, "model": model}
    assert "holds no weights" in refused(*(word.format(**files) for word in argv))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "argv",
    [
        ["quickstart"],
        ["train"],
        ["evaluate", "overthinker"],
        ["compare"],
        ["overthinker", "build"],
        ["tagger", "train"],
    ],
)
def test_output_folder_that_exists(
    refused: Refused, argv: list[str], tmp_path: Path, comparison: Path, config: Path
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "precious").write_text("mine")
    files = {"compare": comparison, "train": config, "quickstart": config}
    given = ["--config", files[argv[0]]] if argv[0] in files else []
    err = refused(*argv, *given, "--output", there)
    assert f"{there} already exists and is never overwritten" in err
    assert [p.name for p in there.iterdir()] == ["precious"]


def test_too_little_disk(
    refused: Refused, config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**9, 10**9 - 1000, 1000))
    assert "Too little disk" in refused("train", "--config", config)
    sections = tmp_path / "quickstart.yaml"
    sections.write_text(yaml.safe_dump({"train": yaml.safe_load(config.read_text())}))
    assert "Too little disk" in refused("quickstart", "--config", sections)
    assert not list(tmp_path.glob("runs/*"))


def test_missing_and_malformed_config(refused: Refused, tmp_path: Path) -> None:
    for command in ("train", "compare", "quickstart"):
        assert "none.yaml" in refused(command, "--config", tmp_path / "none.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_text("seed: [1\nmodel: x\n")
    for command in ("train", "compare", "quickstart"):
        assert f"{bad}, line 2" in refused(command, "--config", bad)


def test_missing_model_and_run(refused: Refused, config: Path, tmp_path: Path) -> None:
    assert "./none" in refused("train", "--config", config, "model=./none")
    assert "./none" in refused("evaluate", "./none")
    assert "holds no config.yaml" in refused("train", "--resume", tmp_path)
    assert "holds no quickstart.yaml" in refused("quickstart", "--resume", tmp_path)
    assert not (tmp_path / "runs").exists()
