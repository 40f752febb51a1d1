"""Figures of a confusion matrix against values worked out by hand and scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest

from tagger.evaluation import measures


def matrix(*rows: list[int]) -> measures.Floats:
    return np.array(rows, dtype=np.float64)


def test_measures_kappa_of_the_textbook_example() -> None:
    """35 of 50 agree; by chance (25*30 + 25*20) / 2500 = half: (0.7 - 0.5) / 0.5."""
    assert measures.cohens_kappa(matrix([20, 5], [10, 15])) == pytest.approx(0.4)


def test_measures_kappa_is_undefined_where_all_is_one_class_and_zero_at_chance() -> None:
    assert np.isnan(measures.cohens_kappa(matrix([7, 0], [0, 0])))
    assert measures.cohens_kappa(matrix([4, 4], [4, 4])) == pytest.approx(0)


def test_measures_type_ratios_by_hand() -> None:
    precision, recall, f1 = measures.type_ratios(matrix([3, 1, 0], [2, 4, 0], [0, 0, 0]))
    assert precision[:2] == pytest.approx([3 / 5, 4 / 5])
    assert recall[:2] == pytest.approx([3 / 4, 4 / 6])
    assert f1[:2] == pytest.approx([6 / 9, 8 / 11])
    assert np.isnan([precision[2], recall[2], f1[2]]).all(), "neither true nor predicted"


def test_measures_macro_f1_ignores_types_not_in_the_truth() -> None:
    table = matrix([4, 0, 0], [0, 0, 2], [0, 0, 0])
    assert measures.macro_f1(table) == pytest.approx((1 + 0) / 2)
    assert measures.micro_f1(table) == pytest.approx(4 / 6)


def test_measures_merging_types_by_hand() -> None:
    table = matrix([5, 1, 2], [1, 6, 0], [3, 0, 7])
    both = measures.merged(table, np.array([0, 1, 0]), 2)
    assert both.tolist() == [[17, 1], [1, 6]]
    precision, recall, f1 = measures.one_against_rest(table, np.array([False, True, False]))
    assert (precision, recall, f1) == pytest.approx((6 / 7, 6 / 7, 6 / 7))


def test_measures_leading_axes_are_independent() -> None:
    rng = np.random.default_rng(0)
    many = rng.integers(0, 9, size=(5, 4, 4)).astype(float)
    for of in (measures.micro_f1, measures.macro_f1, measures.cohens_kappa):
        assert of(many) == pytest.approx([float(of(one)) for one in many])


def test_measures_agree_with_scikit_learn() -> None:
    from sklearn.metrics import cohen_kappa_score, f1_score, precision_recall_fscore_support

    rng = np.random.default_rng(1)
    true = rng.integers(0, 5, 400)
    predicted = np.where(rng.random(400) < 0.6, true, rng.integers(0, 5, 400))
    table = np.zeros((5, 5))
    np.add.at(table, (true, predicted), 1)
    assert measures.cohens_kappa(table) == pytest.approx(cohen_kappa_score(true, predicted))
    assert measures.macro_f1(table) == pytest.approx(f1_score(true, predicted, average="macro"))
    theirs = precision_recall_fscore_support(true, predicted)
    for mine, other in zip(measures.type_ratios(table), theirs, strict=False):
        assert mine == pytest.approx(other)
