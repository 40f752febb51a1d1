"""An arm against others at equal tokens: what its choice of tokens is worth.

Two charges that save differently many tokens cannot be compared setting by setting. So each setting
of the arm is stood against the best mixture of the other arm's settings, control among them, that
costs as many tokens: a strong opponent, for it is chosen on the problems that both are measured on.
Tokens may be made equal on some bands alone, e.g. those that were trained on, and accuracy then be
compared on a band that no reward saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rl.analysis.estimates import MEASURES, interval
from rl.analysis.frontier import Point, mixture_at, token_rate, upper_hull
from rl.analysis.panels import Panel
from rl.sweep.analysis.groups import Measured
from rl.sweep.analysis.pooled import draws, matrix, ratio_draws
from tagger.errors import unknown_name

OF_BAND = ("accuracy", "tokens")


def check_bands(equal_on: Sequence[str] | None, bands: Sequence[str]) -> list[str]:
    """The bands on which tokens are made equal; all if none are named.

    Args:
        equal_on: Those that the sweep names.
        bands: Those of the test problems.

    Raises:
        UserError: One is named that no test problem has.
    """
    known = list(dict.fromkeys(bands))
    for band in equal_on or ():
        if band not in known:
            raise unknown_name("band of the test problems in contrast.equal_on", band, known)
    return list(equal_on or known)


def contrast(
    own: Mapping[str, Sequence[Measured]],
    others: Mapping[str, Mapping[str, Sequence[Measured]]],
    equal_on: Sequence[str],
    seed: int,
) -> list[dict[str, Any]]:
    """Stand the settings of an arm against those of others.

    Args:
        own: The runs of each setting of the arm.
        others: By arm the runs of each of its settings, and of control.
        equal_on: Bands on which tokens are equal.
        seed: Bootstrap seed.

    Returns:
        A row for each setting and other arm: ``setting``, ``arm``, ``mixture`` (shares of the
        other's settings, empty if all of them cost more), ``seeds`` that all have, ``tokens`` of
        the setting on `equal_on`, ``accuracy`` (the difference on `equal_on`, None without a
        mixture) and ``bands``, of each the differences in accuracy and in tokens; shares and
        tokens, with 95 % intervals.
    """
    return [
        _row(name, runs, arm, settings, equal_on, seed)
        for name, runs in own.items()
        for arm, settings in others.items()
    ]


def _row(
    name: str,
    own: Sequence[Measured],
    arm: str,
    settings: Mapping[str, Sequence[Measured]],
    equal_on: Sequence[str],
    seed: int,
) -> dict[str, Any]:
    names = list(_mixture(settings, _point(name, own, equal_on).tokens, equal_on))
    seeds = [
        one.run.seed
        for one in own
        if all(one.run.seed in {o.run.seed for o in settings[n]} for n in names)
    ]
    mine = _of(own, seeds)
    # The seeds that all have may be fewer than those that the settings were placed by, and other
    # settings may then be the ones next to this one's tokens.
    rivals = {
        n: _of(runs, seeds)
        for n, runs in settings.items()
        if seeds and set(seeds) <= {one.run.seed for one in runs}
    }
    place = _point(name, mine or own, equal_on)
    mixture = _mixture(rivals, place.tokens, equal_on) if rivals else {}
    row = {"setting": name, "arm": arm, "seeds": seeds, "tokens": round(place.tokens, 6)}
    row["mixture"] = {n: round(w, 6) for n, w in mixture.items()}
    if not mixture:
        return row | {"accuracy": None, "bands": {}}
    panels = [one.panel for one in mine]
    mixed = [([one.panel for one in rivals[n]], w) for n, w in mixture.items()]
    found = _differences(panels, mixed, equal_on, seed)
    return row | found


def _mixture(
    settings: Mapping[str, Sequence[Measured]], tokens: float, equal_on: Sequence[str]
) -> dict[str, float]:
    """Shares of the settings whose best mixture costs so many tokens; empty if all cost more."""
    places = [_point(name, runs, equal_on) for name, runs in settings.items()]
    return mixture_at(upper_hull(places), tokens)


def _of(runs: Sequence[Measured], seeds: Sequence[int]) -> list[Measured]:
    """The runs of some seeds, in their order."""
    return [one for s in seeds for one in runs if one.run.seed == s]


def _point(name: str, runs: Sequence[Measured], bands: Sequence[str]) -> Point:
    panels = [one.panel for one in runs]
    inside = _inside(panels[0], bands)
    tokens, accuracy = (
        float(matrix(panels, MEASURES[measure])[:, inside].mean())
        for measure in ("tokens", "accuracy")
    )
    return Point(name, tokens, accuracy)


def _inside(panel: Panel, bands: Sequence[str]) -> Any:
    return np.isin(panel.bands, list(bands))


def _differences(
    own: Sequence[Panel],
    mixed: Sequence[tuple[Sequence[Panel], float]],
    equal_on: Sequence[str],
    seed: int,
) -> dict[str, Any]:
    """Differences of accuracy and tokens to a mixture, over `equal_on` and band by band.

    What a draw of problems and runs changes in the costs changes the weights of the mixture, and by
    the line between its two settings tokens are worth accuracy: tokens beyond the mixture's, 0 in
    the mean, are charged at that rate (the linearization of the weights). A single setting is taken
    as it is.
    """
    inside = {"": _inside(own[0], equal_on)}
    inside |= {band: _inside(own[0], [band]) for band in dict.fromkeys(own[0].bands)}
    parts = {
        name: (matrix(own, MEASURES[name]), [matrix(panels, MEASURES[name]) for panels, _ in mixed])
        for name in OF_BAND
    }
    weights = [w for _, w in mixed]
    gaps = {
        name: mine - np.average(theirs, axis=0, weights=weights)
        for name, (mine, theirs) in parts.items()
    }
    columns = [gap * mask for gap in gaps.values() for mask in inside.values()]
    masks = [np.ones_like(gaps["tokens"]) * mask for mask in inside.values()]
    drawn = draws([*columns, *masks], seed)
    below = dict(zip(inside, drawn[len(columns) :], strict=True))
    above = iter(drawn[: len(columns)])
    moved = {
        name: {band: ratio_draws(next(above), below[band], seed) for band in inside}
        for name in gaps
    }
    beyond = moved["tokens"][""]
    costs = [float(of[:, inside[""]].mean()) for of in parts["tokens"][1]]
    found: dict[str, dict[str, Any]] = {band: {} for band in inside}
    for name, by_band in moved.items():
        for band, draw in by_band.items():
            gains = [float(of[:, inside[band]].mean()) for of in parts[name][1]]
            rate = token_rate(gains, costs)
            mean = float(gaps[name][:, inside[band]].mean())
            found[band][name] = interval(mean, draw - rate * beyond)
    return {"accuracy": found.pop("")["accuracy"], "bands": found}
