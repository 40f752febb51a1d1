"""Advantages as the peers' own code computes them, and cases by hand."""

from __future__ import annotations

from typing import Any

import pytest

from rewards.aggregation.registry import build_aggregation
from tests.rewards.aggregation.batches import charged, scored

OVER_TOKENS = {"kind": "batch", "over": "tokens"}
SHORTEST_2 = {"kind": "gfpo", "keep": 2}


def share_of_limit(*rows: tuple[int, int], temperature: float = 0.1) -> list[float]:
    """DRPO with the paper's length reward 1 - L / 1000, for rollouts as (correct, tokens)."""
    terms = [[float(correct), correct * (1 - length / 1000)] for correct, length in rows]
    method = build_aggregation({"kind": "drpo", "temperature": temperature})
    return method.advantages(scored(terms, [1.0, 1.0])).tolist()


@pytest.mark.parametrize(
    ("second", "first", "wanted"),
    [
        # NVlabs/GDPO at b080e63, its block run on these rewards
        ([0.2, 0.8, 0.0, 1.0], [1, 1, 0, 0], [0.166814, 1.057867, -1.354885, 0.130204]),
        ([0.2, 0.4, 0.6, 0.8], [1, 1, 1, 1], [-1.161779, -0.38726, 0.38726, 1.161779]),
    ],
)
def test_normalize_then_sum_is_gdpo(
    second: list[float], first: list[int], wanted: list[float]
) -> None:
    batch = scored([[float(a), b] for a, b in zip(first, second, strict=True)], [1.0, 1.0])
    found = build_aggregation("normalize_then_sum").advantages(batch)
    assert found.tolist() == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(
    ("correct", "tokens", "wanted"),
    [
        # NVlabs/DLER at ea7d4f7, its advantage function run on these scores
        ([1, 0, 1, 1], [1000, 2000, 500, 3000], [1.74358, -1.278626, 0.232477, 0.232477]),
        ([1, 1, 1, 0], [100, 100, 100, 100], [0, 0, 1.412445, -1.412445]),
    ],
)
def test_batch_over_tokens_is_dler(
    correct: list[int], tokens: list[float], wanted: list[float]
) -> None:
    batch = scored([[float(c)] for c in correct], [1.0], [0, 0, 1, 1], tokens)
    found = build_aggregation(OVER_TOKENS).advantages(batch)
    assert found.tolist() == pytest.approx(wanted, abs=1e-5)


def test_batch_over_rollouts_by_hand() -> None:
    # centred 1/2, -1/2, 0, 0; sample variance (1/4 + 1/4) / 3 = 1/6
    batch = scored([[1.0], [0.0], [1.0], [1.0]], [1.0], [0, 0, 1, 1])
    found = build_aggregation("batch").advantages(batch)
    assert found.tolist() == pytest.approx([1.5**0.5, -(1.5**0.5), 0, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("correct", "tokens", "wanted", "kept"),
    [
        ([1, 0, 1, 1], [100, 50, 300, 200], [0.707007, -0.707007, 0, 0], [1, 1, 0, 0]),
        # two short incorrect rollouts displace the correct ones
        ([0, 0, 1, 1], [10, 20, 500, 600], [0, 0, 0, 0], [1, 1, 0, 0]),
    ],
)
def test_gfpo_keeps_the_shortest(
    correct: list[int], tokens: list[float], wanted: list[float], kept: list[int]
) -> None:
    batch, method = scored([[float(c)] for c in correct], [1.0], None, tokens), SHORTEST_2
    found = build_aggregation(method)
    assert found.advantages(batch).tolist() == pytest.approx(wanted, abs=1e-5)
    mask = found.kept(batch)
    assert mask is not None and mask.int().tolist() == kept


def test_gfpo_by_efficiency_keeps_correct_rollouts_before_short_incorrect_ones() -> None:
    batch = scored([[0.0], [0.0], [1.0], [1.0]], [1.0], None, [10, 20, 600, 500])
    method = build_aggregation({"kind": "gfpo", "keep": 3, "metric": "efficiency"})
    mask = method.kept(batch)
    assert mask is not None and mask.tolist() == [True, False, True, True]
    unscaled = build_aggregation(
        {"kind": "gfpo", "keep": 3, "metric": "efficiency", "scale": "none"}
    )
    assert unscaled.advantages(batch).tolist() == pytest.approx([-2 / 3, 0, 1 / 3, 1 / 3])


def test_drpo_has_the_papers_weights() -> None:
    # Optimization-AI/DRPO at 405f702, run with equal log-probabilities of the incorrect ones
    found = share_of_limit((1, 100), (1, 200), (0, 500), (0, 900))
    assert found == pytest.approx([0.731058, 0.268941, -0.5, -0.5], abs=1e-5)
    found = share_of_limit((1, 100), (1, 900), (0, 500), temperature=0.5)
    assert found == pytest.approx([0.832018, 0.167982, -1], abs=1e-5)


def test_drpo_by_hand() -> None:
    assert share_of_limit((1, 300), (0, 10)) == pytest.approx([1, -1])
    assert share_of_limit((1, 300), (1, 300), (0, 10), (0, 20)) == pytest.approx(
        [0.5, 0.5, -0.5, -0.5]
    )
    assert share_of_limit((1, 300), (1, 900)) == [0, 0]  # all correct: nothing to tell apart
    assert share_of_limit((0, 300), (0, 900)) == [0, 0]


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        # correctness 1 - 3/4 or -3/4; charges 0.1 x (2, 1, 0), less their mean 0.1
        ("among_correct", [0.25 - 0.1, 0.25, -0.75, 0.25 + 0.1]),
        ({"kind": "among_correct", "by_solve_rate": True}, [0.175, 0.25, -0.75, 0.325]),
        # z of correctness 0.25 / 0.5 and of counts (-1, 0, 1), all over sd + 1e-4
        (
            {"kind": "among_correct", "scale": "deviation"},
            [0.4999 - 0.09999, 0.4999, -1.4997, 0.4999 + 0.09999],
        ),
        # the charge is compared over all four: mean of 0.2, 0.1, 0, 0
        (
            {"kind": "among_correct", "outcome": ["correctness", "steps"]},
            [0.125, 0.225, -0.675, 0.325],
        ),
    ],
)
def test_among_correct_by_hand(method: Any, wanted: list[float]) -> None:
    batch = charged((1, 2), (1, 1), (0, 7), (1, 0))
    assert build_aggregation(method).advantages(batch).tolist() == pytest.approx(wanted, abs=1e-5)


def test_rdpo_by_hand() -> None:
    # One binary term: quantiles 1 - p and -p, that is 1/4 and -3/4, over their root mean square.
    batch = scored([[1.0], [1.0], [0.0], [1.0]], [2.0])
    found = build_aggregation("rdpo").advantages(batch).tolist()
    size = (0.75 / 4) ** 0.5
    assert found == pytest.approx([0.5 / size, 0.5 / size, -1.5 / size, 0.5 / size])


def test_rdpo_scales_a_group_by_its_share_of_the_greatest_range() -> None:
    # Ranks alike, ranges 1 and 4: the second group's part is four times the first's.
    batch = scored([[0.0], [1.0], [0.0], [4.0]], [1.0], [0, 0, 1, 1])
    found = build_aggregation("rdpo").advantages(batch).tolist()
    assert found[3] == pytest.approx(4 * found[1]) and found[0] == pytest.approx(-found[1])


def test_sum_then_normalize_by_hand() -> None:
    batch = charged((1, 2), (1, 1), (0, 7), (1, 0))  # rewards 0.8, 0.9, 0, 1
    found = build_aggregation("sum_then_normalize").advantages(batch)
    assert found.tolist() == pytest.approx([0.125, 0.225, -0.675, 0.325])
