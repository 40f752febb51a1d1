"""Named arms of a config file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rl.training.config import load_config
from tagger.errors import UserError

CONTENT = {
    "train": {
        "seed": 3,
        "reward": {"terms": {"correctness": {"weight": 1.0}, "step_count": {"weight": 0.1}}},
    },
    "arms": {
        "control": {"reward.terms.step_count.weight": 0},
        "as_is": {},
        "length": {
            "reward.terms.length_sigmoid.weight": 0.2,
            "reward.terms.length_sigmoid": {"deviation": "sample"},
        },
    },
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump(CONTENT, sort_keys=False))
    return path


def test_an_arm_sets_its_keys_and_no_others(file: Path) -> None:
    base, control = load_config(file), load_config(file, arm="control")
    assert load_config(file, arm="as_is") == base
    assert base.reward.terms["step_count"]["weight"] == 0.1
    assert control.reward.terms["step_count"]["weight"] == 0
    control.reward.terms["step_count"]["weight"] = 0.1
    assert control == base


def test_sections_of_an_arm_come_before_the_keys_within(file: Path) -> None:
    terms = load_config(file, arm="length").reward.terms
    assert terms["length_sigmoid"] == {"deviation": "sample", "weight": 0.2}


def test_words_of_the_command_line_win_over_an_arm(file: Path) -> None:
    config = load_config(file, ["reward.terms.step_count.weight=0.5"], arm="control")
    assert config.reward.terms["step_count"]["weight"] == 0.5


def test_wrong_arms_are_refused(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="arm of .*run.yaml 'contrl'; did you mean 'control'"):
        load_config(file, arm="contrl")
    other = tmp_path / "other.yaml"
    other.write_text("train: {seed: 1}\n")
    with pytest.raises(UserError, match=r"other.yaml has no arms; leave --arm out\."):
        load_config(other, arm="control")
    other.write_text("train: {seed: 1}\narms: [control]\n")
    with pytest.raises(UserError, match="arms must hold a mapping of dotted keys"):
        load_config(other)
    other.write_text("train: {seed: 1}\narms: {a: {seed.b: 2}}\n")
    with pytest.raises(UserError, match=r"arms.a: 'seed.b' leads .* a plain value .* set seed"):
        load_config(other, arm="a")
