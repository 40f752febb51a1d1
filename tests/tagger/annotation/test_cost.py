"""Costs, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tagger.annotation.cost import Ledger, estimate, prompt_tokens_of, tokens_of
from tagger.annotation.settings import AnnotateSettings
from tagger.errors import UserError

FREE = AnnotateSettings("m", "http://x/v1", answer_tokens=100)
PRICED = replace(FREE, prompt_price=2.0, answer_price=10.0)


def test_tokens_follow_the_stated_rule() -> None:
    assert [tokens_of(t) for t in ("", "abc", "abcd", "数学", "a数")] == [0, 1, 2, 2, 2]
    messages = [{"role": "system", "content": "abcdef"}, {"role": "user", "content": "a"}]
    assert prompt_tokens_of(messages) == 8 + 2 + 8 + 1


def test_the_estimate() -> None:
    found = estimate([(1000, 2), (500, 8)], PRICED)
    assert (found.requests, found.prompt_tokens) == (2, 1500)
    # 10 + 2 x 25, and 10 + 8 x 25 held to the limit of 100.
    assert found.answer_tokens == 60 + 100
    assert found.cost == pytest.approx((1500 * 2 + 160 * 10) / 1e6)
    assert estimate([(1000, 2)], FREE).cost is None


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"max_requests": 3}, None),
        ({"max_requests": 2}, "max_requests=2"),
        # (100, 50) are spent, (200, 100) reserved, (200, 100) more asked for: 750 tokens,
        # 500 x 2 + 250 x 10 = 3500 millionths.
        ({"max_tokens": 750}, None),
        ({"max_tokens": 749}, "max_tokens=749"),
        ({"max_cost": 0.0035}, None),
        ({"max_cost": 0.0034}, "max_cost=0.0034"),
    ],
)
def test_the_budget_counts_what_is_spent_and_what_is_under_way(
    limits: dict[str, float], says: str | None
) -> None:
    ledger = Ledger(replace(PRICED, **limits))  # type: ignore[arg-type]
    ledger.book(100, 50, 100)
    ledger.reserve(200)
    assert ledger.over(200, 100) == says
    ledger.release(200)
    assert ledger.over(200, 100) is None
    assert (ledger.under_way, ledger.reserved_prompt, ledger.reserved_answer) == (0, 0, 0)


def test_an_endpoint_that_counts_more_than_the_rule_is_believed() -> None:
    ledger = Ledger(replace(FREE, max_tokens=1000))
    assert ledger.factor == 1
    ledger.book(300, 0, 100)
    assert ledger.factor == 3
    assert ledger.over(200, 100) is None
    assert ledger.over(201, 100) == "max_tokens=1000"
    assert estimate([(200, 1)], FREE, ledger.factor).prompt_tokens == 600
    ledger.book(10, 0, 1000)
    assert ledger.factor == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"concurrency": 0}, "concurrency is 0; it must be a whole number of at least 1"),
        ({"retries": -1}, "retries is -1; it must be a whole number of at least 0"),
        ({"max_cost": float("nan")}, "max_cost is nan"),
        ({"timeout": 0.0}, "timeout is 0.0; it must be a number above 0"),
        ({"base_url": "localhost:8000"}, "must start with http:// or https://"),
        ({"max_cost": 1.0, "prompt_price": 1.0}, "'max_cost' needs prompt_price and answer_price"),
    ],
)
def test_settings_out_of_range(wrong: dict[str, float], says: str) -> None:
    with pytest.raises(UserError, match=says):
        replace(FREE, **wrong)  # type: ignore[arg-type]
