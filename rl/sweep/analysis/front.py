"""The Pareto front of accuracy against tokens, and the hypervolume below it."""

from __future__ import annotations

from collections.abc import Sequence

from rl.analysis.frontier import Point


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """The points that no other dominates, cheapest first.

    A point dominates another if it has at most its tokens and at least its accuracy, and is better
    in one of them. Of equal points the first is kept.
    """
    front: list[Point] = []
    for p in sorted(points, key=lambda q: (q.tokens, -q.accuracy)):
        if not front or p.accuracy > front[-1].accuracy:
            front.append(p)
    return front


def hypervolume(points: Sequence[Point], reference: Point) -> float | None:
    """Share of the rectangle between a reference and the ideal that the points dominate.

    The ideal is 100 % at no tokens; a point counts as far as it is cheaper and more accurate than
    the reference. With one point at half the reference's tokens and halfway to 100 % it is 0.25.

    Args:
        points: Any points.
        reference: The corner that nothing below or right of counts against.

    Returns:
        A number from 0 to 1; None if the reference leaves no room.
    """
    whole = reference.tokens * (1 - reference.accuracy)
    if whole <= 0:
        return None
    area, floor = 0.0, reference.accuracy
    for p in pareto_front(points):
        if p.tokens < reference.tokens and p.accuracy > floor:
            area += (reference.tokens - p.tokens) * (p.accuracy - floor)
            floor = p.accuracy
    return area / whole
