from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from launch.settings import parse_override, read_yaml, section, settings_of
from tagger.errors import UserError


@dataclass
class Sizes:
    traces: int = 10
    rate: float = 0.5
    name: str = "a"
    loud: bool = False
    limit: int | None = None
    folder: Path | None = None


def test_options_win_over_overrides_and_these_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("traces: 1\nrate: 2\nname: file\n")
    settings = settings_of(Sizes, file, ["traces=3", "name=override"], name="option", limit=None)
    assert settings == Sizes(traces=3, rate=2.0, name="option")
    assert isinstance(settings.rate, float)


@pytest.mark.parametrize(
    ("word", "key", "value"),
    [
        ("rate=5e-5", "rate", 5e-5),
        ("a.b=[1, 2]", "a.b", [1, 2]),
        ("loud=true", "loud", True),
        ("limit=null", "limit", None),
        ("name=a=b", "name", "a=b"),
        ("name=nan", "name", "nan"),
    ],
)
def test_values_of_overrides_are_yaml(word: str, key: str, value: object) -> None:
    assert parse_override(word) == (key, value)


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("trace=1", "did you mean 'traces'"),
        ("traces", "KEY=VALUE"),
        ("=1", "KEY=VALUE"),
        ("name=[", "not valid YAML"),
        ("traces=1.5", "'traces' must be int, not 1.5"),
        ("traces=true", "'traces' must be int"),
        ("loud=1", "'loud' must be bool"),
        ("limit=x", "'limit' must be int or null"),
    ],
)
def test_bad_overrides_are_told_by_key(word: str, part: str) -> None:
    with pytest.raises(UserError, match=part.replace("[", r"\[")):
        settings_of(Sizes, None, [word])


def test_paths_and_nulls_are_converted() -> None:
    settings = settings_of(Sizes, None, ["folder=some/where", "limit=null", "traces=1e3"])
    assert settings == Sizes(folder=Path("some/where"), limit=None, traces=1000)


@pytest.mark.parametrize(
    ("content", "part"),
    [("a: [1\nb: 2\n", "line 2"), ("- 1\n", "must hold keys"), ("a: \x00", "not valid YAML")],
)
def test_bad_yaml_names_file_and_line(tmp_path: Path, content: str, part: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(content)
    with pytest.raises(UserError, match=part) as error:
        read_yaml(file)
    assert str(file) in str(error.value)


def test_missing_and_empty_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_yaml(tmp_path / "none.yaml")
    empty = tmp_path / "empty.yaml"
    empty.write_text("# nothing yet\n")
    assert read_yaml(empty) == {}


def test_a_section_is_taken_where_there_is_one() -> None:
    assert section({"train": {"seed": 1}, "compare": {}}, "train") == {"seed": 1}
    assert section({"seed": 2}, "train") == {"seed": 2}
    with pytest.raises(UserError, match="'train'"):
        section({"train": 3}, "train")
