"""Expected calibration error, bins and temperatures, by hand and on drawn truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.evaluation import calibration as c
from tagger.training import bins as bins_of


def one_trace(confidence: list[float], right: list[bool]) -> c.Floats:
    count = len(right)
    return bins_of.bin_sums(np.array(confidence), np.array(right), np.zeros(count, dtype=int), 1)[0]


def test_ece_by_hand() -> None:
    """Bin of 0.9: four steps, three right, gap 0.15. Bin of 0.5: two steps, two right, gap 0.5."""
    bins = one_trace([0.9] * 4 + [0.5] * 2, [True, True, True, False, True, True])
    assert bins_of.ece(bins) == pytest.approx((4 * 0.15 + 2 * 0.5) / 6)


def test_ece_gaps_cancel_within_a_bin_only() -> None:
    same = one_trace([0.62, 0.66], [True, False])
    apart = one_trace([0.62, 0.72], [True, False])
    assert bins_of.ece(same) == pytest.approx(abs(1 - 0.62 - 0.66) / 2)
    assert bins_of.ece(apart) == pytest.approx((0.38 + 0.72) / 2)


def test_ece_bin_includes_its_upper_edge() -> None:
    edges = np.array([0.0, 1e-9, 1 / 15, 1 / 15 + 1e-9, 0.5, 1.0])
    assert bins_of.bin_of(edges).tolist() == [0, 0, 0, 1, 7, 14]


def test_ece_of_no_steps_is_undefined() -> None:
    assert np.isnan(bins_of.ece(np.zeros((bins_of.BINS, 3))))


@given(st.floats(0.3, 5), st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_tempered_keeps_order_and_sum(temperature: float, raw: list[float]) -> None:
    p = np.array([raw]) / sum(raw)
    out = c.tempered(p, temperature)
    assert out.sum() == pytest.approx(1)
    assert p[0, out[0].argmax()] == pytest.approx(p[0].max())
    assert c.tempered(p, 1.0) == pytest.approx(p)


def drawn(sharpness: float, count: int = 20_000) -> tuple[c.Floats, c.Ints]:
    """Probabilities that are `sharpness` times too sure, and types drawn from the honest ones."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(count, 3))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    types = (honest.cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)
    return c.tempered(honest, 1 / sharpness), types


@pytest.mark.parametrize("sharpness", [1.0, 3.0])
def test_fit_temperature_corrects_overconfidence(sharpness: float) -> None:
    p, types = drawn(sharpness)
    assert c.fit_temperature(p, types) == pytest.approx(sharpness, rel=0.06)


def test_cross_fitted_uses_the_temperature_of_the_other_half() -> None:
    p, types = drawn(3.0, 4000)
    half = np.arange(4000) % 2
    out, _ = c.cross_fitted(p, types, half)
    expected = c.tempered(p[half == 0], c.fit_temperature(p[half == 1], types[half == 1]))
    assert out[half == 0] == pytest.approx(expected)
    confidence, right = out.max(axis=1), out.argmax(axis=1) == types
    trace = np.zeros(4000, dtype=int)
    assert bins_of.ece(bins_of.bin_sums(confidence, right, trace, 1)[0]) < 0.03
    assert bins_of.ece(bins_of.bin_sums(p.max(axis=1), right, trace, 1)[0]) > 0.1


def test_cross_fitted_leaves_a_single_half() -> None:
    p, types = drawn(2.0, 50)
    out, _ = c.cross_fitted(p, types, np.zeros(50, dtype=int))
    assert (out == p).all()
