"""Settings from plain data: what is refused, in which words, and what it costs to ask."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, dataclass, field
from math import nan
from typing import Annotated, Any, ClassVar, Literal

import pytest
from annotated_types import Ge, Interval
from hypothesis import given
from hypothesis import strategies as st

from tagger.config.settings import Settings, build_settings
from tagger.errors import UserError


@dataclass(frozen=True)
class Inner(Settings):
    size: Annotated[int, Ge(1)] | None = None
    share: Annotated[float, Interval(gt=0, le=1)] = 1.0
    rate: Annotated[float, Interval(ge=0, le=0.9)] = 0.5
    device: Literal["auto", "cpu"] = "auto"


@dataclass(frozen=True)
class Outer(Settings):
    RENAMED: ClassVar[dict[str, str]] = {"heaviness": "weight"}

    name: str
    inner: Inner = field(default_factory=Inner)
    other: Inner | None = None
    weight: float = 1.0
    report: str | list[str] = "none"
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name == "bad":
            raise UserError("name is 'bad'; take a good one.")


@dataclass(frozen=True)
class Rule(Settings):
    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "stopping rule 'r'"

    limit: Annotated[int, Ge(1)]
    types: str | Sequence[str] = ("A",)
    taxonomy: str = "own"


def test_build_settings_fills_defaults_and_builds_sections() -> None:
    made = build_settings(Outer, {"name": "x", "inner": {"size": 2}, "weight": 3})
    assert made == Outer("x", Inner(size=2), weight=3.0)
    assert isinstance(made.weight, float)
    assert build_settings(Outer, {"name": "x", "other": None}) == Outer("x")
    assert build_settings(Outer, {"name": "x", "inner": Inner(3)}).inner.size == 3


def test_to_dict_makes_equal_settings() -> None:
    made = Outer("x", Inner(size=2), Inner(device="cpu"), 0.5, ["a", "b"], {"k": [1]})
    assert build_settings(Outer, json.loads(json.dumps(made.to_dict()))) == made


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"name": "x", "waight": 1}, "f: Unknown config key 'waight'; did you mean 'weight'?"),
        (
            {"name": "x", "inner": {"sise": 1}},
            "f: Unknown config key 'inner.sise'; did you mean 'inner.size'?",
        ),
        ({"name": "x", "size": 1}, "f: Unknown config key 'size'; did you mean 'inner.size'?"),
        ({"size": 1}, "f: Unknown config key 'size'; did you mean 'inner.size'?"),
        ({}, "f: the key name is missing."),
        ({"name": 3}, "f: name is 3; it must be of type str."),
        ({"name": "x", "weight": True}, "f: weight is True; it must be of type float."),
        ({"name": "x", "report": [1]}, "f: report is [1]; it must be of type str or list."),
        ({"name": "x", "extra": 4}, "f: extra is 4; it must be of type dict."),
        (
            {"name": "x", "inner": {"size": 0}},
            "f: inner.size is 0; it must be a whole number of at least 1 or nothing.",
        ),
        (
            {"name": "x", "inner": {"size": "many"}},
            "f: inner.size is 'many'; it must be a whole number of at least 1 or nothing.",
        ),
        (
            {"name": "x", "inner": {"share": 0}},
            "f: inner.share is 0; it must be a number above 0 and at most 1.",
        ),
        (
            {"name": "x", "inner": {"rate": 1}},
            "f: inner.rate is 1; it must be a number from 0 to 0.9.",
        ),
        (
            {"name": "x", "inner": {"device": "gpu"}},
            "f: Unknown value of inner.device 'gpu'; did you mean 'cpu'?",
        ),
        (
            {"name": "x", "inner": {"device": 1}},
            "f: inner.device is 1; it must be one of auto, cpu.",
        ),
        ({"name": "x", "inner": 3}, "f: inner must be a mapping of keys to values; it is 3."),
        ({"name": "x", "other": []}, "f: other must be a mapping of keys to values; it is []."),
        ({"name": "bad"}, "f: name is 'bad'; take a good one."),
        ({"name": "x", 3: 4}, "f: Unknown config key '3'; valid: "),
        ([], "f: the config must be a mapping of keys to values; it is []."),
        ({"name": "x", "weight": 1, "heaviness": 2}, "is the former name of 'weight'"),
    ],
)
def test_build_settings_refuses_in_one_sentence(data: Any, told: str) -> None:
    with pytest.raises(UserError) as error:
        build_settings(Outer, data, "f")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_not_a_number_lies_in_no_range() -> None:
    for key in ("share", "rate"):
        with pytest.raises(UserError, match=f"^inner.{key} is nan; it must be a number"):
            build_settings(Outer, {"name": "x", "inner": {key: nan}}, "")


def test_settings_made_in_code_are_checked_too() -> None:
    with pytest.raises(UserError, match="^share is 2; it must be a number above 0"):
        Inner(share=2)
    with pytest.raises(UserError, match="^limit of stopping rule 'r' is 0; it must be a whole"):
        Rule(0)
    with pytest.raises(FrozenInstanceError):
        Inner().size = 3  # type: ignore[misc]


def test_an_owner_is_named_and_its_given_fields_are_no_keys() -> None:
    assert build_settings(Rule, {"limit": 2}, "", {"taxonomy": "t"}) == Rule(2, taxonomy="t")
    for data, told in (
        ({"limt": 2}, "^Unknown parameter of stopping rule 'r' 'limt'; did you mean 'limit'"),
        ({}, "^the parameter limit of stopping rule 'r' is missing"),
        ({"limit": 1, "taxonomy": "x"}, "^Unknown parameter of stopping rule 'r' 'taxonomy'"),
        ({"limit": 1, "types": 3}, "^types of stopping rule 'r' is 3; it must be of type str or "),
    ):
        with pytest.raises(UserError, match=told):
            build_settings(Rule, data, "", {"taxonomy": "t"})


def test_a_former_name_loads_with_a_hint(caplog: pytest.LogCaptureFixture) -> None:
    assert build_settings(Outer, {"name": "x", "heaviness": 2}).weight == 2.0
    assert "'heaviness' is now called 'weight'" in caplog.text


@given(st.integers())
def test_a_range_holds_exactly_its_numbers(value: int) -> None:
    if value >= 1:
        assert build_settings(Inner, {"size": value}).size == value
    else:
        with pytest.raises(UserError, match=f"size is {value}; "):
            build_settings(Inner, {"size": value})


LIGHT = """
import sys
from dataclasses import dataclass
from tagger.config.settings import Settings, build_settings
@dataclass(frozen=True)
class S(Settings):
    a: int = 1
    b: str | None = None
S(); build_settings(S, {}); build_settings(S, {"a": 1, "b": None})
assert "pydantic" not in sys.modules
build_settings(S, {"a": 2})
assert "pydantic" in sys.modules
"""


def test_defaults_need_no_pydantic() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True)


PACKAGED = """
import sys
from launch.cli import build_parser
build_parser()
heavy = {"numpy", "pydantic", "jinja2", "torch"} & sys.modules.keys()
assert not heavy, f"the help of the commands imports {heavy}"
from tagger.frozen import FrozenTagger, packaged_taggers
for name in packaged_taggers():
    FrozenTagger.load(name)
assert "pydantic" not in sys.modules, "the packaged taggers have default settings"
"""


def test_help_and_packaged_taggers_need_no_pydantic() -> None:
    subprocess.run([sys.executable, "-c", PACKAGED], check=True)
