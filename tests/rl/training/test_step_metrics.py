"""What a step logs about its rollouts."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rewards.aggregation.registry import build_aggregation
from rewards.facts.columns import columns
from rl.training.advantages.scoring import BatchScorer
from rl.training.step_metrics import fact_metrics, term_metrics
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.aggregation.batches import scored
from tests.rewards.fakes import table

NAMES = columns(REASONTYPE)


def test_means_of_facts() -> None:
    facts = table(
        {"tokens": 10, "answer_step": 2, "count/VERIFY": 1, "audit_verification": 3},
        {"tokens": 30, "answer_step": -1, "audit_verification": 0},
    )
    means = fact_metrics(facts, NAMES)
    assert means["facts/tokens"] == 20
    assert means["facts/count/VERIFY"] == 0.5
    assert (means["facts/answer_step"], means["facts/answer_stated"]) == (2, 0.5)
    assert means["facts/audit_verification"] == 1.5


def test_unfamiliar_is_a_share_of_all_steps() -> None:
    rows = [{"unfamiliar": 0.5, "steps": 8}, {"unfamiliar": 0, "steps": 2}, {"unfamiliar": 0}]
    assert fact_metrics(table(*rows), NAMES)["facts/unfamiliar"] == 0.4
    assert fact_metrics(table({"unfamiliar": 0}), NAMES)["facts/unfamiliar"] == 0
    assert "facts/unfamiliar" not in fact_metrics(table({"unfamiliar": -1}), NAMES)


def test_what_nobody_has_is_not_a_number() -> None:
    means = fact_metrics(table({"answer_step": -1, "audit_verification": -1}), NAMES)
    assert math.isnan(means["facts/answer_step"]) and means["facts/answer_stated"] == 0
    assert "facts/audit_verification" not in means


def test_shares_of_the_advantage() -> None:
    terms = [[1.0, 4.0], [0.0, 2.0], [1.0, float("nan")], [1.0, 2.0]]
    batch = scored(terms, [1.0, 0.5], groups=[0, 0, 9, 9], names=("right", "short"))
    assert term_metrics(build_aggregation("sum_then_normalize"), batch) == pytest.approx(
        {"weight/right": 1, "weight/short": 0.5, "advantage/right": 0.25, "advantage/short": 0.5}
    )


def test_shares_of_the_step_are_those_since_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 2.0, 5.0, 8.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    nothing: Any = None
    scorer = BatchScorer(nothing, nothing, [], nothing)
    for part in ("tagging", "terms"):
        with scorer._timed(part):
            pass
    found = scorer.shares(step_seconds=20.0)  # 2 s of tagging, 3 s of terms
    assert found == {"timing/tagging_share": 0.1, "timing/reward_share": 0.25}
    assert set(scorer.shares(20.0).values()) == {0.0}
