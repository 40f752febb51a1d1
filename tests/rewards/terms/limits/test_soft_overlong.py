"""`soft_overlong`: TRL's own function, numbers of PipelineRL's, and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tagger.errors import UserError
from tests.rewards.terms.rollouts import cut_off, rollout, values

SMALL = {"limit": 100, "buffer": 20}
DAPO = {"limit": 20480, "buffer": 4096}


@pytest.mark.parametrize(
    ("params", "tokens", "expected"),
    [
        pytest.param(SMALL, [0, 80, 81, 90, 100, 101], [0, 0, -0.05, -0.5, -1, -1], id="edges"),
        pytest.param(DAPO, [16384, 18432, 20480, 20481], [0, -0.5, -1, -1], id="as in the paper"),
        pytest.param({"limit": 100, "buffer": 0}, [99, 100, 101], [0, 0, -1], id="no buffer"),
        pytest.param({"limit": 50, "buffer": 50}, [0, 5, 50], [0, -0.1, -1], id="all buffer"),
        pytest.param({"limit": 10, "buffer": 4}, [6, 7, 8, 9], [0, -0.25, -0.5, -0.75], id="slope"),
    ],
)
def test_soft_overlong_of_correct_rollouts(
    params: dict[str, int], tokens: list[int], expected: list[float]
) -> None:
    found = values("soft_overlong", [rollout(1, n) for n in tokens], params)
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("params", [SMALL, DAPO, {"limit": 7, "buffer": 0}])
def test_soft_overlong_ungated_equals_trl(params: dict[str, int]) -> None:
    from trl.rewards.other_rewards import get_soft_overlong_punishment

    tokens = [0, 6, 7, 8, 79, 80, 81, 93, 100, 101, 16383, 17000, 20479, 20480, 30000]
    theirs = get_soft_overlong_punishment(params["limit"], params["buffer"])
    wanted = theirs([[1] * n for n in tokens])
    rows = [rollout(number % 2, n) for number, n in enumerate(tokens)]
    found = values("soft_overlong", rows, {**params, "gate": "none"})
    assert found == pytest.approx(wanted, abs=1e-6)


def test_soft_overlong_spares_incorrect_rollouts_by_default() -> None:
    rows = [rollout(0, 101), rollout(0, 10), cut_off(0, 100), rollout(1, 100)]
    assert values("soft_overlong", rows, SMALL) == [0, 0, 0, -1]


EASED: dict[str, Any] = {"limit": 1000, "buffer": 200, "difficulty": 1.0, "gate": "none"}


@pytest.mark.parametrize(
    ("rows", "power", "expected"),
    [
        pytest.param(  # ServiceNow/PipelineRL at 58d3934
            [rollout(1, 900), rollout(0, 900), rollout(1, 800), rollout(0, 1000)],
            1.0,
            [-0.25, -0.5, 0, -1],
            id="mixed",
        ),
        pytest.param(
            [rollout(1, 1000), *[rollout(0, 1000)] * 3], 1.0, [-0.25, -1, -1, -1], id="hard problem"
        ),
        pytest.param([rollout(1, 1000), rollout(0, 1)], 2.0, [-0.25, 0], id="square of one half"),
        pytest.param([rollout(1, 900), rollout(0, 1)], 0.0, [-0.5, 0], id="power 0 eases nothing"),
        pytest.param([rollout(1, 950)] * 2, 3.0, [-0.75, -0.75], id="all correct pay in full"),
        pytest.param(
            [cut_off(1, 1000), rollout(1, 900), rollout(0, 9), rollout(0, 9)],
            1.0,
            [-1, -0.25, 0, 0],
            id="cut off pays in full",
        ),
    ],
)
def test_soft_overlong_eases_hard_problems(
    rows: list[dict[str, float]], power: float, expected: list[float]
) -> None:
    found = values("soft_overlong", rows, {**EASED, "difficulty": power})
    assert found == pytest.approx(expected, abs=1e-6)


def test_soft_overlong_refuses_a_buffer_above_the_limit() -> None:
    with pytest.raises(UserError, match="buffer .* is 200, more than the limit of 100"):
        values("soft_overlong", [rollout(1, 1)], {"limit": 100, "buffer": 200})
    with pytest.raises(UserError, match="difficulty .* is inf; it must be a finite number"):
        values("soft_overlong", [rollout(1, 1)], {**EASED, "difficulty": float("inf")})
