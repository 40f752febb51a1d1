"""`budget_value`: numbers of the authors' code, and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rewards.terms.rollouts import rollout, values

Row = dict[str, float]


def forecasting(
    correct: float, thinking: float, rate: float = -1, budget: float = -1, **facts: float
) -> Row:
    return rollout(
        correct,
        thinking + 10,
        thinking_tokens=thinking,
        forecast_solve_rate=rate,
        forecast_budget=budget,
        **facts,
    )


MIXED = [
    forecasting(1, 1000, 0.75, 0.06),
    forecasting(1, 2000, 0.5, 0.5),
    forecasting(1, 4000, 0.9, 0.01),
    forecasting(0, 8000, 0.1, 0.9),
]
FOLDED = [forecasting(0, 100, 0.0, 0.0, folded=1), forecasting(0, 5000, 0.5, 0.5)]
PART = forecasting(1, 500, 1, 1), forecasting(1, 1000, 1, 1)
NO_FORECASTS = {"rate": 0.0, "budget": 0.0}


@pytest.mark.parametrize(
    ("params", "rows", "total"),
    [
        pytest.param(  # houqiii/BET at 079d234, with its 0.15 for the format
            {"gate": "none"}, MIXED, [1.149586, 1.037207, 1.114586, -0.180449], id="mixed"
        ),
        pytest.param({"gate": "none"}, FOLDED, [0.25, -0.061035], id="folded, nobody is right"),
        pytest.param(
            {}, MIXED, [1.149586, 1.037207, 1.114586, 0.15], id="incorrect ones get nothing"
        ),
        pytest.param({}, FOLDED, [0.15, 0.15], id="nor for folding"),
        pytest.param(  # fold next to a correct rollout: -0.8, s = 1/2, b = 0.1
            {"gate": "none", "limit": 1000},
            [forecasting(1, 100, 0.5, 0.1), forecasting(0, 10, 0.5, 0.1, folded=1)],
            [1.15, -0.65],
            id="folded, somebody is right",
        ),
        pytest.param(  # 0.5 for what was not forecast: 0.1 * 0.5 and 0.2 * (0.5 - 0.25)
            {"limit": 4000}, [forecasting(1, 1000)], [1 - 0.05 - 0.05 + 0.15], id="no forecast"
        ),
        pytest.param(  # c is the mean of 2 of 4: 600; 0.3 * (1 - 400/600) = 0.1
            {"shortest": 0.5, **NO_FORECASTS},
            [forecasting(1, 400), forecasting(1, 800), forecasting(1, 1200), forecasting(1, 1600)],
            [1.25, 1.15, 1.15, 1.15],
            id="shorter than the cost",
        ),
        pytest.param(  # ceil(0.3 * 4) = 2 again
            NO_FORECASTS,
            [forecasting(1, 400), forecasting(1, 800), forecasting(1, 1200), forecasting(1, 1600)],
            [1.25, 1.15, 1.15, 1.15],
            id="rounded up",
        ),
        pytest.param(  # solve rate 1/4 is not above 0.25
            {"shortest": 1.0, **NO_FORECASTS},
            [*PART, *[forecasting(0, 9)] * 6],
            [1.15, 1.15, *[0.15] * 6],
            id="too hard to be short",
        ),
        pytest.param(  # 2/7 is; c = 750: 0.3 * (1 - 500/750) = 0.1
            {"shortest": 1.0, **NO_FORECASTS},
            [*PART, *[forecasting(0, 9)] * 5],
            [1.25, 1.15, *[0.15] * 5],
            id="just not too hard",
        ),
        pytest.param(  # b = 1 at most, forecast 0: 0.2 * 2; rate off by 1: 0.1
            {"limit": 100}, [forecasting(1, 900, 0.0, 0.0)], [1.15 - 0.5], id="worst forecast"
        ),
        pytest.param(NO_FORECASTS, [forecasting(1, 0)], [1.15], id="no thinking"),
        pytest.param(  # -0.2 at the limit and beyond; nobody right: 0.2 * 1 + 0.1 * 1
            {"gate": "none", "limit": 100},
            [forecasting(0, 50, 0, 0), forecasting(0, 900, 1, 1)],
            [0.05, -0.35],
            id="length of incorrect ones",
        ),
    ],
)
def test_budget_value_next_to_correctness_and_format(
    params: dict[str, Any], rows: list[Row], total: list[float]
) -> None:
    found = values("budget_value", rows, params)
    sums = [row["correct"] + value + 0.15 for row, value in zip(rows, found, strict=True)]
    assert sums == pytest.approx(total, abs=1e-5)


def test_budget_value_keeps_groups_apart() -> None:
    rows = [forecasting(1, 400), forecasting(1, 4000), forecasting(1, 800), forecasting(1, 8000)]
    params = {"shortest": 1.0, **NO_FORECASTS}
    found = values("budget_value", rows, params, groups=[3, 7, 3, 7])
    assert found == pytest.approx([0.1, 0.1, 0, 0], abs=1e-6)
