"""Which terms of a reward cancel, found by what they pay made-up rollouts and not by their names.

One formula may stand under two names, or be written in two ways: `after_answer_share` is
`redundancy_share` but for its rounding, ``soft_overlong: {limit: 200, buffer: 100}`` is
``length_excess: {target: 100}``. Terms cancel if their weighted sum leaves nothing, at any step, by
which the correct rollouts of a group differ, or the incorrect ones. The rollouts are those of
`rewards.reach.probes` for several greatest lengths, among them the numbers that the terms have as
parameters, so that a limit of 99 is told from one of 100; groups have the shares of correct
rollouts that are parameters, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, cycle, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from rewards.facts.columns import columns
from rewards.facts.published import BUDGET, REFERENCE_ACCURACY
from rewards.reach import probes
from rewards.terms.base import Term, learns

if TYPE_CHECKING:
    from rewards.stack import WeightedTerm
    from tagger.taxonomies.taxonomy import Taxonomy

TOLERANCE = 0.05
"""Share of what each term tells apart that must be left: rounding to two digits leaves less."""
_ROUNDING = 1e-6  # rewards are float32
_LENGTHS = (64, 1024, 16384)
_LONGEST = 131_072
_GROUP_SIZES = (40, 32, 16, 12, 5, 7, 14, 8, 10)
_ROWS = sum(_GROUP_SIZES)
_MOST_TOGETHER = 4
_UNBOUNDED = ("keywords", "keywords_completion", "reflections")
_COUNTS = ("tokens", "thinking_tokens", "steps", *_UNBOUNDED)


class Cancelling:
    """Searches terms for some that cancel.

    Args:
        terms: Those whose weight is not 0 throughout.
    """

    def __init__(self, terms: Sequence[WeightedTerm]) -> None:
        self.terms = terms
        known = [one.term for one in terms if isinstance(one.term, Term)]
        own = {number for term in known for number in _numbers(term.params.to_dict())}
        lengths = {max(int(min(n, _LONGEST)), 16) for m in own if m >= 1 for n in (m, 3 * m)}
        shares = {0.5, *(n for n in own if n < 1)}
        self._facts, self._groups = np.zeros((_ROWS, 1)), np.zeros(_ROWS, dtype=np.int64)
        if known:
            given = tuple(sorted({*_LENGTHS, *lengths})), tuple(sorted(shares))
            self._facts, self._groups = _rollouts(known[0].taxonomy, *given)
        self._blocks = np.arange(len(self._facts)).reshape(-1, _ROWS)
        self._values = self._table()
        self._apart = self._told_apart()

    def first(self) -> tuple[tuple[str, ...], bool] | None:
        """The fewest terms that cancel, four at most.

        Returns:
            Their names, and whether they sum to 0 for every rollout; None if none cancel.
        """
        places = [i for i in range(len(self.terms)) if self._apart[:, i].any()]
        for size in range(2, 1 + min(len(places), _MOST_TOGETHER)):
            for chosen in combinations(places, size):
                together = list(chosen)
                if all(self._nothing_left(together, w) for w in self._weights(together)):
                    sums = (self._values[:, together] @ w for w in self._weights(together))
                    zero = all(abs(total).max() < _ROUNDING for total in sums)
                    return tuple(self.terms[i].name for i in together), zero
        return None

    def _weights(self, together: Sequence[int]) -> Iterator[np.ndarray]:
        """Weights of some terms at each turning point; NaN where one follows the run."""
        own = [self.terms[i].weight for i in together]
        for step in sorted({step for weight in own for step in weight.turning_points()}):
            spans = [weight.span(step) for weight in own]
            yield np.array([low if low == high else np.nan for low, high in spans])

    def _nothing_left(self, together: Sequence[int], weights: np.ndarray) -> bool:
        """Whether the weighted sum tells no rollouts apart, at any of the lengths."""
        apart = self._apart[:, together] * weights
        if np.isnan(weights).any():
            return False
        left = abs(apart.sum(axis=1))
        for block in self._blocks:
            if left[block].max() < _ROUNDING:
                continue
            usual = [np.quantile(own[own > 0], 0.75) for own in abs(apart[block]).T if own.any()]
            if len(usual) < len(together) or left[block].max() > TOLERANCE * min(usual):
                return False
        return True

    def _table(self) -> np.ndarray:
        """What each term pays each rollout, (rollouts, terms), 0 where it does not apply.

        What a term will be that learns is not known yet, and what one from elsewhere reads is not
        either: equal ones get the same random numbers.
        """
        import torch

        facts = torch.tensor(self._facts, dtype=torch.float32)
        groups = torch.tensor(self._groups)
        found = []
        for one in self.terms:
            if isinstance(one.term, Term) and not learns(one.term):
                values = np.nan_to_num(one.term(facts, groups).double().numpy())
            else:
                first = next(i for i, other in enumerate(self.terms) if other.term == one.term)
                values = np.random.default_rng(first + 1).random(len(facts))
            found.append(values)
        return np.stack(found, axis=1)

    def _told_apart(self) -> np.ndarray:
        """Differences from the mean of the correct, or incorrect, rollouts of the group.

        Of a term that has none, as correctness, what it pays.
        """
        alike = 2 * self._groups + (self._facts[:, 0] > 0)
        _, of = np.unique(alike, return_inverse=True)
        sizes = np.bincount(of)
        apart = self._values.copy()
        for column in apart.T:
            differences = column - (np.bincount(of, weights=column) / sizes)[of]
            if abs(differences).max() >= _ROUNDING:
                column[:] = differences
        return np.where(abs(apart) < _ROUNDING * abs(apart).max(axis=0), 0.0, apart)


def _numbers(value: Any) -> Iterator[float]:
    """The finite numbers above 0 in a parameter."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _numbers(part)
    elif isinstance(value, int | float) and 0 < value < np.inf:
        yield float(value)


@lru_cache(maxsize=8)
def _rollouts(
    taxonomy: Taxonomy, lengths: tuple[int, ...], shares: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Facts and groups of made-up rollouts; cached, for a sweep asks often for the same.

    Args:
        taxonomy: Of the tagger.
        lengths: Greatest lengths.
        shares: Numbers below 1, each the share of correct rollouts of some group.

    Returns:
        Facts, (rollouts, columns), `_ROWS` for each length; numbers of groups, (rollouts,).
    """
    rng, number = np.random.default_rng(0), max(len(lengths), len(shares))
    pairs = islice(zip(cycle(lengths), cycle(shares), strict=True), number)
    found = [_block(taxonomy, longest, share, rng) for longest, share in pairs]
    groups = [len(_GROUP_SIZES) * i + own for i, (_, own) in enumerate(found)]
    return np.concatenate([facts for facts, _ in found]), np.concatenate(groups)


def _block(
    taxonomy: Taxonomy, longest: int, share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Facts and groups of rollouts up to a length; in the last three groups all are correct."""
    facts, names = np.concatenate([probes(taxonomy, longest)] * 2), columns(taxonomy)
    facts = rng.permutation(facts)
    number, sizes = len(_GROUP_SIZES), np.array(_GROUP_SIZES)
    firsts, groups = np.cumsum(sizes) - sizes, np.repeat(np.arange(number), sizes)

    def put(name: str, values: np.ndarray | float, rows: Any = slice(None)) -> None:
        facts[rows, names.index(name)] = values

    solved = np.append(rng.random(number - 3), [1.0] * 3)
    correct = np.round(solved * sizes)
    correct[0] = np.floor(share * sizes[0]) + 1.0  # just above
    put("correct", np.arange(_ROWS) < (firsts + correct)[groups])
    put("ended", rng.random(_ROWS) < 0.8)
    for name, told in ((BUDGET, longest / np.arange(1, 4)), (REFERENCE_ACCURACY, [0.2, 0.5, 0.9])):
        put(name, rng.choice([-1.0, *told], number)[groups])  # of the problem
    for name in ("forecast_solve_rate", "forecast_budget"):
        put(name, np.where(rng.random(_ROWS) < 0.5, rng.random(_ROWS), -1.0))
    put("folded", rng.integers(0, 2, _ROWS))
    for name in _UNBOUNDED:
        put(name, rng.integers(0, longest + 1, _ROWS))
    # At the very edge and one behind it: the lengths of a whole group, and all counts of a rollout.
    at_edge = np.flatnonzero(groups == number - 2)
    put("tokens", longest + at_edge % 2, at_edge)
    counts = [i for i, name in enumerate(names) if "/" in name or name in _COUNTS]
    facts[-2, counts], facts[-1, counts] = longest, longest + 1
    put("ended", 1.0, [*at_edge, -2, -1])
    return facts, groups
