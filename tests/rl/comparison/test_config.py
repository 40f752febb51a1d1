"""Settings of a comparison: what is refused, and what a grid becomes."""

from __future__ import annotations

from typing import Any

import pytest

from rl.comparison.config import compare_config
from tagger.errors import UserError


def test_grid_points_have_names_labels_and_rules() -> None:
    config = compare_config(
        {"rules": {"count": {"types": ["VERIFY"], "limit": [1, 3]}, "ratio": {"threshold": [0.5]}}}
    )
    assert [p.name for p in config.grid()] == [
        "monitored_count_1",
        "monitored_count_3",
        "monitored_ratio_0.5",
    ]
    assert config.grid()[1].label == "count, limit 3"
    assert config.grid()[1].config() == {"name": "count", "types": ["VERIFY"], "limit": 3}


def test_a_kind_of_rule_serves_twice_under_two_names() -> None:
    rules = {
        "count": {"types": ["VERIFY"], "limit": [1]},
        "conclude": {"kind": "count", "types": ["CONCLUDE"], "limit": [1, 2]},
        "half": {"kind": "token_budget", "share": 0.5},
    }
    points = compare_config({"rules": rules}).grid()
    assert [p.name for p in points] == [
        "monitored_count_1",
        "monitored_conclude_1",
        "monitored_conclude_2",
        "monitored_half_share0.5",
    ]
    assert points[2].label == "conclude, limit 2"
    assert points[2].config() == {"name": "count", "types": ["CONCLUDE"], "limit": 2}
    assert points[3].example() == {"name": "token_budget", "limit": 1}


def test_two_swept_parameters_make_a_product() -> None:
    config = compare_config({"rules": {"ratio": {"threshold": [0.3, 0.5], "patience": [2, 5]}}})
    assert [p.name for p in config.grid()] == [
        "monitored_ratio_0.3_2",
        "monitored_ratio_0.3_5",
        "monitored_ratio_0.5_2",
        "monitored_ratio_0.5_5",
    ]


def test_calibration_takes_the_source_of_the_problems() -> None:
    config = compare_config({"problems": {"source": "mine.jsonl", "seed": 1, "checker": "exact"}})
    assert (config.calibration.source, config.calibration.split) == ("mine.jsonl", None)
    assert config.calibration.checker == "exact"
    other = compare_config({"calibration": {"source": "theirs.jsonl"}})
    assert (other.calibration.split, other.calibration.checker) == (None, None)
    assert (other.calibration.source, other.problems.source) == ("theirs.jsonl", "overthinker")


def test_a_file_is_read_whole_and_a_built_in_set_has_a_size() -> None:
    built_in = compare_config({})
    assert (built_in.problems.size, built_in.calibration.size) == (300, 100)
    files = compare_config(
        {"problems": {"source": "a.jsonl"}, "calibration": {"source": "b.jsonl"}}
    )
    assert (files.problems.size, files.calibration.size) == (None, None)
    some = compare_config({"problems": {"source": "a.jsonl", "size": 7, "seed": 1}})
    assert (some.problems.size, some.calibration.size) == (7, None)
    drawn = compare_config({"problems": {"source": "reasoning_gym:ab", "seed": 1}})
    assert (drawn.problems.size, drawn.problems.split) == (300, None)
    assert (drawn.calibration.size, drawn.calibration.split) == (100, None)


def test_settings_survive_a_round_trip() -> None:
    config = compare_config({"samples": 2, "temperature": 1, "problems": {"size": 7}})
    assert compare_config(config.to_dict()) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"smaples": 3}, "'smaples'; did you mean 'samples'"),
        ({"problems": {"sise": 3}}, "did you mean 'problems.size'"),
        ({"problems": {"max_new_tokens": 9}}, "'problems.max_new_tokens'; did you mean 'max_new"),
        ({"split": "test"}, "'split'; did you mean 'problems.split'"),
        ({"problems": {"system_prompt": "x"}}, "'problems.system_prompt'; did you mean 'system_p"),
        ({"problems": {"colour": "x"}}, "'problems.colour'; valid: problems.checker"),
        ({"samples": "four"}, "samples is 'four'"),
        ({"samples": 0}, "samples is 0; it must be a whole number of at least 1"),
        ({"problems": {"size": 0}}, "problems.size is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"calibration": {"split": "test"}}, "choose thresholds on another split"),
        ({"problems": {"source": "a.jsonl"}}, r"calibration.source=FILE. or seed, or .*rules=\{\}"),
        ({"problems": {"columns": {"reply": "a"}}}, "'problems.columns.reply'"),
        ({"rules": {"count": {"limit": []}}}, "rules.count' has an empty grid"),
        (
            {"rules": {"token_budget": {"limit": [], "share": [0.5]}}},
            "rules.token_budget.limit' is empty; list limits, or leave it out: 'share' stands",
        ),
        ({"rules": {"count": 3}}, "rules.count is 3; it must be of type dict"),
        ({"temperature": -1}, "temperature is -1; it must be a finite number of at least 0"),
        ({"top_p": 2}, "top_p is 2; it must be a number above 0 and at most 1"),
        ({"tolerance": 5}, "tolerance is 5; it must be a number from 0 to 1"),
        ({"rules": {"count": {"limit": [2, 2]}}}, "monitored_count_2' twice"),
        ({"rules": {"token_budget": {"share": [0.5, 0]}}}, "token_budget.share' holds 0; a share"),
        ({"rules": {"token_budget": {"share": "half"}}}, "token_budget.share' holds 'half'"),
        ({"rules": {"token_budget": {"share": [True]}}}, "token_budget.share' holds True"),
        ({"rules": {"step_budget": {"share": [float("inf")]}}}, "step_budget.share' holds inf"),
        ({"rules": {"step_budget": {"limit": [3], "share": []}}}, "step_budget.share' is empty"),
        ({"rules": {"count": {"share": [0.5]}}}, "'count' has none; name limits"),
        ({"rules": {"last": {"kind": "count", "share": [0.5]}}}, "'count' has none; name limits"),
        ({"rules": {"ratio": {"kind": "count", "limit": 1}}}, "'ratio' is a kind of its own"),
        (
            {"rules": {"a/b": {"kind": "count", "limit": 1}}},
            "rule name 'a/b' .* cannot name an arm",
        ),
        (
            {"rules": {"count": {"limit": [1]}, "count_1": {"kind": "count", "limit": 1}}},
            "monitored_count_1' twice",
        ),
        ({"rules": {"step_budget": {"share": [0.5, 0.5]}}}, "step_budget_share0.5' twice"),
        ({"max_batch_tokens": 0}, "max_batch_tokens is 0; it must be a whole number of at least 1"),
        ({"max_new_tokens": 0}, "max_new_tokens is 0; it must be a whole number of at least 1"),
        ({"oracle_answer_tokens": 0}, "oracle_answer_tokens is 0; it must be a whole number"),
        ({"calibration": 3}, "calibration must be a mapping"),
    ],
)
def test_bad_settings_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        compare_config(values)


def test_engine_is_one_of_those_there_are() -> None:
    assert compare_config({}).engine == "kit"
    assert compare_config({"engine": "transformers"}).engine == "transformers"
    with pytest.raises(UserError, match="of engine 'sglang'; valid: kit, transformers, vllm"):
        compare_config({"engine": "sglang"})
