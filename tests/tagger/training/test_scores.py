"""Scores against values worked out by hand."""

from __future__ import annotations

import pytest

from tagger.taxonomies.taxonomy import StepType, Taxonomy
from tagger.training.scores import TypeScore, score_types

ABC = Taxonomy("abc", tuple(StepType(n, n.upper(), "other", "") for n in "abcd"))


def test_score_types_by_hand() -> None:
    scores = score_types(list("aaabbc"), list("aabbbd"), ABC)
    assert scores.steps == 6
    assert scores.micro_f1 == pytest.approx(4 / 6)
    assert scores.per_type["a"] == TypeScore(1.0, pytest.approx(2 / 3), pytest.approx(0.8), 3)
    assert scores.per_type["b"] == TypeScore(pytest.approx(2 / 3), 1.0, pytest.approx(0.8), 2)
    assert scores.per_type["c"] == TypeScore(0.0, 0.0, 0.0, 1)
    assert scores.per_type["d"] == TypeScore(0.0, 0.0, 0.0, 0)
    assert scores.macro_f1 == pytest.approx((0.8 + 0.8 + 0) / 3), "d never occurs in the truth"
    assert scores.as_dict()["per_type"]["a"]["support"] == 3


def test_score_types_agree_with_scikit_learn() -> None:
    import random

    from sklearn.metrics import f1_score

    rng = random.Random(0)
    true = rng.choices("abcd", k=300)
    given = [t if rng.random() < 0.6 else rng.choice("abcd") for t in true]
    scores = score_types(true, given, ABC)
    assert scores.micro_f1 == pytest.approx(f1_score(true, given, average="micro"))
    assert scores.macro_f1 == pytest.approx(f1_score(true, given, average="macro"))


def test_score_types_of_no_steps_are_zero() -> None:
    scores = score_types([], [], ABC)
    assert (scores.steps, scores.micro_f1, scores.macro_f1, scores.per_type) == (0, 0.0, 0.0, {})
