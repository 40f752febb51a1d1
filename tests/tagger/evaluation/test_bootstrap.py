"""Intervals against a known distribution and against drawing traces one by one."""

from __future__ import annotations

import numpy as np
import pytest

from tagger.evaluation.bootstrap import (
    Estimate,
    centred,
    draw_weights,
    estimate,
    resampled_sums,
)


def test_bootstrap_weights_are_draws_with_replacement() -> None:
    w = draw_weights(7, seed=1, resamples=500)
    assert w.shape == (501, 7)
    assert (w[0] == 1).all() and (w.sum(axis=1) == 7).all()
    assert w[1:].max() > 1 and (w[1:] == 0).any()
    assert (w == draw_weights(7, seed=1, resamples=500)).all()
    assert (w != draw_weights(7, seed=2, resamples=500)).any()


def test_bootstrap_interval_of_a_mean_is_that_of_its_distribution() -> None:
    """400 draws of a normal with deviation 2: 1.96 * 2 / 20 to either side of the mean."""
    values = np.random.default_rng(0).normal(5, 2, 400)
    sums = resampled_sums({"x": values, "n": np.ones(400)}, draw_weights(400, resamples=10_000))
    got = estimate(sums["x"] / sums["n"], 400)
    half = 1.96 * values.std() / 20
    assert got.mean == pytest.approx(values.mean(), abs=1e-6)
    assert got.low == pytest.approx(values.mean() - half, abs=0.02)
    assert got.high == pytest.approx(values.mean() + half, abs=0.02)


def test_bootstrap_covers_the_truth_95_times_in_100() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for seed in range(200):
        values = rng.exponential(1.0, 80)
        sums = resampled_sums({"x": values}, draw_weights(80, seed, 400))
        got = estimate(sums["x"] / 80, 80)
        assert got.low is not None and got.high is not None
        covered += got.low <= 1.0 <= got.high
    assert 0.88 <= covered / 200 <= 0.98


def test_bootstrap_sums_are_those_of_the_drawn_traces() -> None:
    rng = np.random.default_rng(4)
    tables = rng.integers(0, 5, size=(6, 3, 2)).astype(float)
    weights = draw_weights(6, resamples=20)
    got = resampled_sums({"t": tables}, weights)["t"]
    for row, draw in zip(weights, got, strict=True):
        again = np.repeat(tables, row.astype(int), axis=0)
        assert draw == pytest.approx(again.sum(axis=0))


def test_bootstrap_undefined_is_none_and_one_trace_has_no_interval() -> None:
    nan = np.nan
    assert estimate(np.array([nan, 1.0]), 5) == Estimate(None, None, None)
    assert estimate(np.array([0.25, 0.5]), 1) == Estimate(0.25, None, None)
    assert estimate(np.array([0.5, nan, nan]), 5) == Estimate(0.5, None, None)
    assert estimate(np.array([0.5, nan, 0.5, 0.5]), 5) == Estimate(0.5, 0.5, 0.5)


def test_bootstrap_centred_moves_inflated_draws() -> None:
    assert centred(np.array([0.1, 0.2, 0.3, 0.4])).tolist() == pytest.approx([0.1, 0, 0.1, 0.2])
