"""The samples of an arm by problem, and the weights of bootstrap draws over them.

An arm of several training runs holds each problem once for every run, run by run; its problems
are then called ``<id>``, ``<id> (run 2)`` and so on, and arms are paired run by run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from rl.evaluation.samples import Sample
from tagger.errors import UserError

Array = NDArray[np.float64]
RESAMPLES = 10_000


@dataclass(frozen=True, eq=False)
class Panel:
    """The samples of one arm, arranged by problem.

    Sums over samples, the parts of bands and copies for several runs are kept once they are made:
    an arm is compared with dozens of others.

    Attributes:
        samples: All samples.
        problem_ids: The problems in the order of `rows`; each once for every training run, run by
            run (see `pool`).
        bands: Band of each problem.
        rows: For each sample its problem's position.
        runs: Training runs that are pooled; 1 of a single one.
    """

    samples: tuple[Sample, ...]
    problem_ids: tuple[str, ...]
    bands: tuple[str, ...]
    rows: NDArray[np.int64]
    runs: int = 1
    _sums: WeakKeyDictionary[Callable[[Sample], float], Array] = field(
        default_factory=WeakKeyDictionary, init=False, repr=False
    )
    _parts: dict[str, Panel] = field(default_factory=dict, init=False, repr=False)
    _spread: dict[int, Panel] = field(default_factory=dict, init=False, repr=False)

    def weights(self, seed: int) -> Weights:
        """Bootstrap weights of its problems."""
        return bootstrap_weights(len(self.problem_ids), seed, runs=self.runs)

    def weights_inside(self, inside: NDArray[np.bool_], seed: int) -> Weights:
        """The same of some of its problems alone, given as a mask (problems,)."""
        if self.runs == 1:
            return bootstrap_weights(int(inside.sum()), seed)
        return replace(self.weights(seed), inside=inside)

    def per_problem(self, value: Callable[[Sample], float]) -> Array:
        """Mean of a per-sample value for each problem, shape (problems,)."""
        return self.totals(value) / np.bincount(self.rows, minlength=len(self.problem_ids))

    def totals(self, value: Callable[[Sample], float]) -> Array:
        """Sum of a per-sample value for each problem, shape (problems,); not to be changed."""
        found = self._sums.get(value)
        if found is None:
            values = np.fromiter((value(s) for s in self.samples), np.float64, len(self.samples))
            sums = np.bincount(self.rows, weights=values, minlength=len(self.problem_ids))
            self._sums[value] = found = sums.astype(np.float64, copy=False)
            found.flags.writeable = False
        return found

    def only(self, band: str) -> Panel:
        """The part of the panel whose problems are of one band."""
        if band not in self._parts:
            inside = [s for s in self.samples if s.band == band]
            self._parts[band] = make_panel(inside, runs=self.runs)
        return self._parts[band]


def make_panel(samples: Sequence[Sample], like: Panel | None = None, runs: int = 1) -> Panel:
    """Arrange samples by problem, in order of first appearance, or in the order of `like`.

    Args:
        samples: The samples.
        like: A panel of the same problems and training runs.
        runs: Training runs that are pooled in the samples; that of `like` if given.

    Raises:
        UserError: No samples, or other problems than those of `like`.
    """
    if not samples:
        raise UserError("No samples to measure; give at least one problem and one sample.")
    bands = {s.problem_id: s.band for s in samples}
    ids = like.problem_ids if like else tuple(bands)
    if set(ids) != set(bands):
        odd = sorted(set(ids) ^ set(bands))[0]
        raise UserError(
            f"Two arms answer different problems (first: {odd!r}); run them on the same ones."
        )
    place = {problem: i for i, problem in enumerate(ids)}
    rows = np.array([place[s.problem_id] for s in samples], np.int64)
    return Panel(
        tuple(samples), ids, tuple(bands[i] for i in ids), rows, like.runs if like else runs
    )


@dataclass(frozen=True, eq=False)
class Weights:
    """Bootstrap draws as weights of problems, each draw summing to 1.

    Several training runs are weighted as well, independently of the problems, and the weight of a
    problem under a run is the product (Owen, The pigeonhole bootstrap, 2007). The two are kept
    apart: their product is as many times larger as there are runs.

    Attributes:
        problems: Shape (resamples, problems of a run).
        runs: Shape (resamples, runs), some below 0 (see `run_weights`); None of a single run.
        inside: The problems, run by run, that are drawn from, shape (problems,); None for all.
    """

    problems: Array
    runs: Array | None = None
    inside: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        """Number of draws."""
        return len(self.problems)

    @property
    def signed(self) -> bool:
        """Whether weights can be below 0, as those of several runs can."""
        return self.runs is not None

    def __matmul__(self, values: Array) -> Array:
        """Means under each draw, (resamples,), of one value for each problem inside, run by run."""
        if self.inside is None:
            return self._means(values)
        every = np.zeros(len(self.inside))
        every[self.inside] = values
        above, below = (self._by_run(one) for one in (every, self.inside.astype(np.float64)))
        runs = np.ones((1, 1)) if self.runs is None else self.runs
        # Runs may have different problems inside, and their weights may be negative: they act on
        # what a run has above the ratio of all (the linearized ratio estimator).
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = above.sum(axis=1) / below.sum(axis=1)
            over = (runs * (above - ratio[:, None] * below)).sum(axis=1)
            return np.asarray(ratio + over / below.mean(axis=1))

    def _means(self, values: Array) -> Array:
        if self.runs is None:
            return np.asarray(self.problems @ values, np.float64)
        return np.asarray((self.runs * self._by_run(values)).sum(axis=1), np.float64)

    def _by_run(self, values: Array) -> Array:
        """Means over problems of each run, (resamples, runs)."""
        count = 1 if self.runs is None else self.runs.shape[1]
        return np.asarray(self.problems @ values.reshape(count, -1).T, np.float64)


@lru_cache(maxsize=16)
def bootstrap_weights(
    problems: int, seed: int, resamples: int = RESAMPLES, runs: int = 1
) -> Weights:
    """Weights of `resamples` bootstrap draws of problems, and of training runs if several.

    The weights of runs are not draws with replacement, by which a mean never leaves the extremes
    of the few runs (of three, 75 % of intervals would hold the true mean, not 95 %).

    Args:
        problems: Problems, each counted once for every run.
        seed: Seed of the draws.
        resamples: Number of draws.
        runs: Training runs, whose problems follow each other.
    """
    count = problems // runs
    rng = np.random.default_rng([seed, count])
    weights = _draws(rng, count, resamples)
    weights.flags.writeable = False
    return Weights(weights, run_weights(rng, runs, resamples) if runs > 1 else None)


def run_weights(rng: np.random.Generator, runs: int, resamples: int) -> Array:
    """Weights under which the mean of a few runs spreads as Student's t says it does.

    With g normal and orthogonal to the mean, and c of a chi-squared distribution of R - 1 degrees
    of freedom, weights 1/R + g / sqrt(R c) give mean + s / sqrt(R) * t, s the standard deviation
    of the runs: for the runs' own means exactly Student's interval. They may be negative.

    Args:
        rng: Draws them.
        runs: R, at least 2.
        resamples: Number of draws.

    Returns:
        Shape (resamples, runs); each row sums to 1.
    """
    normal = rng.standard_normal((resamples, runs))
    across = normal - normal.mean(axis=1, keepdims=True)
    scale = np.sqrt(runs * rng.chisquare(runs - 1, resamples))
    return np.asarray(1 / runs + across / scale[:, None], np.float64)


def _draws(rng: np.random.Generator, units: int, resamples: int) -> Array:
    """Share of each unit among as many, drawn with replacement: (resamples, units)."""
    places = rng.integers(0, units, size=(resamples, units))
    flat = places + np.arange(resamples)[:, None] * units
    counts = np.bincount(flat.ravel(), minlength=resamples * units)
    return np.asarray(counts.reshape(resamples, units) / units, np.float64)


def pool(runs: Sequence[Sequence[Sample]]) -> list[Sample]:
    """The samples of several training runs on the same problems, as those of one arm."""
    return [
        replace(s, problem_id=f"{s.problem_id} (run {run})") if run > 1 else s
        for run, samples in enumerate(runs, 1)
        for s in samples
    ]


def spread(panel: Panel, runs: int) -> Panel:
    """The samples of a single run, once for each of several ones.

    Raises:
        UserError: The panel pools another number of runs.
    """
    if panel.runs == runs:
        return panel
    if panel.runs != 1:
        raise UserError(
            f"An arm of {panel.runs} training runs cannot be compared with one of {runs}; pool as"
            " many of each policy."
        )
    if runs not in panel._spread:
        panel._spread[runs] = make_panel(pool([panel.samples] * runs), runs=runs)
    return panel._spread[runs]


def aligned(a: Panel, b: Panel) -> tuple[Panel, Panel]:
    """Two panels with their problems in the order of the second, and as many runs each.

    Raises:
        UserError: They hold different problems, or different numbers of several runs.
    """
    runs = max(a.runs, b.runs)
    a, b = spread(a, runs), spread(b, runs)
    return (a if a.problem_ids == b.problem_ids else make_panel(a.samples, like=b)), b


def band_order(bands: Sequence[str]) -> list[str]:
    """The distinct bands: easy, medium, hard first if present, others in natural order."""
    known = {"easy": 0, "medium": 1, "hard": 2}
    return sorted(set(bands), key=lambda b: (known.get(b, 9), len(b), b))
