"""Policies of a comparison: how they are named, what is refused, which arms they have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rl.analysis.arms import arm_name, compared_arms, default_claims, subject_of
from rl.comparison.config import CompareConfig, compare_config, config_keys
from rl.comparison.jobs import arms_at_most, independent_jobs
from rl.comparison.policies import apply_words
from tagger.errors import UserError

RULES = {"count": {"types": ["VERIFY"], "limit": [1, 2]}}


def words(*given: str, values: dict[str, Any] | None = None) -> CompareConfig:
    return compare_config(apply_words(values or {}, given, config_keys()))


def test_short_keys_are_policies_and_the_base_has_a_default() -> None:
    assert compare_config({}).policies == {"base": "overthinker"}
    assert compare_config({"trained": "a/b"}).policies == {"base": "overthinker", "trained": "a/b"}
    old = compare_config({"base": "a/b", "trained": None})  # as compare.json of earlier versions
    assert old.policies == {"base": "a/b"}


def test_base_comes_first_and_the_others_in_their_order() -> None:
    config = compare_config({"policies": {"trained": "t/t", "control": "c/c", "base": "b/b"}})
    assert list(config.policies) == ["base", "trained", "control"]
    assert compare_config(config.to_dict()) == config


def test_words_that_are_no_key_name_policies() -> None:
    config = words("base=o/b", "control=o/c", "trained=runs/x/policy", "samples=2")
    assert config.policies == {"base": "o/b", "control": "o/c", "trained": "runs/x/policy"}
    assert config.samples == 2


def test_words_win_over_the_policies_of_a_file() -> None:
    for values in ({"base": "o/b", "trained": "o/t"}, {"policies": {"base": "o/b"}}):
        config = words("base=o/n", "extra=o/e", values=values)
        assert (config.policies["base"], config.policies["extra"]) == ("o/n", "o/e")
    assert "trained" not in words("trained=null", values={"trained": "o/t"}).policies


def test_a_folder_without_a_slash_is_a_policy_and_a_misspelt_key_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sample").mkdir()
    monkeypatch.chdir(tmp_path)
    assert words("base=o/b", "sample=sample").policies["sample"] == "sample"
    for word, meant in (("smaples=3", "samples"), ("titel=Mine", "title"), ("top_q=1", "top_")):
        with pytest.raises(UserError, match=f"did you mean '{meant}"):
            words(word)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["base=o/b", "control=o/c", "control=o/d"], "'control' is named twice"),
        (["base=o/b", "policies.base=o/c"], "'base' is named twice"),
        (["control=o/c"], "The policies 'control' lack 'base'"),
        (["base=o/b", "monitored=o/c"], "'monitored' is reserved"),
        (["base=o/b", "a_monitored=o/c"], "'a_monitored' is reserved"),
        (["base=o/b", "a_vs_b=o/c"], "'a_vs_b' cannot name an arm"),
        (
            ["trained=o/b", "claims=[[trained, contrl]]"],
            "Unknown policy in the config key 'claims'",
        ),
        (["trained=o/b", "claims=[[trained]]"], "name pairs of two policies"),
        (["trained=o/b", "grid_policies=[trained]"], "'grid_policies' lacks 'base'"),
        (["grid_policies=[base, x]"], "Unknown policy in the config key 'grid_policies'"),
    ],
)
def test_policies_that_cannot_be_told_apart_are_refused(given: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        words(*given)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"base": "o/b", "policies": {"base": "o/c"}}, "'base' is named twice, by the config key"),
        ({"policies": {}}, "No policy is named in 'policies'"),
        ({"policies": {"base": None}}, "No policy is named in 'policies'"),
        ({"policies": "overthinker"}, "it must hold names and models"),
        ({"policies": {"base": "o/b", "seed": "o/c"}}, "'seed' is reserved for a config key"),
        ({"policies": {"base": "o/b", "a/b": "o/c"}}, "'a/b' cannot name an arm"),
        ({"policies": {"base": 3}}, "The policy 'base' is 3; name a folder"),
        ({"policies": {"base": {"modle": "o/b"}}}, "policies.base: .*needs the key 'model'"),
        ({"policies": {"base": {"model": "o/b", "dtyp": "auto"}}}, "did you mean 'dtype'"),
    ],
)
def test_bad_policies_of_a_file_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        compare_config(values)


def keys(config: CompareConfig) -> list[str]:
    return [job.key for job in independent_jobs(config)]


def test_arms_of_base_and_trained_are_those_of_earlier_versions() -> None:
    assert keys(compare_config({"trained": "o/t", "rules": RULES})) == [
        "test/base", "test/trained", "test/monitored_count_1", "test/monitored_count_2",
        "calibration/base", "calibration/monitored_count_1", "calibration/monitored_count_2",
        "calibration/trained", "test/oracle",
    ]  # fmt: skip


def test_grid_policies_run_under_every_rule_and_have_an_oracle() -> None:
    values = {"base": "o/b", "policies": {"a": "o/a", "c": "o/c"}, "rules": RULES}
    config = compare_config({**values, "grid_policies": ["base", "a"]})
    found = keys(config)
    assert {"test/a_monitored_count_1", "calibration/a_monitored_count_2", "test/a_oracle"} <= set(
        found
    )
    assert [k for k in found if "/c" in k] == ["test/c", "calibration/c"]
    # free 3, grid 2 x 2, one chosen arm of c, two oracles; 3 x (free + 2) for calibration
    assert arms_at_most(config) == (3 + 4 + 1 + 2, 9)


def test_arm_name_leaves_base_out() -> None:
    assert arm_name("base", "oracle") == "oracle"
    assert arm_name("control", "monitored_count_3") == "control_monitored_count_3"
    assert arm_name("control") == "control"


def test_default_claims_are_each_policy_against_those_before_it_the_last_first() -> None:
    assert default_claims(["base", "a", "b"]) == [("b", "base"), ("b", "a"), ("a", "base")]


def test_subject_is_the_trained_policy_the_first_beside_a_control_or_the_last_of_a_line() -> None:
    assert subject_of(["base", "control", "step_count", "length"]) == "step_count"
    assert subject_of(["base", "control", "length_twin", "trained"]) == "trained"
    assert subject_of(["base", "control", "be_brief", "mine"], ["be_brief"]) == "mine"
    assert subject_of(["base", "first", "second"]) == "second"
    assert subject_of(["base", "control", "be_brief"], ["be_brief"]) == "control"
    assert subject_of(["base", "be_brief"], ["be_brief"]) == "be_brief"
    assert subject_of(["base"]) == "base"


def test_default_claims_compare_the_control_alone_with_base() -> None:
    assert default_claims(["base", "control", "trained"]) == [
        ("trained", "control"),
        ("control", "base"),
    ]


def test_compared_arms_hold_both_arms_of_each_claim_once() -> None:
    arms = {"base": "base", "monitored": "base", "a": "a", "a_monitored": "a", "b": "b"}
    assert compared_arms(arms, [("b", "a"), ("a", "base")]) == [
        ("monitored", "base"), ("a", "base"), ("a_monitored", "base"), ("b", "base"),
        ("a_monitored", "a"), ("b", "a"), ("a_monitored", "monitored"),
    ]  # fmt: skip
