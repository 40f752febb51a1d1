"""Holm's correction and the p values it takes, by hand and as laws."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.analysis.claims.holm import corrected, holm, p_value
from rl.analysis.claims.student import upper_quantile, upper_tail


def test_holm_by_hand() -> None:
    # Sorted 0.005 · 4, 0.01 · 3, 0.03 · 2, 0.04 · 1 made monotone.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0] and holm([]) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_lies_between_p_and_bonferroni(values: list[float]) -> None:
    adjusted = holm(values)
    for p, q in zip(values, adjusted, strict=True):
        assert p <= q <= min(1.0, p * len(values)) + 1e-12
    pairs = sorted(zip(values, adjusted, strict=True))
    assert [q for _, q in pairs] == sorted(adjusted)


def test_p_value_by_hand() -> None:
    # Half an interval is 1.96 standard errors; 0.02 above the bound is twice that: p of z = 3.92.
    estimate = {"mean": 0.0, "low": -0.01, "high": 0.03}
    assert p_value(estimate, -0.02, below=False) == pytest.approx(4.43e-5, rel=1e-2)
    assert p_value(estimate, 0.0, below=False) == pytest.approx(0.5)
    assert p_value({"mean": 0.1, "low": 0.1, "high": 0.1}, 0.0, below=False) is None
    assert p_value({"mean": None, "low": None, "high": None}, 0.0, below=True) is None


def test_p_value_of_pooled_runs_is_students() -> None:
    # Two runs, 12.706 standard errors either side: Cauchy, 1/2 - atan(t) / pi.
    estimate = {"mean": 0.0, "low": -0.01, "high": 0.01}
    found = p_value(estimate, -0.1, below=False, runs=2)
    assert found == pytest.approx(0.5 - math.atan(10 * 12.7062) / math.pi, rel=1e-4)
    # Three runs, twice as far off as the end of the interval: of t, 2 degrees, 8.605.
    assert p_value(estimate, -0.02, below=False, runs=3) == pytest.approx(0.00662, abs=1e-4)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 6, 9, 30])
def test_students_tails_are_those_of_scipy(freedom: int) -> None:
    from scipy.stats import t

    for value in (-3.0, 0.0, 0.4, 2.2, 15.0):
        assert upper_tail(value, freedom) == pytest.approx(t.sf(value, freedom), abs=1e-12)
    for tail in (0.3, 0.025, 0.001):
        assert upper_quantile(tail, freedom) == pytest.approx(t.isf(tail, freedom))


def test_claims_on_pooled_policies_are_corrected_by_their_runs() -> None:
    change = {"mean": -0.1, "low": -0.15, "high": -0.05}
    own = {"mean": 0.1, "low": 0.05, "high": 0.15}
    claims = [
        claim("tokens_saved", tokens_change=change) | {"policies": ["single", "pooled"]},
        claim("verifies_where_incorrect", difference=own) | {"policies": ["single", "pooled"]},
    ]
    of_two, of_one = (row["test"] for row in corrected(claims, 0.02, {"pooled": 3}))
    assert of_two["p"] == pytest.approx(0.006625, abs=1e-5)  # twice the half: t of 8.605
    assert of_one["p"] == pytest.approx(4.4e-5, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-1, 1), st.floats(0.001, 1), st.floats(0.001, 1), st.floats(-1, 1), st.integers(1, 4)
)
def test_p_value_is_small_exactly_where_the_interval_excludes_the_bound(
    mean: float, left: float, right: float, bound: float, runs: int
) -> None:
    estimate = {"mean": mean, "low": mean - left, "high": mean + right}
    for below, outside in ((False, estimate["low"] - bound), (True, bound - estimate["high"])):
        p = p_value(estimate, bound, below=below, runs=runs)
        if p is not None and abs(outside) > 1e-6:
            assert (p < 0.025) is (outside > 0)


def claim(name: str, reason: str | None = None, **figures: object) -> dict[str, object]:
    return {"name": name, "reason": reason, "holds": None, "figures": figures}


def test_corrected_tests_what_claims_bound_and_nothing_else() -> None:
    accuracy = {"mean": 0.0, "low": -0.015, "high": 0.015}
    change = {"mean": -0.5, "low": -0.6, "high": -0.4}
    claims = [
        claim("as_accurate", accuracy=accuracy),
        claim("tokens_saved", tokens_change=change),
        claim("tokens_saved", "6 problems", tokens_change=change),
        claim("audit", tagger_change=0.1),
    ]
    kept, saved, few, audit = (one["test"] for one in corrected(claims, 0.02))
    assert kept["hypothesis"] == "less accurate by the margin or more"
    assert kept["p"] == kept["p_holm"] == pytest.approx(0.00449, abs=1e-4)  # z = 1.96 · 4 / 3
    assert saved["p"] == 0.0 and saved["rejected"] and kept["rejected"]
    assert few is None and audit is None
    assert not corrected(claims, 0.01)[0]["test"]["rejected"]
