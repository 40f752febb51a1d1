"""`suffice config explain`: every key, generated from the settings classes."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from launch.cli import main
from launch.config_keys import CONFIGS, explained, keys_of
from rewards.terms.registry import MODULES, term_kind
from rl.comparison.config import CompareConfig
from rl.training.config import RunConfig, config_from_dict
from tagger.config.explain import REQUIRED, attribute_texts
from tagger.errors import UserError
from tagger.stopping.rules.registry import RULES

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize(("config", "kind"), [("train", RunConfig), ("compare", CompareConfig)])
def test_every_key_is_explained_in_words(config: str, kind: type) -> None:
    docs = keys_of(config)
    keys = [doc.key for doc in docs]
    assert {f.name for f in dataclasses.fields(kind)} <= set(keys)
    assert len({(doc.key, doc.text) for doc in docs}) == len(docs)
    assert [doc.key for doc in docs if not doc.text] == []
    assert [doc.key for doc in docs if not doc.allowed or not doc.default] == []


def test_parameters_of_terms_and_rules_are_keys() -> None:
    keys = {doc.key for config in CONFIGS for doc in keys_of(config)}
    for name in MODULES:
        params = dataclasses.fields(term_kind(name).params)
        assert {f"reward.terms.{name}.{f.name}" for f in params} <= keys
    assert {f"rules.{name}" for name in RULES} <= keys
    assert "rules.count.limit" in keys and "rules.count.taxonomy" not in keys
    assert "reward.terms.step_count.types.NAME.cap" in keys


def test_a_key_has_range_default_and_text() -> None:
    (doc,) = explained("keep_rollouts.every")
    assert (doc.key, doc.allowed) == ("train.keep_rollouts.every", "a whole number of at least 1")
    assert doc.default == "25" and doc.text.startswith("Steps between two")
    (seed,) = explained("train.seed")
    assert seed.allowed == "a whole number from 0 to 4294967295"
    (aggregation,) = [d for d in explained("reward.aggregation") if d.key.endswith("aggregation")]
    assert aggregation.allowed == "str or a mapping or nothing"  # a name alone will do
    (limit,) = explained("rules.count.limit")
    assert limit.default == REQUIRED
    for rule in ("token_budget", "step_budget"):
        (limit,) = explained(f"rules.{rule}.limit")
        assert limit.default == "none, it or share must be given"


def test_a_section_is_explained_with_its_keys_and_its_own_defaults() -> None:
    docs = {doc.key: doc.default for doc in explained("calibration")}
    assert docs["compare.calibration.size"] == "100"  # a split alone has 300
    assert {doc.key.partition(".")[0] for doc in explained("problems")} == {"train", "compare"}


def test_names_of_the_users_own_fit_the_place_holders() -> None:
    (cap,) = explained("reward.terms.step_count.types.VERIFY.cap")
    assert cap.key == "train.reward.terms.step_count.types.NAME.cap"
    assert explained("reward.terms.short.weight")[0].key == "train.reward.terms.TERM.weight"
    assert explained("rules.conclude.kind")[0].key == "compare.rules.RULE.kind"


@pytest.mark.parametrize(
    ("key", "meant"),
    [("reward.terms.step_cont", "reward.terms.step_count"), ("accuracy_flor", "accuracy_floor")],
)
def test_an_unknown_key_is_refused_with_the_nearest(key: str, meant: str) -> None:
    with pytest.raises(UserError, match=f"did you mean '{meant}'"):
        explained(key)


def test_defaults_are_those_of_an_empty_config() -> None:
    import yaml

    values = config_from_dict({}).to_dict()
    shown = {doc.key: doc.default for doc in keys_of("train")}
    for key, value in values.items():
        assert yaml.safe_load(shown[key]) == value, key


def test_texts_of_bases_count_and_lines_are_joined() -> None:
    class Base:
        """First.

        Attributes:
            one: Of the base.
            two: Of the base.
        """

    class Derived(Base):
        """Second.

        Attributes:
            two: A text
                on two lines: with a colon.

        Raises:
            three: No attribute.
        """

    assert attribute_texts(Derived) == {
        "one": "Of the base.",
        "two": "A text on two lines: with a colon.",
    }


@pytest.mark.parametrize(
    ("config", "document"), [("train", "training.md"), ("compare", "comparison.md")]
)
def test_the_document_has_the_table_the_command_prints(
    config: str, document: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = f"config explain {config} --markdown"
    assert main(command.split()) == 0
    printed = capsys.readouterr().out
    (table,) = re.findall(
        rf"<!-- suffice {command} -->\n(.*?)<!-- end -->",
        (DOCS / document).read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert table == printed, f"print it anew with: suffice {command}"


def test_without_a_key_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "explain"]) == 0
    listed = capsys.readouterr().out.splitlines()
    for config in CONFIGS:
        assert all(f"{config}.{doc.key}: {doc.default}" in listed for doc in keys_of(config))
