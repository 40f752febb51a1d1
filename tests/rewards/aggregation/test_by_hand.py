"""Advantages worked by hand: small batches, ties, terms that do not apply, nothing to compare."""

from __future__ import annotations

from math import nan, sqrt

import pytest

from rewards.aggregation.registry import build_aggregation
from tests.rewards.aggregation.batches import charged, scored
from tests.rewards.aggregation.methods import METHODS, built

Z = 0.5 / (sqrt(0.5) + 1e-4)  # z of the better of 1 and 0: 0.7070068


@pytest.mark.parametrize(
    ("terms", "weights", "groups", "wanted"),
    [
        # z over its own deviation, Z sqrt(2), and once more 1e-4: 0.7070068 / 0.9999586
        pytest.param([[1], [0]], [1], [0, 0], [0.707036, -0.707036], id="two"),
        pytest.param([[1], [1], [1]], [1], [0, 0, 0], [0, 0, 0], id="equal"),
        # deviation of Z, -Z, 0, 0 is Z sqrt(2/3) = 0.5772686
        pytest.param(
            [[1], [0], [1], [1]], [1], [0, 0, 1, 1], [1.224533, -1.224533, 0, 0], id="two groups"
        ),
        # Z - 3 Z = -2 Z for the first, over 2 Z sqrt(2) = 1.9997172
        pytest.param(
            [[1, 0], [0, 1]], [1, 3], [0, 0], [-0.707071, 0.707071], id="the greater weight decides"
        ),
        # the third is in no mean and no deviation; 0.7070068 / 0.7071068
        pytest.param(
            [[1, 0], [0, 0], [nan, 0]], [1, 1], [0, 0, 0], [0.999859, -0.999859, 0], id="left out"
        ),
        pytest.param(
            [[1], [0], [nan]], [1], [0, 0, 0], [0.707036, -0.707036, 0], id="no term applies"
        ),
    ],
)
def test_normalize_then_sum_by_hand(
    terms: list[list[float]], weights: list[float], groups: list[int], wanted: list[float]
) -> None:
    found = built("normalize_then_sum").advantages(scored(terms, weights, groups)).tolist()
    assert found == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(
    ("correct", "tokens", "groups", "wanted"),
    [
        # mean of the tokens (1/2 - 3/2) / 4, variance (0.75^2 + 3 * 0.25^2) / 3 = 1/4
        pytest.param([1, 0], [1, 3], [0, 0], [1.5, -0.5], id="a long incorrect one"),
        pytest.param([1, 1], [5, 9], [0, 0], [0, 0], id="equal"),
        # no mean; variance 8 tokens of 1/4 for a half of them, over 7
        pytest.param(
            [1, 0, 1, 1], [2] * 4, [0, 0, 1, 1], [sqrt(7) / 2, -sqrt(7) / 2, 0, 0], id="as long"
        ),
        # mean -1/8, variance (0.625^2 + 3 * 0.375^2 + 4 * 0.125^2) / 7 = 1/8
        pytest.param(
            [1, 0, 1, 1],
            [1, 3, 2, 2],
            [0, 0, 1, 1],
            [0.625 * sqrt(8), -0.375 * sqrt(8), sqrt(8) / 8, sqrt(8) / 8],
            id="a group without spread is pushed one way",
        ),
    ],
)
def test_batch_over_tokens_by_hand(
    correct: list[float], tokens: list[float], groups: list[int], wanted: list[float]
) -> None:
    batch = scored([[float(c)] for c in correct], [1.0], groups, tokens)
    assert built("batch, tokens").advantages(batch).tolist() == pytest.approx(wanted, abs=1e-6)


def test_batch_over_rollouts_of_groups_that_differ_in_size() -> None:
    # 1/2, -1/2, 2/3, -1/3, -1/3; variance (1/2 + 6/9) / 4 = 7/24
    batch = scored([[1.0], [0.0], [1.0], [0.0], [0.0]], [1.0], [0, 0, 1, 1, 1])
    size = sqrt(7 / 24)
    wanted = [0.5 / size, -0.5 / size, 2 / 3 / size, -1 / 3 / size, -1 / 3 / size]
    assert built("batch").advantages(batch).tolist() == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(
    ("scale", "wanted"),
    [
        # rewards 1, 0 and 0.5, 0.5: deviation of the batch sqrt(0.5 / 3)
        ("sum, group", [Z, -Z, 0, 0]),
        ("sum, batch", [0.5 / (sqrt(0.5 / 3) + 1e-4), -0.5 / (sqrt(0.5 / 3) + 1e-4), 0, 0]),
        ("sum, none", [0.5, -0.5, 0, 0]),
    ],
)
def test_sum_then_normalize_by_hand_at_every_scale(scale: str, wanted: list[float]) -> None:
    batch = charged((1, 0), (0, 9), (1, 5), (1, 5), groups=[0, 0, 1, 1])
    assert built(scale).advantages(batch).tolist() == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(
    ("params", "correct", "tokens", "kept", "wanted"),
    [
        # of equally long ones the better paid are kept, which are alike
        pytest.param({"keep": 2}, [0, 1, 1], [100] * 3, [0, 1, 1], [0, 0, 0], id="ties: better"),
        pytest.param({"keep": 2}, [1, 1, 1], [100] * 3, [1, 1, 0], [0, 0, 0], id="ties: first"),
        pytest.param(
            {"keep": 2, "scale": "none"}, [1, 0, 1], [10, 20, 30], [1, 1, 0], [0.5, -0.5, 0],
            id="not divided",
        ),
        pytest.param(
            {"keep": 2, "metric": "efficiency"}, [0, 0, 0], [30, 10, 20], [0, 1, 1], [0, 0, 0],
            id="all incorrect: the shortest",
        ),
        # 1/40, 1/10, 0, 0: z of 1, 1 and 0 is (1/3) / sqrt(1/3) and twice that
        pytest.param(
            {"keep": 3, "metric": "efficiency"}, [1, 1, 0, 0], [40, 10, 6, 5], [1, 1, 0, 1],
            [0.577250, 0.577250, 0, -1.154501], id="efficient",
        ),
    ],
)  # fmt: skip
def test_gfpo_by_hand(
    params: dict[str, object],
    correct: list[float],
    tokens: list[float],
    kept: list[int],
    wanted: list[float],
) -> None:
    method = build_aggregation({"kind": "gfpo", **params})
    batch = scored([[float(c)] for c in correct], [1.0], None, tokens)
    mask = method.kept(batch)
    assert mask is not None and mask.int().tolist() == kept
    assert method.advantages(batch).tolist() == pytest.approx(wanted, abs=1e-6)


def test_rdpo_does_not_see_how_far_off_an_outlier_is() -> None:
    near, far = ([[float(last)], [2.0], [0.0], [1.0]] for last in (3, 300))
    found, again = (built("rdpo").advantages(scored(t, [1.0])).tolist() for t in (near, far))
    # quantiles 3/4, 1/4, -3/4, -1/4 over their root mean square, sqrt(5) / 4
    assert found == pytest.approx([3 / sqrt(5), 1 / sqrt(5), -3 / sqrt(5), -1 / sqrt(5)])
    assert again == pytest.approx(found)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(
    ("rows", "groups"),
    [
        pytest.param([(1, 2), (0, 0)], [0, 1], id="groups of one"),
        pytest.param([(1, 2)], [5], id="a batch of one"),
        pytest.param([(0, 3), (0, 0), (0, 7)], [0, 0, 0], id="all incorrect"),
        pytest.param([(1, 2), (1, 2), (1, 2)], [0, 0, 0], id="all correct and alike"),
    ],
)
def test_a_group_with_nothing_to_compare_teaches_nothing(
    name: str, rows: list[tuple[int, int]], groups: list[int]
) -> None:
    found = built(name).advantages(charged(*rows, groups=groups)).tolist()
    assert found == pytest.approx([0.0] * len(rows), abs=1e-9)
