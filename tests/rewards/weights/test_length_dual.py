"""`length_dual`: numbers of Leash, and worked by hand."""

from __future__ import annotations

from math import exp, log
from typing import Any

import pytest

from rewards.weights import build_weight
from tests.rewards.terms.rollouts import rollout, values
from tests.rewards.weights.batches import LONGER, batch

LEASH = {"schedule": "length_dual", "target": 4096, "start": 0.2, "ceiling": 2}


@pytest.mark.parametrize(
    ("rows", "start", "rewards", "after"),
    [
        pytest.param(
            [(1, 2048), (1, 8192), (0, 8192), (0, 100)], 0.2, [1, 0.8, -1, -1], 0.202622, id="mixed"
        ),
        pytest.param([(1, 8192), (1, 8192)], 0.01, [0.99, 0.99], 0.03, id="start values"),
        pytest.param([(1, 4096), (0, 4096)], 0.01, [1, -1], 0.01, id="at the target"),
        pytest.param([(1, 1024), (1, 3072)], 0.02, [1, 1], 0.01, id="half of it"),
        pytest.param([(1, 6144), (0, 2048)], 1.0, [0.5, -1], 1.0, id="mean at the target"),
        pytest.param([(1, 12288)], 0.3, [0.4], 0.34, id="three times the target"),
    ],
)
def test_length_dual_with_length_excess_is_leash(
    rows: list[tuple[int, int]], start: float, rewards: list[float], after: float
) -> None:
    weight = build_weight({**LEASH, "start": start})
    excess = values("length_excess", [rollout(c, n) for c, n in rows], {"target": 4096, "cap": 1e9})
    found = [max((1 if c else -1) + start * e, -1) for (c, _), e in zip(rows, excess, strict=True)]
    assert found == pytest.approx(rewards, abs=1e-6)
    weight.observe(batch(tokens=sum(n for _, n in rows) / len(rows)))  # type: ignore[attr-defined]
    assert weight.weight(1) == pytest.approx(after, abs=1e-6)


def dual(**params: Any) -> Any:
    return build_weight({**LEASH, "target": 100, **params})


def test_length_dual_stays_between_0_and_its_ceiling() -> None:
    weight = dual(start=0.01, ceiling=0.05)
    weight.observe(batch(tokens=1000.0))  # 0.01 + 0.02 * 9
    assert weight.weight(1) == 0.05
    for step in range(9):  # - 0.01 each
        weight.observe(batch(step, tokens=50.0))
    assert weight.weight(9) == 0.0
    assert weight.span(3) == (0.0, 0.05)


def test_length_dual_measures_the_starting_length_first() -> None:
    weight = dual(target=None, share=0.5, reference_batches=2)
    assert weight.constraint() is None
    weight.observe(batch(0, tokens=300.0))
    weight.observe(batch(1, tokens=100.0))
    assert weight.weight(2) == 0.2  # the target is 0.5 * 200
    weight.observe(batch(2, tokens=150.0))
    assert weight.weight(3) == pytest.approx(0.21)
    assert weight.constraint() == (150.0, -50.0)


def test_length_dual_of_correct_rollouts_waits_for_one() -> None:
    weight = dual(rollouts="correct")
    weight.observe(batch(tokens=900.0, tokens_correct=None))
    assert weight.weight(1) == 0.2
    weight.observe(batch(tokens=900.0, tokens_correct=150.0))
    assert weight.weight(1) == pytest.approx(0.21)


def test_length_dual_holds_while_longer_rollouts_are_correct() -> None:
    weight = dual(hold_when_longer_is_better=True)
    weight.observe(batch(tokens=200.0, **LONGER))
    assert weight.weight(1) == 0.2
    weight.observe(batch(tokens=50.0, **LONGER))  # it may fall
    assert weight.weight(1) == pytest.approx(0.19)


@pytest.mark.parametrize("start", [0.0001, 0.0139, 0.09])
def test_length_dual_settles_where_the_mean_length_is_the_target(start: float) -> None:
    """Of a policy of 200 exp(-50 w) tokens, 100 of them at w = ln 2 / 50."""
    weight = dual(start=start, ceiling=0.1, rate=0.002)
    for step in range(300):
        weight.observe(batch(step, tokens=200 * exp(-50 * weight.weight(step))))
    assert weight.weight(300) == pytest.approx(log(2) / 50, rel=1e-3)
    assert weight.constraint().slack == pytest.approx(0, abs=0.1)


def test_length_dual_ends_at_its_ceiling_where_the_target_is_out_of_reach() -> None:
    weight = dual(start=0.001, ceiling=0.01, rate=0.002)
    for step in range(300):
        weight.observe(batch(step, tokens=200 * exp(-50 * weight.weight(step))))
    assert weight.weight(300) == 0.01
    assert weight.constraint().slack == pytest.approx(100 - 200 * exp(-0.5))
