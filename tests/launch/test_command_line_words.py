"""An error of settings names the word of the command line that causes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from annotated_types import Ge

from launch.settings import settings_of
from rl.training.config import load_config
from tagger.config.overrides import build_with_words
from tagger.config.settings import Settings, apply_overrides, build_settings
from tagger.errors import UserError


@dataclass(frozen=True)
class Run(Settings):
    """Settings of a test.

    Attributes:
        steps: A number.
        name: A name.
    """

    steps: Annotated[int, Ge(1)]
    name: str = "n"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name == "short" and self.steps > 9:
            raise UserError("name short needs steps of at most 9.")


def built(data: dict[str, Any], *words: str) -> Run:
    def build(given: Sequence[str], source: str) -> Run:
        return build_settings(Run, apply_overrides(data, given), source)

    return build_with_words(build, words, "run.yaml")


def test_build_with_words_applies_them() -> None:
    assert built({"steps": 1}, "steps=2", "name=m") == Run(2, "m")


@pytest.mark.parametrize(
    ("data", "words", "said"),
    [
        ({"steps": 1}, ["name=m", "stps=2"], "stps=2 (command line): Unknown config key 'stps'"),
        ({"steps": 1}, ["steps=0", "name=m"], "steps=0 (command line): steps is 0"),
        ({"steps": 5}, ["steps=2", "steps=x"], "steps=x (command line): steps is 'x'"),
        ({"steps": 20}, ["name=short"], "name=short (command line): name short needs"),
        ({"steps": 1, "nam": "m"}, ["name=m"], "run.yaml: Unknown config key 'nam'"),
        ({"steps": 0}, ["name=m"], "run.yaml: steps is 0"),
        ({}, ["name=m"], "run.yaml: the key steps is missing"),
        ({"nam": "m"}, [], "run.yaml: Unknown config key 'nam'"),
        ({"steps": 1}, ["steps"], "The override 'steps' must look like key=value"),
    ],
)
def test_build_with_words_names_the_word_or_the_file(
    data: dict[str, Any], words: list[str], said: str
) -> None:
    with pytest.raises(UserError) as caught:
        built(data, *words)
    assert str(caught.value).startswith(said)


def test_commands_name_the_word(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("seed: 3\n")
    with pytest.raises(UserError, match=r"^sed=4 \(command line\): Unknown config key 'sed'"):
        load_config(file, ["sed=4"])
    with pytest.raises(UserError, match=r"run\.yaml: Unknown config key 'seed'"):
        settings_of(Run, file, ["steps=4"])
