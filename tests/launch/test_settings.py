from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from launch.settings import section, settings_of
from tagger.config.settings import Settings
from tagger.errors import UserError


@dataclass
class Sizes(Settings):
    traces: int = 10
    rate: float = 0.5
    name: str = "a"
    limit: int | None = None


def test_options_win_over_overrides_and_these_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("traces: 1\nrate: 2e-3\nname: file\n")
    settings = settings_of(Sizes, file, ["traces=3", "name=override"], name="option", limit=None)
    assert settings == Sizes(traces=3, rate=0.002, name="option")


def test_defaults_fill_what_nobody_set() -> None:
    assert settings_of(Sizes, None) == Sizes()
    assert settings_of(Sizes, None, ["limit=4", "rate=1"]) == Sizes(rate=1.0, limit=4)


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("trace=1", "did you mean 'traces'"),
        ("traces", "must look like key=value"),
        ("traces=1.5", "traces is 1.5; it must be of type int"),
        ("traces=true", "it must be of type int"),
        ("limit=x", "int or nothing"),
    ],
)
def test_bad_overrides_are_told_by_key(word: str, part: str) -> None:
    with pytest.raises(UserError, match=part):
        settings_of(Sizes, None, [word])


def test_a_word_that_is_a_file_or_folder_is_told_where_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("traces: 1\n")
    with pytest.raises(UserError, match=f"key=value; .* named by --config {file}"):
        settings_of(Sizes, None, [str(file)])
    with pytest.raises(UserError, match=f"key=value; .* NAME={tmp_path}"):
        settings_of(Sizes, None, [str(tmp_path)])


def test_errors_name_the_file(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("traces: many\n")
    with pytest.raises(UserError, match=f"{file}: traces is 'many'"):
        settings_of(Sizes, file)
    file.write_text("traces: 1\n{a: 1}: 2\n")
    with pytest.raises(UserError, match=f"{file}, line 2 is not .* is no plain value"):
        settings_of(Sizes, file)


def test_a_section_is_taken_where_there_is_one() -> None:
    assert section({"train": {"seed": 1}, "compare": {}}, "train") == {"seed": 1}
    assert section({"seed": 2}, "train") == {"seed": 2}
    with pytest.raises(UserError, match="'train'"):
        section({"train": 3}, "train")
    with pytest.raises(UserError, match="Unknown section of c.yaml 'samples'.* in compare"):
        section({"compare": {}, "samples": 3}, "compare", "c.yaml")
