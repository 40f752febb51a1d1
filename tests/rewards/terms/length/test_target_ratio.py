"""`target_ratio`: numbers of LEAD's code and of prime-rl's gated bonus, and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rewards.terms.rollouts import cut_off, rollout, values

MIXED = [rollout(1, 1000), rollout(1, 2000), rollout(1, 3000), rollout(0, 1000), rollout(0, 5000)]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("max_asym", [0.5, 0, 0, 0, -1]), ("max_sym", [0.5, 1, 0.5, 0.5, -0.5])],
)
def test_target_ratio_is_the_efficiency_reward_of_lead(mode: str, expected: list[float]) -> None:
    """CrazyMint/LEAD at aeebcc0; L* is 2,000. It is normalised apart from correctness there."""
    found = values("target_ratio", MIXED, {"mode": mode, "gate": "none"})
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        pytest.param(
            [rollout(1, 1000), rollout(1, 2000), rollout(1, 3000), rollout(0, 100)],
            [1.5, 1, 1, 0],
            id="mixed",
        ),
        pytest.param([rollout(1, 100)] * 3 + [rollout(1, 9700)], [1.96] * 3 + [1], id="outlier"),
        pytest.param([rollout(1, 700), rollout(0, 9)], [1, 0], id="lone"),  # by hand from here
        pytest.param([rollout(1, 300)] * 2, [1, 1], id="equal"),
        pytest.param([rollout(0, 300), rollout(0, 20)], [0, 0], id="nobody correct"),
        pytest.param(  # the mean is 400
            [rollout(1, 100), rollout(1, 300), rollout(1, 800)], [1.75, 1.25, 1], id="quarters"
        ),
    ],
)
def test_target_ratio_as_the_gated_bonus_of_prime_rl(
    rows: list[dict[str, float]], total: list[float]
) -> None:
    """PrimeIntellect-ai/prime-rl#2265, next to correctness."""
    found = values("target_ratio", rows, {"least": 0, "most": 1e9, "short": 0})
    assert [row["correct"] + v for row, v in zip(rows, found, strict=True)] == pytest.approx(total)


@pytest.mark.parametrize(
    ("rows", "params", "expected"),
    [
        pytest.param(MIXED, {}, [0.5, 0, 0, 0, 0], id="incorrect spared by default"),
        pytest.param(MIXED, {"mode": "max_sym"}, [0.5, 1, 0.5, 0, 0], id="symmetric, gated"),
        pytest.param(MIXED, {"mode": "upper_only"}, [0, 0, -0.5, 0, 0], id="upper only"),
        pytest.param(
            MIXED, {"mode": "upper_only", "gate": "none"}, [0, 0, -0.5, 0, -1], id="upper, ungated"
        ),
        pytest.param(
            MIXED,
            {"aggregator": "min_correct", "mode": "upper_only"},
            [0, -1, -1, 0, 0],
            id="shortest, charge at most 1",
        ),
        pytest.param(
            [rollout(1, 1000), rollout(1, 2000), rollout(1, 6000)],
            {"aggregator": "median_correct"},
            [0.5, 0, 0],
            id="median",
        ),
        pytest.param(
            [rollout(1, 1000), rollout(0, 3000)], {"aggregator": "mean_all"}, [0.5, 0], id="of all"
        ),
        pytest.param([rollout(1, 1600)], {}, [0], id="lone"),
        pytest.param([rollout(1, 1600)] * 2, {"mode": "max_sym"}, [1, 1], id="equal lengths"),
        pytest.param(  # the target is 8,000
            [rollout(0, 4000), rollout(0, 12000)],
            {"gate": "none"},
            [0, -0.5],
            id="nobody correct",
        ),
        pytest.param(  # the mean of 150 is raised to 1,000
            [rollout(1, 100), rollout(1, 200)], {"short": 0}, [0.9, 0.8], id="least target"
        ),
        pytest.param([rollout(1, 100), rollout(1, 200)], {}, [0, 0], id="too short to be paid"),
        pytest.param([rollout(1, 499), rollout(1, 500)], {}, [0, 0.5], id="just long enough"),
        pytest.param(  # the mean of 20,000 is lowered to 8,000
            [rollout(1, 2000), rollout(1, 38000)], {}, [0.75, 0], id="greatest target"
        ),
        pytest.param(
            [rollout(1, 2000), cut_off(1, 3000), cut_off(1, 5000)],
            {"mode": "max_sym"},
            [1, 0, -0.5],
            id="cut off is charged, not paid",
        ),
    ],
)
def test_target_ratio_by_hand(
    rows: list[dict[str, float]], params: dict[str, Any], expected: list[float]
) -> None:
    assert values("target_ratio", rows, params) == pytest.approx(expected)


def test_target_ratio_keeps_the_groups_apart() -> None:
    rows = [rollout(1, 1000), rollout(1, 3000), rollout(1, 3000), rollout(1, 5000)]
    found = values("target_ratio", rows, {}, [0, 1, 0, 1])
    assert found == pytest.approx([0.5, 0.25, 0, 0])
