"""Sequential tests for a fall: numbers by hand, error rate and power by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl.analysis.sequential_test import STAKES, DropTest, Fall, FloorTest, log_bets

pytestmark = pytest.mark.slow


def batches(rng: np.random.Generator, mean: float, steps: int) -> np.ndarray:
    """Shares of 8 correct rollouts in 8 groups a step, of problems easy and hard."""
    easy = rng.beta(2 * mean, 2 * (1 - mean), size=(steps, 8))
    return rng.binomial(8, easy) / 8


def stop(test: FloorTest | DropTest, values: np.ndarray) -> tuple[int, Fall] | None:
    """Batch at which the test told of a fall, counted from 1."""
    for number, batch in enumerate(values, 1):
        if (fall := test.see(batch)) is not None:
            return number, fall
    return None


def test_bets_multiply_wealth_by_one_plus_stake_times_surprise() -> None:
    # Room 1 - 0.75 = 0.25: the stakes are STAKES / 0.25.
    down = log_bets([0.5, 1.0], np.array([0.75]), below=True)
    assert down[0] == pytest.approx(np.log1p(STAKES * 1.0) + np.log1p(-STAKES * 1.0))
    up = log_bets([0.9], np.array([0.6]), below=False)
    assert up[0] == pytest.approx(np.log1p(STAKES * 0.3 / 0.6))


@given(
    mean=st.floats(0, 1),
    values=st.lists(st.floats(0, 1), min_size=1, max_size=6),
    below=st.booleans(),
)
def test_bets_cannot_ruin_the_gambler(mean: float, values: list[float], below: bool) -> None:
    assert np.isfinite(log_bets(values, np.array([mean]), below)).all()


@given(p=st.floats(0.01, 0.99))
def test_a_bet_on_a_fair_coin_is_fair(p: float) -> None:
    """The mean of the factor over x = 1 (chance p) and x = 0 is 1 at the true mean."""
    for below in (True, False):
        won, lost = (np.exp(log_bets([x], np.array([p]), below)) for x in (1.0, 0.0))
        assert p * won + (1 - p) * lost == pytest.approx(1.0)


def test_a_floor_is_told_when_the_wealth_reaches_one_over_alpha() -> None:
    # One batch in all, so the whole wealth is bet: x = 0 against floor 0.5 multiplies it by
    # 1 + STAKES each time.
    wealth = [float(np.mean((1 + STAKES) ** n)) for n in range(12)]
    needed = next(n for n, w in enumerate(wealth) if w >= 20)
    test = FloorTest(0.5, 0.05, horizon=1)
    told = stop(test, np.zeros((12, 1)))
    assert told == (needed, Fall(0, 0.5, 0.0))


@pytest.mark.parametrize("kind", ["floor", "drop"])
def test_flat_noise_stops_at_most_alpha_of_the_runs(kind: str) -> None:
    alpha, runs, steps = 0.1, 120, 60
    rng = np.random.default_rng(0)

    def told() -> bool:
        test = FloorTest(0.8, alpha, steps) if kind == "floor" else DropTest(0.0, 5, alpha, steps)
        return stop(test, batches(rng, 0.8, steps)) is not None

    false = sum(told() for _ in range(runs))
    assert false / runs <= alpha


def test_flat_noise_without_replacement_stops_no_more_often() -> None:
    """Problems come in epochs, each once: groups of an epoch are no independent draws."""
    rng = np.random.default_rng(1)
    false = 0
    for _ in range(60):
        easy = rng.beta(1.6, 0.4, size=64)
        order = np.concatenate([rng.permutation(easy) for _ in range(8)])
        test = FloorTest(float(easy.mean()), 0.1, 64)
        false += stop(test, rng.binomial(8, order.reshape(64, 8)) / 8) is not None
    assert false / 60 <= 0.1


@pytest.mark.parametrize(("after", "within"), [(0.3, 6), (0.5, 15)])
def test_a_real_drop_is_told_soon_with_its_beginning(after: float, within: int) -> None:
    rng = np.random.default_rng(2)
    for _ in range(5):
        values = np.concatenate([batches(rng, 0.8, 30), batches(rng, after, 20)])
        told = stop(DropTest(0.06, 10, 0.05, 50), values)
        assert told is not None
        number, fall = told
        assert 30 < number <= 30 + within
        assert abs(fall.begin - 30) <= 3
        assert fall.before == pytest.approx(values[: fall.begin].mean())
        assert fall.after == pytest.approx(values[fall.begin : number].mean())


def test_a_rising_accuracy_is_no_fall() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([batches(rng, p, 6) for p in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)])
    assert stop(DropTest(0.0, 5, 0.05, 36), values) is None


def test_a_fall_by_less_than_the_drop_allowed_is_not_told() -> None:
    values = np.concatenate([np.full((40, 8), 0.8), np.full((60, 8), 0.72)])
    assert stop(DropTest(0.1, 10, 0.05, 100), values) is None
    assert stop(DropTest(0.05, 10, 0.05, 100), values) is not None


def test_small_alpha_needs_more_evidence() -> None:
    values = np.concatenate([np.full((20, 4), 0.9), np.full((40, 4), 0.5)])
    steps = [stop(DropTest(0.1, 10, alpha, 60), values) for alpha in (0.2, 0.01, 1e-6)]
    numbers = [told[0] if told else math.inf for told in steps]
    assert numbers == sorted(numbers) and numbers[0] < numbers[-1]
