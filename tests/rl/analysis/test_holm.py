"""Holm's correction and the p values it takes, by hand and as laws."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.analysis.claims.holm import corrected, holm, p_value


def test_holm_by_hand() -> None:
    # Sorted 0.005 · 4, 0.01 · 3, 0.03 · 2, 0.04 · 1 made monotone.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0] and holm([]) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_lies_between_p_and_bonferroni(values: list[float]) -> None:
    adjusted = holm(values)
    for p, q in zip(values, adjusted, strict=True):
        assert p <= q <= min(1.0, p * len(values)) + 1e-12 or q == max(adjusted)
    pairs = sorted(zip(values, adjusted, strict=True))
    assert [q for _, q in pairs] == sorted(adjusted)


def test_p_value_by_hand() -> None:
    # Half an interval is 1.96 standard errors; 0.02 above the bound is twice that: p of z = 3.92.
    estimate = {"mean": 0.0, "low": -0.01, "high": 0.03}
    assert p_value(estimate, -0.02, below=False) == pytest.approx(4.43e-5, rel=1e-2)
    assert p_value(estimate, 0.0, below=False) == pytest.approx(0.5)
    assert p_value({"mean": 0.1, "low": 0.1, "high": 0.1}, 0.0, below=False) is None
    assert p_value({"mean": None, "low": None, "high": None}, 0.0, below=True) is None


@settings(max_examples=25, deadline=None)
@given(st.floats(-1, 1), st.floats(0.001, 1), st.floats(0.001, 1), st.floats(-1, 1))
def test_p_value_is_small_exactly_where_the_interval_excludes_the_bound(
    mean: float, left: float, right: float, bound: float
) -> None:
    estimate = {"mean": mean, "low": mean - left, "high": mean + right}
    for below, outside in ((False, estimate["low"] - bound), (True, bound - estimate["high"])):
        p = p_value(estimate, bound, below=below)
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
