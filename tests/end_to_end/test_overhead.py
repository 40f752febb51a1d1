"""Facts, terms and tagging cost at most 5 % of a GRPO step."""

from __future__ import annotations

import pytest

from tests.end_to_end.overhead import measure


@pytest.mark.slow
def test_a_step_takes_at_most_five_percent_longer() -> None:
    measured = measure(None, steps=4)
    assert measured["our_reward_seconds"] > measured["constant_reward_seconds"]
    assert measured["ratio"] <= 1.05, measured
