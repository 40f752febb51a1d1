"""Length by correctness and flips of paired answers, by hand."""

from __future__ import annotations

import pytest

from rl.analysis.conditional import lengths, pair_flips
from rl.analysis.panels import make_panel
from rl.evaluation.samples import Sample
from tests.rl.making import sample


def answers(*rows: tuple[str, int, bool, int]) -> list[Sample]:
    """Samples of (problem, number, correct, tokens); thinking takes 10 tokens less."""
    return [
        sample(name, sample=number, correct=correct, tokens=tokens, thinking_tokens=tokens - 10)
        for name, number, correct, tokens in rows
    ]


BEFORE = answers(("a", 0, True, 40), ("a", 1, False, 100), ("b", 0, True, 20), ("b", 1, True, 30))
AFTER = answers(("a", 0, False, 40), ("a", 1, True, 50), ("b", 0, True, 20), ("b", 1, False, 30))


def test_lengths_are_means_over_correct_and_over_incorrect_answers() -> None:
    found = lengths(make_panel(BEFORE), 0)
    assert found["correct"]["samples"] == 3 and found["incorrect"]["samples"] == 1
    assert found["correct"]["tokens"]["mean"] == 30.0
    assert found["correct"]["thinking_tokens"]["mean"] == 20.0
    assert found["incorrect"]["tokens"]["mean"] == 100.0


def test_lengths_without_such_answers_are_undefined() -> None:
    found = lengths(make_panel([s for s in BEFORE if s.correct]), 0)
    assert found["incorrect"] == {
        "samples": 0,
        "tokens": {"mean": None, "low": None, "high": None},
        "thinking_tokens": {"mean": None, "low": None, "high": None},
    }


def test_pair_flips_count_what_became_incorrect_and_correct() -> None:
    found = pair_flips(make_panel(AFTER), make_panel(BEFORE), 0)
    assert found["samples"] == 4
    assert found["harmful"]["count"] == 2 and found["helpful"]["count"] == 1
    assert found["harmful"]["share"]["mean"] == 0.5
    assert found["harmful"]["rate"]["mean"] == pytest.approx(2 / 3, abs=1e-6)
    assert found["helpful"]["rate"]["mean"] == 1.0


def test_pair_flips_turn_round_with_the_pair_and_differ_by_the_accuracy() -> None:
    one = pair_flips(make_panel(AFTER), make_panel(BEFORE), 0)
    two = pair_flips(make_panel(BEFORE), make_panel(AFTER), 0)
    assert one["harmful"]["share"] == two["helpful"]["share"]
    gain = sum(s.correct for s in AFTER) / 4 - sum(s.correct for s in BEFORE) / 4
    assert one["helpful"]["share"]["mean"] - one["harmful"]["share"]["mean"] == gain


def test_pair_flips_leave_out_samples_that_one_arm_lacks() -> None:
    found = pair_flips(make_panel(AFTER[:3]), make_panel(BEFORE), 0)
    assert found["samples"] == 3 and found["harmful"]["count"] == 1
