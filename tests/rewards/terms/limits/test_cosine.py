"""`cosine`: TRL's own class, numbers of open-r1, and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rewards.terms.rollouts import rollout, values

TRL = {"limit": 1000, "gate": "none"}
PAPER = {
    "limit": 1000,
    "correct_short": 2.0,
    "correct_long": 1.0,
    "incorrect_short": -10.0,
    "incorrect_long": 0.0,
    "beyond": -10.0,
    "gate": "none",
}
LENGTHS = [0, 250, 500, 1000]


@pytest.mark.parametrize(
    ("params", "rows", "expected"),
    [
        pytest.param(  # huggingface/trl at f2cd577
            TRL,
            [rollout(c, n) for c in (1, 0) for n in LENGTHS],
            [1, 0.926777, 0.75, 0.5, -1, -0.926777, -0.75, -0.5],
            id="trl, mixed",
        ),
        pytest.param(
            TRL,
            [rollout(1, 1500), rollout(1, 2000), rollout(0, 1500), rollout(0, 2000)],
            [0.5, 0.5, -0.5, -0.5],
            id="trl, clamped at the limit",
        ),
        pytest.param(  # open-r1 at 1416fa0; characters there
            TRL,
            [rollout(c, n) for c in (1, 0) for n in (1, 500, 1000)],
            [0.999999, 0.75, 0.5, -0.999999, -0.75, -0.5],
            id="open-r1, mixed",
        ),
        pytest.param(TRL, [rollout(1, 333)], [0.875227], id="open-r1, one rollout"),
        pytest.param(  # cos(pi / 3) = 1/2: three quarters of the way up
            {"limit": 300}, [rollout(1, 100), rollout(1, 200)], [0.875, 0.625], id="thirds"
        ),
        pytest.param(
            PAPER,
            [rollout(c, n) for c in (1, 0) for n in (0, 500, 999)],
            [2, 1.5, 1.000002, -10, -5, -0.000025],
            id="demystify, below the limit",
        ),
        pytest.param(
            PAPER, [rollout(1, 1000), rollout(0, 1000), rollout(0, 7000)], [-10] * 3, id="beyond"
        ),
        pytest.param(
            {"limit": 1000, "correct_short": 2.0, "correct_long": 1.0, "beyond": -10.0},
            [rollout(1, 500), rollout(0, 0), rollout(0, 5000), rollout(1, 1001)],
            [1.5, 0, 0, -10],
            id="gated",
        ),
        pytest.param(
            {"limit": 100, "correct_short": 0.0, "correct_long": 1.0},
            [rollout(1, 0), rollout(1, 50), rollout(1, 100)],
            [0, 0.5, 1],
            id="upside down",
        ),
    ],
)
def test_cosine(
    params: dict[str, Any], rows: list[dict[str, float]], expected: list[float]
) -> None:
    assert values("cosine", rows, params) == pytest.approx(expected, abs=1e-5)


def test_cosine_ungated_equals_trl(monkeypatch: pytest.MonkeyPatch) -> None:
    from trl.rewards import accuracy_rewards

    rows = [rollout(n % 3 == 0, n) for n in range(0, 3000, 130)]
    correct = [float(row["correct"]) for row in rows]
    monkeypatch.setattr(accuracy_rewards, "accuracy_reward", lambda *_: correct)
    theirs = accuracy_rewards.get_cosine_scaled_reward(2048, -3.0, -0.25, 0.4, 1.5)
    wanted = theirs([[]] * len(rows), [""] * len(rows), [[1] * int(r["tokens"]) for r in rows])
    ours = {
        "limit": 2048,
        "incorrect_short": -3.0,
        "incorrect_long": -0.25,
        "correct_long": 0.4,
        "correct_short": 1.5,
        "gate": "none",
    }
    assert values("cosine", rows, ours) == pytest.approx(wanted, abs=1e-6)
