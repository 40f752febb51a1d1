"""Metrics of a confusion matrix; every function takes (..., K, K) and works on the last two axes.

Rows are true types, columns predicted ones, entries numbers of steps. NaN is a ratio with a zero
denominator, so that a resample in which a type does not occur is left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class TypeRatios(NamedTuple):
    """Precision, recall and F1 of each type, each (..., K)."""

    precision: Floats
    recall: Floats
    f1: Floats


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Elementwise quotient, NaN where the denominator is 0."""
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    out = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=out, where=denominator != 0)
    return out


def type_ratios(confusion: Floats) -> TypeRatios:
    """Precision, recall and F1 of each type."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    support, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    return TypeRatios(
        ratio(hits, predicted), ratio(hits, support), ratio(2 * hits, support + predicted)
    )


def micro_f1(confusion: Floats) -> Floats:
    """Share of steps predicted correctly; micro-F1, as each step has one type."""
    hits = np.trace(confusion, axis1=-2, axis2=-1)
    return ratio(hits, confusion.sum(axis=(-2, -1)))


def macro_f1(confusion: Floats) -> Floats:
    """Mean F1 over the types that occur in the truth."""
    occurs = confusion.sum(axis=-1) > 0
    f1 = np.where(occurs, np.nan_to_num(type_ratios(confusion).f1), 0.0)
    return ratio(f1.sum(axis=-1), occurs.sum(axis=-1).astype(np.float64))


def cohens_kappa(confusion: Floats) -> Floats:
    """Agreement beyond chance (Cohen 1960); NaN where chance alone agrees always."""
    total = confusion.sum(axis=(-2, -1))
    agreeing = ratio(np.trace(confusion, axis1=-2, axis2=-1), total)
    chance = ratio((confusion.sum(axis=-1) * confusion.sum(axis=-2)).sum(axis=-1), total**2)
    return ratio(agreeing - chance, np.round(1 - chance, 12))


def merged(confusion: Floats, groups: NDArray[np.int64], count: int) -> Floats:
    """Confusion between groups of types.

    Args:
        confusion: (..., K, K).
        groups: Group of each type, (K,).
        count: How many groups there are, G.

    Returns:
        (..., G, G).
    """
    member = np.eye(count)[groups]
    return np.asarray(member.T @ confusion @ member)


def one_against_rest(confusion: Floats, chosen: NDArray[np.bool_]) -> TypeRatios:
    """Precision, recall and F1 of some types taken as one, each (...)."""
    both = merged(confusion, chosen.astype(np.int64), 2)
    return TypeRatios(*(values[..., 1] for values in type_ratios(both)))
