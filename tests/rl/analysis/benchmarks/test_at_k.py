"""pass@k and maj@k by hand, and against all draws."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.analysis.benchmarks.at_k import at_k, counts_of_k, majority_at_k, pass_at_k
from rl.analysis.panels import make_panel
from tests.rl.making import sample


def test_pass_at_k_by_hand() -> None:
    assert pass_at_k(10, 3, 1) == pytest.approx(0.3)
    assert pass_at_k(10, 3, 5) == pytest.approx(1 - 21 / 252)  # C(7, 5) / C(10, 5)
    assert pass_at_k(4, 2, 3) == 1.0


def test_majority_at_k_by_hand() -> None:
    # Two correct, two of one incorrect answer, k = 3: the draw holds 2 + 1 or 1 + 2, half each.
    assert majority_at_k(2, (2,), 0, 3) == pytest.approx(0.5)
    # One correct against three different ones: all tie in every draw that holds it.
    assert majority_at_k(1, (1, 1, 1), 0, 4) == pytest.approx(0.25)
    # What cannot be read has no vote.
    assert majority_at_k(1, (), 3, 4) == 1.0 and majority_at_k(1, (), 3, 1) == 0.25


def test_counts_of_k_end_with_all_samples() -> None:
    assert [counts_of_k(n) for n in (1, 2, 5, 8)] == [[1], [1, 2], [1, 2, 4, 5], [1, 2, 4, 8]]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(("right", "a", "b", "c", None)), min_size=1, max_size=6), st.data())
def test_at_k_is_the_mean_over_all_draws(answers: list[str | None], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(answers)))
    passed, won, draws = 0, 0.0, list(combinations(answers, k))
    for draw in draws:
        votes = [answer for answer in draw if answer is not None]
        most = max((votes.count(v) for v in set(votes)), default=0)
        winners = {v for v in votes if votes.count(v) == most}
        passed += "right" in draw
        won += ("right" in winners) / max(1, len(winners))
    correct, blank = answers.count("right"), answers.count(None)
    others = tuple(sorted(answers.count(v) for v in "abc" if v in answers))
    assert pass_at_k(len(answers), correct, k) == pytest.approx(passed / len(draws))
    assert majority_at_k(correct, others, blank, k) == pytest.approx(won / len(draws))


def test_at_k_of_a_panel_takes_equal_values_for_one_answer() -> None:
    answers = {"p0": ("4", "0.5", "1/2"), "p1": ("4", "4", "7")}
    rows = [
        sample(problem, i, answer=rf"\boxed{{{text}}}", correct=text == "4")
        for problem, texts in answers.items()
        for i, text in enumerate(texts)
    ]
    one, two, three = at_k(make_panel(rows), 0)
    assert (one["k"], two["k"], three["k"]) == (1, 2, 3)
    assert one["pass"]["mean"] == one["majority"]["mean"] == 0.5
    assert three["pass"]["mean"] == 1.0
    # p0: the incorrect 0.5 was given twice; p1: 4 was.
    assert three["majority"]["mean"] == 0.5
    assert three["majority"]["low"] == 0.0 and three["majority"]["high"] == 1.0
