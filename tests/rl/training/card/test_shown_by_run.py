"""What a policy card says: nothing that its run did not show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rl.training.card.policy import policy_card
from rl.training.card.shown_by_run import shown_by_run

PROVENANCE: dict[str, Any] = {
    "model": {"base": "base", "base_weights": None},
    "versions": {"python": "3.11"},
    "config": {},
    "tagger_fingerprint": "a",
    "audit_fingerprint": None,
    "commit": "c",
    "date": "d",
}  # fmt: skip


def rows(first: list[float], last: list[float]) -> list[dict[str, float]]:
    return [
        {"facts/correct": value, "facts/tokens": 100.0, "signal/equal_rewards": 0.25}
        for value in first + last
    ]


def test_few_steps_show_no_change() -> None:
    sentences = shown_by_run(rows([0.1] * 9, [0.9] * 10))
    assert sentences[0] == "The run logged 19 steps; fewer than 20 show no change."
    assert not any("rose" in s for s in sentences)


def test_a_difference_beyond_two_standard_errors_is_a_change() -> None:
    sentences = shown_by_run(rows([0.1, 0.3] * 5, [0.8, 0.6] * 5))
    # Variance of ten values 0.1 off their mean: 0.1 / 9; 2 * sqrt(2 * 0.1 / 9 / 10) = 0.094.
    assert sentences[0] == (
        "The share of correct rollouts rose from 0.200 to 0.700 (2 standard errors: 0.094)."
    )
    assert sentences[1].startswith("The number of tokens did not change by more than its spread")
    assert "fell" in shown_by_run(rows([0.8, 0.6] * 5, [0.1, 0.3] * 5))[0]


def test_a_difference_within_the_spread_is_none() -> None:
    sentences = shown_by_run(rows([0.0, 1.0] * 5, [0.1, 1.0] * 5))
    assert (
        "did not change by more than its spread between steps: from 0.500 to 0.550"
        in (sentences[0])
    )


def test_groups_without_spread_and_what_is_not_shown_are_named() -> None:
    sentences = shown_by_run(rows([0.5], [0.5]))
    assert sentences[-2] == (
        "In 25% of the groups all rewards were equal, which gives no gradient."
    )
    assert "do not show; `suffice compare` measures it" in sentences[-1]


def test_the_card_claims_no_more_than_its_run_shows(tmp_path: Path) -> None:
    metrics = tmp_path / "metrics.jsonl"
    logged = [{"step": step, **row} for step, row in enumerate(rows([0.5], [0.5]), 1)]
    metrics.write_text("".join(json.dumps(row) + "\n" for row in logged))
    card = policy_card(PROVENANCE, metrics, 2, None)
    assert "learned to" not in card and "verify just enough" not in card
    assert "* The run logged 2 steps; fewer than 20 show no change." in card
