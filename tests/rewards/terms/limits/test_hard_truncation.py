"""`hard_truncation`: numbers of ThinkPrune, DLER and NeMo RL, and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rewards.terms.rollouts import cut_off, rollout, values

LIMIT = {"limit": 4000}
BAND = {"limit": 1000, "ramp": 1000, "keeps": 0.2}


@pytest.mark.parametrize(
    ("params", "rows", "total"),
    [
        pytest.param(  # UCSB-NLP-Chang/ThinkPrune at 0f7449b
            LIMIT,
            [rollout(1, 3999), rollout(1, 4000), rollout(1, 4001), rollout(0, 10)],
            [1, 1, 0, 0],
            id="thinkprune, edges",
        ),
        pytest.param(LIMIT, [rollout(0, 10), rollout(0, 9000)], [0, 0], id="all incorrect"),
        pytest.param(  # NVlabs/DLER at ea7d4f7, the score before its advantages
            LIMIT,
            [rollout(1, 1000), rollout(0, 2000), rollout(1, 500), rollout(1, 3000)],
            [1, 0, 1, 1],
            id="dler, two prompts",
        ),
        pytest.param(
            LIMIT, [rollout(1, 100)] * 3 + [rollout(0, 100)], [1, 1, 1, 0], id="dler, all right"
        ),
        pytest.param({"limit": 1}, [rollout(1, 1), rollout(1, 2)], [1, 0], id="limit of one"),
        pytest.param(LIMIT, [cut_off(1, 4001), cut_off(0, 4001)], [0, 0], id="cut off beyond it"),
        pytest.param(LIMIT, [cut_off(1, 3000)], [1], id="cut off within it"),
        pytest.param(  # NVIDIA-NeMo/RL at 1643600
            BAND,
            [rollout(1, n) for n in (999, 1000, 1500, 2000, 9000)],
            [1, 1, 0.6, 0.2, 0.2],
            id="band, edges",
        ),
        pytest.param(BAND, [rollout(0, 10), rollout(0, 9000)], [0, 0], id="band, incorrect"),
        pytest.param(BAND, [rollout(1, 1250)], [0.8], id="a quarter of 0.8"),
        pytest.param({**BAND, "keeps": 0.0}, [rollout(1, 1900)], [0.1], id="band down to 0"),
        pytest.param({**BAND, "ramp": 1}, [rollout(1, 1001)], [0.2], id="ramp of a token"),
        pytest.param({**BAND, "keeps": 1.0}, [rollout(1, 9000)], [1.0], id="keeps it all"),
    ],
)
def test_hard_truncation_next_to_correctness(
    params: dict[str, Any], rows: list[dict[str, float]], total: list[float]
) -> None:
    found = values("hard_truncation", rows, params)
    sums = [row["correct"] + value for row, value in zip(rows, found, strict=True)]
    assert sums == pytest.approx(total, abs=1e-6)
