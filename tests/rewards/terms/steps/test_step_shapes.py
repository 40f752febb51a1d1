"""`step_count`: shapes of the charge, the product with correctness, settings that contradict."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.stack import build_stack
from rewards.terms.registry import build_term
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import rollout, values


def verifies(correct: float, count: float, **facts: float) -> dict[str, float]:
    return rollout(correct, 50, count__VERIFY=count, **facts)


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


SPREAD = [verifies(1, 2), verifies(1, 4), verifies(1, 6), verifies(0, 9)]  # mean 4, sd 2


@pytest.mark.parametrize(
    ("params", "rewards"),
    [
        pytest.param({"shape": "linear"}, [-2, -4, -6], id="linear"),
        pytest.param({"shape": "clipped", "scale": 4}, [-0.5, -1, -1], id="clipped"),
        pytest.param({"shape": "clipped"}, [-0.25, -0.5, -0.75], id="clipped at eight"),
        pytest.param(
            {"shape": "saturating", "scale": 4},
            [math.exp(-0.5) - 1, math.exp(-1) - 1, math.exp(-1.5) - 1],
            id="saturating",
        ),
        pytest.param({"shape": "z_score"}, [1, 0, -1], id="z"),
        pytest.param(
            {"shape": "z_score", "deviation": "population"}, [1.224745, 0, -1.224745], id="z of all"
        ),
        pytest.param({"shape": "z_score", "dead_band": 0.25}, [0.75, 0, -0.75], id="dead band"),
        pytest.param({"shape": "z_score", "dead_band": 1.5}, [0, 0, 0], id="all within it"),
        pytest.param({"shape": "z_score", "z_limit": 0.5}, [0.5, 0, -0.5], id="limited z"),
        pytest.param(
            {"shape": "z_score", "types": {"VERIFY": {"allowance": 4}}},
            [0.577350, 0.577350, -1.154701],  # charged for 0, 0, 2: mean 2/3, sd 2/sqrt(3)
            id="z of what is beyond the allowance",
        ),
        pytest.param(
            {"shape": "sigmoid"}, [-sigmoid(-1), -sigmoid(0), -sigmoid(1)], id="sigmoid of z"
        ),
        pytest.param({"shape": "sigmoid", "dead_band": 1.01}, [-0.5] * 3, id="sigmoid, dead band"),
        pytest.param(
            {"combine": "multiply", "types": {"VERIFY": {"weight": 0.1}}},
            [math.exp(-0.2) - 1, math.exp(-0.4) - 1, math.exp(-0.6) - 1],
            id="a tenth of what is left for every step",
        ),
        pytest.param(
            {"combine": "multiply", "shape": "clipped", "scale": 4},
            [math.exp(-0.5) - 1, math.exp(-1) - 1, math.exp(-1) - 1],
            id="product of a bounded charge",
        ),
        pytest.param(
            {"combine": "multiply", "shape": "sigmoid"},
            [math.exp(-sigmoid(z)) - 1 for z in (-1, 0, 1)],
            id="product of a relative charge",
        ),
    ],
)
def test_step_count_shapes(params: dict[str, Any], rewards: list[float]) -> None:
    found = values("step_count", SPREAD, params)
    assert found == pytest.approx([*rewards, 0], abs=2e-6)


def test_step_count_relative_shapes_of_a_lone_correct_rollout() -> None:
    rows = [verifies(1, 5), verifies(0, 1), verifies(0, 0)]
    assert values("step_count", rows, {"shape": "z_score"}) == [0, 0, 0]
    assert values("step_count", rows, {"shape": "sigmoid"}) == [-0.5, 0, 0]


def test_step_count_relative_shapes_keep_groups_apart() -> None:
    rows = [verifies(1, 0), verifies(1, 2), verifies(1, 100), verifies(1, 100)]
    found = values("step_count", rows, {"shape": "z_score"}, groups=[0, 0, 1, 1])
    assert found == pytest.approx([0.707106, -0.707106, 0, 0], abs=2e-6)


def test_step_count_relative_shapes_in_solved_groups_only() -> None:
    params = {"shape": "sigmoid", "gate": "group_solved"}
    assert values("step_count", SPREAD, params) == [0, 0, 0, 0]
    found = values("step_count", SPREAD, params | {"solved": 0.75})
    assert found == pytest.approx([-sigmoid(-1), -0.5, -sigmoid(1), 0], abs=2e-6)


def test_step_count_shapes_the_sum_of_all_prices() -> None:
    rows = [verifies(1, 2, count__META=1), verifies(1, 0, count__META=8), verifies(1, 3)]
    types = {"VERIFY": {"weight": 1}, "META": {"weight": 0.5}}  # prices 2.5, 4, 3
    found = values("step_count", rows, {"types": types, "shape": "clipped", "scale": 4})
    assert found == pytest.approx([-0.625, -1, -0.75])


def test_step_count_shapes_but_the_linear_one_have_no_default_cap() -> None:
    rows = [verifies(1, 8), verifies(1, 16)]
    assert values("step_count", rows) == [-8, -8]
    assert values("step_count", rows, {"shape": "clipped", "scale": 16}) == [-0.5, -1]
    capped = {"shape": "clipped", "scale": 16, "types": {"VERIFY": {"cap": 8}}}
    assert values("step_count", rows, capped) == [-0.5, -0.5]
    tokens = {"shape": "clipped", "unit": "tokens"}
    assert values("step_count", [rollout(1, 500, tokens__VERIFY=100)], tokens) == [-0.25]


def test_step_count_multiplied_with_correctness() -> None:
    terms = {
        "correctness": {},
        "step_count": {"combine": "multiply", "types": {"VERIFY": {"weight": math.log(2)}}},
    }
    stack = build_stack(terms, REASONTYPE)  # no charge reaches what correctness pays
    found = values("step_count", SPREAD, {**terms["step_count"]})
    total = [c + v for c, v in zip((1, 1, 1, 0), found, strict=True)]
    assert total == pytest.approx([1 / 4, 1 / 16, 1 / 64, 0])  # every step takes a half
    assert stack.names == ("correctness", "step_count")


@pytest.mark.parametrize("shape", ["linear", "clipped", "saturating", "z_score", "sigmoid"])
@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 60)), min_size=1, max_size=6),
    weight=st.sampled_from([0.0, 0.3, 2.0]),
    cap=st.sampled_from([0.0, 3.0, math.inf, None]),
    multiply=st.booleans(),
)
def test_step_count_grows_with_the_steps_and_keeps_its_bounds(
    shape: str, rows: list[tuple[int, int]], weight: float, cap: float | None, multiply: bool
) -> None:
    if shape in ("z_score", "sigmoid") and weight:
        weight = 1.0  # another one has no effect, and is refused
    params = {"shape": shape, "types": {"VERIFY": {"weight": weight, "cap": cap}}}
    if multiply and shape != "z_score":
        params["combine"] = "multiply"
    found = values("step_count", [verifies(c, n) for c, n in rows], params)  # checks the bounds
    charged = sorted((n, value) for (c, n), value in zip(rows, found, strict=True) if c)
    for (_, fewer), (_, more) in zip(charged, charged[1:], strict=False):
        assert more <= fewer + 1e-6


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"shape": "z_score", "gate": "none"}, "compares correct rollouts.*use gate correct"),
        ({"shape": "sigmoid", "gate": "none"}, "gate none charges incorrect ones too"),
        ({"combine": "multiply", "gate": "none"}, "which is nothing.*use gate correct"),
        ({"combine": "multiply", "shape": "z_score"}, "pays as well as charges.*use shape sigmoid"),
        ({"scale": 3}, "scale of reward term 'step_count' acts only with shape clipped or satur"),
        ({"shape": "sigmoid", "scale": 3}, "not with sigmoid; leave it out"),
        ({"dead_band": 1}, "acts only with shape z_score or sigmoid, not with linear"),
        ({"shape": "sigmoid", "z_limit": 2}, "acts only with shape z_score, not with sigmoid"),
        ({"deviation": "population"}, "deviation of reward term"),
        (
            {"shape": "sigmoid", "types": {"VERIFY": {"weight": 3}}},
            "weight 3 of the only entry in types .* has no effect with shape sigmoid",
        ),
        ({"shape": "zscore"}, "did you mean 'z_score'"),
        ({"shape": "clipped", "scale": 0}, "above 0"),
        ({"combine": "times"}, "Unknown value of combine"),
    ],
)
def test_step_count_refuses_settings_that_contradict_each_other(
    params: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        build_term("step_count", params, REASONTYPE)
