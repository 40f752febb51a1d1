"""What a verification step gains, by hand, and what a reward charges for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rl.analysis.panels import make_panel
from rl.analysis.value import price_of, verification_value
from rl.comparison.training_problems import verification_price
from tests.rl.making import sample

SAMPLES = [
    # Repaired by two steps, kept by four, spoiled by one, and one that states nothing.
    sample("a", first_answer_correct=False, correct=True, verification_steps=2),
    sample("b", first_answer_correct=True, correct=True, verification_steps=4),
    sample("c", first_answer_correct=False, correct=True, verification_steps=0, band="hard"),
    sample("d", first_answer_correct=None, correct=False, verification_steps=9, band="hard"),
    sample("e", first_answer_correct=True, correct=False, verification_steps=1, band="hard"),
]


def test_verification_value_is_accuracy_gained_per_step() -> None:
    found = verification_value(make_panel(SAMPLES), 0)
    assert found["gained"]["mean"] == pytest.approx((1 + 0 + 1 - 1) / 4)
    assert found["steps"]["mean"] == pytest.approx(7 / 4)
    assert found["value"]["mean"] == pytest.approx(1 / 7, abs=1e-6)
    assert found["unverified"]["mean"] == pytest.approx(1 / 5)
    easy, hard = found["bands"]["easy"], found["bands"]["hard"]
    assert easy["value"]["mean"] == pytest.approx(1 / 6, abs=1e-6)
    assert (hard["gained"]["mean"], hard["value"]["mean"]) == (0.0, 0.0)
    assert hard["unverified"]["mean"] == pytest.approx(1 / 3, abs=1e-6)


def test_verification_value_without_steps_is_undefined() -> None:
    found = verification_value(make_panel([sample("a", verification_steps=0)]), 0)
    assert found["value"] == {"mean": None, "low": None, "high": None}
    assert found["unverified"]["mean"] == 1.0


@pytest.mark.parametrize(
    ("terms", "price"),
    [
        ({"correctness": {}, "step_count": {"weight": 0.1}}, 0.1),
        (
            {"correctness": {}, "step_count": {"types": {"VERIFY": {"weight": 0.2}}}},
            0.2,
        ),
        ({"correctness": {"weight": 2.0}, "step_count": {"weight": 0.1}}, 0.05),
        ({"correctness": {}, "step_count": {"weight": 0.1, "types": {"META": {}}}}, 0.0),
        ({"correctness": {}, "a": {"kind": "step_count", "weight": 0.1}, "step_count": {}}, 1.1),
        ({"correctness": None, "step_count": {"weight": 0.0, "unit": "tokens"}}, 0.0),
        ({"correctness": {}, "step_count": {"weight": 0.1, "unit": "tokens"}}, None),
        ({"correctness": {}, "step_count": {"weight": {"schedule": "linear"}}}, None),
        ({"step_count": {"weight": 0.1}}, None),
        ({"correctness": {}, "step_count": {"weight": 0.1, "types": {"META + VERIFY": None}}}, 0.1),
        ({"correctness": {}, "step_count": {"weight": 0.1, "shape": "z_score"}}, None),
        ({"correctness": {}, "step_count": {"types": {"VERIFY": {"allowance": 1}}}}, None),
        ({"correctness": {}, "step_count": {"types": {"VERIFY": {"floor": 1}}}}, None),
        ({"correctness": {}, "step_count": {"scope": "after_answer"}}, None),
        ({"correctness": {}, "step_count": {"scope": "completion_after_answer"}}, None),
        ({"correctness": {}, "step_count": {"gate": "group_solved"}}, None),
    ],
)
def test_price_of_a_verification_step(terms: dict[str, Any], price: float | None) -> None:
    found = price_of({"terms": terms})
    assert found == (None if price is None else pytest.approx(price))


@pytest.mark.parametrize(
    ("aggregation", "price"),
    [
        (None, 0.1),
        ("batch", 0.1),
        ({"kind": "gfpo", "keep": 4, "scale": "deviation"}, 0.1),
        ({"kind": "among_correct", "scale": "none"}, 0.1),
        # Under these, two terms of equal weights may count differently, as z-scores and ranks.
        ({"kind": "among_correct", "scale": "deviation"}, None),
        ({"kind": "among_correct", "by_solve_rate": True}, None),
        ("normalize_then_sum", None),
        ("rdpo", None),
        ({"kind": "drpo"}, None),
    ],
)
def test_price_is_known_where_terms_count_by_their_weights(
    aggregation: Any, price: float | None
) -> None:
    terms = {"correctness": {}, "step_count": {"weight": 0.1}}
    assert price_of({"terms": terms, "aggregation": aggregation}) == price


def test_price_of_a_run_heeds_the_aggregation_of_trl(tmp_path: Path) -> None:
    run = {
        "model": "overthinker",
        "reward": {"terms": {"correctness": {}, "step_count": {"weight": 0.1}}},
    }
    for grpo, price in (({}, 0.1), ({"multi_objective_aggregation": "normalize_then_sum"}, None)):
        (tmp_path / "config.yaml").write_text(json.dumps({**run, "grpo": grpo}))
        assert verification_price(tmp_path / "config.yaml") == price
