"""The monitored frontier: choosing thresholds, and standing a policy against all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rl.analysis.arms import BASE
from rl.analysis.estimates import MEASURES, estimate_mean
from rl.analysis.panels import Array, Panel, aligned


@dataclass(frozen=True)
class Point:
    """One arm in the plane of the main plot.

    Attributes:
        name: The arm.
        tokens: Mean tokens a sample.
        accuracy: Share answered correctly.
    """

    name: str
    tokens: float
    accuracy: float


def point_of(name: str, panel: Panel) -> Point:
    """Place an arm in the plane."""
    tokens = panel.per_problem(MEASURES["tokens"]).mean()
    return Point(name, float(tokens), float(panel.per_problem(MEASURES["accuracy"]).mean()))


@dataclass(frozen=True)
class Choice:
    """A threshold chosen on the calibration split.

    Attributes:
        chosen: Name of the chosen grid point.
        kept_accuracy: Whether it held the base's accuracy within the tolerance there; if no
            point did, the most accurate one was taken.
    """

    chosen: str
    kept_accuracy: bool


def choose(points: Sequence[Point], floor: float) -> Choice:
    """Fewest tokens among the points at or above an accuracy; else the most accurate point."""
    good = [p for p in points if p.accuracy >= floor - 1e-9]
    if good:
        return Choice(min(good, key=lambda p: (p.tokens, -p.accuracy, p.name)).name, True)
    return Choice(max(points, key=lambda p: (p.accuracy, -p.tokens, p.name)).name, False)


def upper_hull(points: Sequence[Point]) -> list[Point]:
    """The best that mixing the points' settings at random can reach.

    The upper concave hull over tokens, from the cheapest point up to the most accurate one. A
    stricter frontier than the points alone: between two thresholds it credits the monitor with
    any mixture of them.
    """
    best: dict[float, Point] = {}
    for p in points:
        if p.tokens not in best or p.accuracy > best[p.tokens].accuracy:
            best[p.tokens] = p
    hull: list[Point] = []
    for p in sorted(best.values(), key=lambda q: q.tokens):
        while len(hull) >= 2 and _left_of_chord(hull[-2], hull[-1], p):
            hull.pop()
        hull.append(p)
    top = max(range(len(hull)), key=lambda i: (hull[i].accuracy, -hull[i].tokens))
    return hull[: top + 1]


def _left_of_chord(a: Point, b: Point, c: Point) -> bool:
    """Whether b lies on or below the line from a to c."""
    return (b.accuracy - a.accuracy) * (c.tokens - a.tokens) <= (c.accuracy - a.accuracy) * (
        b.tokens - a.tokens
    )


def mixture_at(hull: Sequence[Point], tokens: float) -> dict[str, float]:
    """Weights of the one or two hull points whose mixture costs `tokens`; empty if too cheap."""
    if tokens < hull[0].tokens:
        return {}
    if tokens >= hull[-1].tokens:
        return {hull[-1].name: 1.0}
    for left, right in zip(hull, hull[1:], strict=False):
        if left.tokens <= tokens < right.tokens:
            share = (tokens - left.tokens) / (right.tokens - left.tokens)
            return {left.name: 1.0 - share, right.name: share}
    raise AssertionError("hull points are ordered by tokens")


def _above_mixture(
    policy: Panel, mixture: Mapping[str, float], panels: Mapping[str, Panel]
) -> Array:
    """A policy's accuracy less a mixture's, for each problem, as far as their mean goes.

    The mixture is the one whose mean cost is the policy's, so what a draw of problems changes in
    the costs changes its weights: by the line between its two points, tokens are worth accuracy.
    The policy's tokens beyond the mixture's, 0 in the mean, are charged at that rate (the
    linearization of the weights). A single point is taken as it is.
    """
    accuracy, tokens = (
        (
            policy.per_problem(MEASURES[name]),
            [panels[point].per_problem(MEASURES[name]) for point in mixture],
        )
        for name in ("accuracy", "tokens")
    )
    weights = list(mixture.values())
    above = accuracy[0] - np.average(accuracy[1], axis=0, weights=weights)
    gains, costs = ([float(row.mean()) for row in rows] for _, rows in (accuracy, tokens))
    beyond = tokens[0] - np.average(tokens[1], axis=0, weights=weights)
    return above - token_rate(gains, costs) * beyond


def token_rate(gains: Sequence[float], costs: Sequence[float]) -> float:
    """What a token more buys along a mixture: the slope of the line between its two points.

    Args:
        gains: What each point has of a measure.
        costs: Its tokens.

    Returns:
        The slope; 0 of a single point, which is taken as it is.
    """
    return 0.0 if len(gains) == 1 else (gains[1] - gains[0]) / (costs[1] - costs[0])


def against_frontier(
    policy: Panel, base: Panel, monitored: Mapping[str, Panel], seed: int, rival: str = BASE
) -> dict[str, Any]:
    """Stand a policy against every monitored point of another one.

    Args:
        policy: The trained arm.
        base: The unmonitored arm of the other policy: the right end of the frontier.
        monitored: All monitored grid points of that policy, by name, on the same problems.
        seed: Bootstrap seed.
        rival: Name of that policy.

    Returns:
        ``points``: per monitored point ``tokens``, ``as_cheap`` (at most the policy's tokens),
        ``accuracy_difference`` (policy - point, paired), ``above`` (mean difference > 0) and
        ``above_for_sure`` (lower end > 0); ``as_cheap`` their number; ``above_all``: above each
        of the as cheap points, None if there is none; ``hull``: names on the upper hull of that arm
        and the points; ``at_equal_tokens``: difference to the mixture of hull points that costs
        what the policy costs (``mixture`` names it), None if even the cheapest point costs more;
        its interval takes in that the costs are measured on the same problems.
    """
    policy, base = aligned(policy, base)
    weights = base.weights(seed)
    own = policy.per_problem(MEASURES["accuracy"])
    cost = point_of("policy", policy).tokens
    panels = {rival: base}
    places = [point_of(rival, base)]
    rows: dict[str, Any] = {}
    for name, panel in monitored.items():
        panel, _ = aligned(panel, base)
        panels[name] = panel
        place = point_of(name, panel)
        places.append(place)
        difference = estimate_mean(own - panel.per_problem(MEASURES["accuracy"]), weights)
        rows[name] = {
            "tokens": round(place.tokens, 6),
            "as_cheap": place.tokens <= cost,
            "accuracy_difference": difference,
            "above": (difference["mean"] or 0.0) > 0,
            "above_for_sure": (difference["low"] or 0.0) > 0,
        }
    cheap = [row for row in rows.values() if row["as_cheap"]]
    hull = upper_hull(places)
    mixture = mixture_at(hull, cost)
    equal = None
    if mixture:
        equal = estimate_mean(_above_mixture(policy, mixture, panels), weights)
    return {
        "points": rows,
        "as_cheap": len(cheap),
        "above_all": all(row["above"] for row in cheap) if cheap else None,
        "hull": [p.name for p in hull],
        "mixture": {name: round(w, 6) for name, w in mixture.items()},
        "at_equal_tokens": equal,
    }
