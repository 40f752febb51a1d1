"""`length_sigmoid`: numbers of the authors' code, and worked by hand."""

from __future__ import annotations

import math

import pytest

from tests.rewards.terms.rollouts import cut_off, rollout, values


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        pytest.param(  # Zanette-Labs/efficient-reasoning at e3611e4, alpha 0.1
            [rollout(1, 100), rollout(1, 200), rollout(1, 300), rollout(0, 250)],
            [0.97729, 0.95, 0.92271, 0],
            id="mixed",
        ),
        pytest.param(  # the two longest are one deviation apart from their mean
            [rollout(1, 100), rollout(1, 300)],
            [1 - 0.1 * sigmoid(-1), 1 - 0.1 * sigmoid(1)],
            id="two, z is one",
        ),
        pytest.param([rollout(1, 700), rollout(0, 5)], [0.95, 0], id="lone correct pays half"),
        pytest.param([rollout(1, 50), rollout(1, 50)], [0.95, 0.95], id="equal lengths"),
        pytest.param([rollout(0, 50), rollout(0, 90)], [0, 0], id="nobody correct"),
    ],
)
def test_length_sigmoid_next_to_correctness(
    rows: list[dict[str, float]], total: list[float]
) -> None:
    correct = [row["correct"] for row in rows]
    found = [c + 0.1 * v for c, v in zip(correct, values("length_sigmoid", rows), strict=True)]
    assert found == pytest.approx(total, abs=1e-5)


def test_length_sigmoid_leaves_cut_off_rollouts_out() -> None:
    rows = [rollout(1, 100), cut_off(1, 4096), rollout(1, 200)]
    found = values("length_sigmoid", rows)
    assert found == pytest.approx([-0.26894, 0, -0.73106], abs=1e-5)


def test_length_sigmoid_sample_deviation() -> None:
    rows = [rollout(1, 100), rollout(1, 200), rollout(1, 300)]
    found = values("length_sigmoid", rows, {"deviation": "sample"})
    assert found == pytest.approx([-sigmoid(-1), -0.5, -sigmoid(1)], abs=1e-6)


def test_length_sigmoid_sample_deviation_next_to_the_scores_of_laser() -> None:
    """hkust-nlp/Laser at c9e7c4e: -0.5 for an incorrect answer, weight 0.4."""
    rows = [rollout(1, 100), rollout(1, 200), rollout(1, 300), rollout(0, 250)]
    found = values("length_sigmoid", rows, {"deviation": "sample"})
    base = [1.0 if row["correct"] else -0.5 for row in rows]
    total = [b + 0.4 * v for b, v in zip(base, found, strict=True)]
    assert total == pytest.approx([0.892423, 0.8, 0.707577, -0.5], abs=1e-5)


def test_length_sigmoid_of_a_lone_correct_rollout_pays_half_where_laser_charges_all() -> None:
    """Its code has 0.6 for the first, from mean 0 and deviation 1; z is 0 here."""
    found = values("length_sigmoid", [rollout(1, 1000), rollout(0, 10)], {"deviation": "sample"})
    assert [1 + 0.4 * found[0], -0.5 + 0.4 * found[1]] == pytest.approx([0.8, -0.5])


def test_length_sigmoid_by_hand() -> None:
    # 10, 20, 60: mean 30, population deviation sqrt(1400 / 3) = 21.602469
    found = values("length_sigmoid", [rollout(1, 10), rollout(1, 20), rollout(1, 60)])
    spread = math.sqrt(1400 / 3)
    wanted = [-sigmoid(-20 / spread), -sigmoid(-10 / spread), -sigmoid(30 / spread)]
    assert found == pytest.approx(wanted, abs=1e-6)
