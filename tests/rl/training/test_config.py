"""Run configs: typed, checked, overridden, written back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rl.training.config import (
    AccuracyFloorConfig,
    ProblemsConfig,
    RunConfig,
    config_from_dict,
    load_config,
    write_config,
)
from tagger.errors import UserError

YAML = """
model: overthinker
problems: {size: 64, seed: 2}
reward:
  terms:
    correctness: {weight: 1}
    step_count: {weight: 5e-2, types: {VERIFY: {allowance: 1}}}
grpo: {learning_rate: 5e-5, max_steps: 10}
accuracy_floor: {drop: 0.05, window: 10}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_becomes_a_typed_config(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, YAML))
    assert config.problems == ProblemsConfig(size=64, seed=2)
    assert config.grpo == {"learning_rate": 5e-5, "max_steps": 10}
    assert config.reward.terms["step_count"]["weight"] == 0.05
    assert config.accuracy_floor == AccuracyFloorConfig(drop=0.05, window=10)
    assert config.lora is None


def test_overrides_win(tmp_path: Path) -> None:
    path = written(tmp_path, YAML)
    config = load_config(
        path, ["seed=7", "grpo.learning_rate=1e-4", "lora.r=4", "reward.terms.step_count.weight=1"]
    )
    assert (config.seed, config.lora) == (7, {"r": 4})
    assert config.grpo == {"learning_rate": 1e-4, "max_steps": 10}
    assert config.reward.terms["step_count"] == {"weight": 1, "types": {"VERIFY": {"allowance": 1}}}


def test_a_file_may_hold_other_sections(tmp_path: Path) -> None:
    text = "_set: &set {size: 3}\ntrain: {seed: 5, problems: *set}\ncompare: {samples: 4}\n"
    assert load_config(written(tmp_path, text)).seed == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "train: {}\nreward: {terms: {correctness: {}}}",
            "Unknown section of .*'reward'.* stand in train",
        ),
        ("train: {}\nsedes: [1]", "Unknown section of .*'sedes'"),
        ("train: {}\narsm: {}", "did you mean 'arms'"),
        ("train: {}\nfoo: 1\nworkers: 2", "the file of a sweep .'workers' is a key of one"),
        ("train: {}\nvary: {seed: [0, 1]}", "the file of a sweep .'vary' is a key of one.; run it"),
    ],
)
def test_keys_beside_the_sections_are_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        load_config(written(tmp_path, text))


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, "")) == RunConfig()


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, YAML), ["delimiters={open: <a>, close: </a>}"])
    write_config(config, tmp_path / "config.yaml")
    assert load_config(tmp_path / "config.yaml") == config


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("modle: x", "Unknown config key 'modle'.*did you mean 'model'"),
        ("problems: {sise: 3}", "did you mean 'problems.size'"),
        ("size: 3", "did you mean 'problems.size'"),
        ("terms: {}", "did you mean 'reward.terms'"),
        ("accuracy_floor: {dorp: 1}", "did you mean 'accuracy_floor.drop'"),
        ("accuracy_floor: {window: 3}", "needs 'floor' or 'drop'"),
        ("accuracy_floor: {floor: 70}", "accuracy_floor.floor is 70; it must be a number from 0"),
        ("accuracy_floor: {floor: 0.5, window: 0}", "at least 1"),
        (
            "accuracy_floor: {drop: 0.1, alpha: 0}",
            "accuracy_floor.alpha is 0; it must be a number above 0 and below 1",
        ),
        ("delimiters: {open: a}", "the key delimiters.close is missing"),
        ("seed: one", "seed is 'one'; it must be a whole number from 0"),
        ("seed: true", "seed is True; it must be a whole number"),
        ("seed: -1", "seed is -1; it must be a whole number from 0"),
        ("problems: {size: 0}", "problems.size is 0; it must be a whole number of at least 1"),
        ("problems: 3", "problems must be a mapping"),
        ("grpo: [1]", "grpo is .1.; it must be of type dict"),
        ("tagger: 4", "must be of type str or nothing"),
        ("- a", "must be a mapping"),
        ("seed: 1\nseed: 2", "line 2.*stands there twice"),
        ("a: [1", "line 2 is not valid YAML|line 1 is not valid YAML"),
    ],
)
def test_bad_files_are_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as error:
        load_config(written(tmp_path, text))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("seed", "must look like key=value"),
        ("=3", "must look like key=value"),
        ("seed=[1", "needs quotes"),
        ("seed.x=1", "a plain value"),
        ("sead=1", "did you mean 'seed'"),
        ("learning_rate=1e-5", "did you mean 'grpo.learning_rate'"),
    ],
)
def test_bad_overrides_are_told(tmp_path: Path, override: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        load_config(written(tmp_path, "seed: 1"), [override])


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Cannot read the config"):
        load_config(tmp_path / "none.yaml")


def test_data_from_elsewhere_is_checked_too() -> None:
    data: dict[str, Any] = {"problems": {"size": 3.5}}
    with pytest.raises(UserError, match="problems.size is 3.5"):
        config_from_dict(data)
