"""A charge for steps as a weighted sum of parts, to compare charges that are written differently.

A straight charge is the sum of its entries, each times its price: a term that prices two types is
two terms that price one each. ``combine: multiply`` of a straight charge, exp(- price) - 1, is what
``shape: saturating`` takes away additively, - (1 - exp(- price / scale)), with prices divided by
the scale. Any other charge is a part of its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from rewards.terms.steps.prices import TypePrice
from rewards.terms.steps.shapes import RELATIVE, SCALED, Shape


def parts_of(
    prices: Mapping[tuple[str, ...], TypePrice],
    cap: float,
    shape: Shape,
    scale: float,
    multiplies: bool,
    charged: Hashable,
    among: Hashable,
) -> dict[Hashable, float]:
    """The parts of a charge and their factors.

    Args:
        prices: The price of each sum of columns.
        cap: Of prices that have none of their own.
        shape: How the charge grows with the price.
        scale: Of shapes that have one.
        multiplies: Whether what correctness pays is multiplied.
        charged: Who is charged.
        among: What the shapes that compare rollouts depend on.
    """
    counts = {
        (frozenset(columns), p.allowance, cap if p.cap is None else p.cap, p.floor): p.weight
        for columns, p in prices.items()
        if p.weight
    }
    if shape == "linear" and not multiplies:
        return {(charged, count): -weight for count, weight in counts.items()}
    unit = scale if shape in SCALED else 1.0
    whole = frozenset((count, float(f"{w / unit:.9g}")) for count, w in counts.items())
    if (shape, multiplies) in (("linear", True), ("saturating", False)):
        return {(charged, whole): 1.0}
    return {(charged, whole, shape, multiplies, among if shape in RELATIVE else None): 1.0}
