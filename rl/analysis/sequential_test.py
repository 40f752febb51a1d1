"""Sequential tests for a fall in accuracy: may be looked at after every step, err at most alpha.

Testing by betting (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by
betting", JRSS B 2024, https://arxiv.org/abs/2010.09686). A gambler bets against "the mean of x is
at least m" with the stake l >= 0 on each x in [0, 1]; his wealth is multiplied by 1 + l (m - x).
If the statement is true his wealth is a supermartingale that begins at 1, so the chance that it
ever reaches 1 / alpha is at most alpha (Ville's inequality). Wealth is averaged over a grid of
stakes and, as nobody knows when a fall begins, over the batches at which betting may begin.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

STAKES = np.geomspace(0.03, 0.95, 10)
"""Fractions of the largest stake that cannot ruin the gambler."""

MEANS = np.linspace(0.0, 1.0, 101)
"""Values that the unknown mean before the fall may have."""

BEGINNINGS = 64
"""Most batches at which a fall may begin; they are spread evenly over the run."""

_SMALLEST_ROOM = 0.01


def log_bets(values: Sequence[float], means: np.ndarray, below: bool) -> np.ndarray:
    """Logarithms of what bets on a batch multiply the wealth by.

    Args:
        values: Numbers in [0, 1].
        means: Hypothetical means, shape (n,).
        below: Bet that the true mean is below them; else above.

    Returns:
        Shape (n, stakes).
    """
    room = np.maximum(1 - means if below else means, _SMALLEST_ROOM)
    gain = np.subtract.outer(means, np.asarray(values, dtype=float)) / room[:, None]
    gain = gain if below else -gain
    bets: np.ndarray = np.log1p(STAKES[None, :, None] * gain[:, None, :]).sum(axis=-1)
    return bets


@dataclass(frozen=True, slots=True)
class Fall:
    """A fall that is established.

    Attributes:
        begin: Batches before it began, by the bet that won most; 0 for a fixed floor.
        before: Mean of the batches before it; the floor itself for a fixed floor.
        after: Mean of the batches since.
    """

    begin: int
    before: float
    after: float


class FloorTest:
    """Tests that the mean is below a fixed floor.

    Args:
        floor: The floor.
        alpha: Chance of a false alarm over the whole run, if the mean never is below the floor.
        horizon: Batches in the run; those beyond it still count.
    """

    def __init__(self, floor: float, alpha: float, horizon: int) -> None:
        self._floor = floor
        self._needed = math.log(1 / alpha)
        self._begin_every = math.ceil(horizon / BEGINNINGS)
        self._share = self._begin_every / max(1, horizon)
        self._cash = 1.0  # wealth not bet yet
        self._log_wealth = np.full(len(STAKES), -np.inf)
        self._means: list[float] = []

    def see(self, values: Sequence[float]) -> Fall | None:
        """Take one batch; return the fall if it is established."""
        share = min(self._share, self._cash)
        if len(self._means) % self._begin_every == 0 and share > 0:
            self._cash -= share
            self._log_wealth = np.logaddexp(self._log_wealth, math.log(share))
        self._log_wealth = self._log_wealth + log_bets(values, np.array([self._floor]), True)[0]
        self._means.append(float(np.mean(values)))
        if _log_mean_exp(self._log_wealth) < self._needed:
            return None
        return Fall(0, self._floor, float(np.mean(self._means[-self._begin_every :])))


class DropTest:
    """Tests that the mean has fallen from what it was before.

    Told are falls of more than `drop` by estimate that are certainly more than half of it: a whole
    margin would hide falls of `drop` for long, and none would tell of falls that are allowed.
    What the mean was before is known from a sample only. So for each beginning of a fall, and every
    value b that the mean before may have, the wealth of betting that the mean before is above b
    is multiplied by that of betting that the mean since is below b - drop / 2; the smallest product
    over b counts, and is averaged over the beginnings. Where accuracy never falls by more than
    drop / 2 below an earlier level, the product for the true b is a supermartingale.

    Args:
        drop: The fall that is allowed.
        window: Fewest batches before a fall.
        alpha: Chance of a false alarm over the whole run, if there is no such fall.
        horizon: Batches in the run.
    """

    def __init__(self, drop: float, window: int, alpha: float, horizon: int) -> None:
        self._needed = math.log(1 / alpha)
        self._drop = drop
        span = max(1, horizon - window)
        step = math.ceil(span / BEGINNINGS)
        self._begins = list(range(window, window + span, step))
        self._targets = np.clip(MEANS - drop / 2, 0.0, 1.0)
        self._above = np.zeros((len(MEANS), len(STAKES)))
        self._before = np.zeros((0, len(MEANS)))
        self._since = np.zeros((0, len(MEANS), len(STAKES)))
        self._means: list[float] = []

    def see(self, values: Sequence[float]) -> Fall | None:
        """Take one batch; return the fall if it is established."""
        if len(self._before) < len(self._begins) and (
            len(self._means) == self._begins[len(self._before)]
        ):
            self._before = np.concatenate([self._before, _log_mean_exp(self._above)[None]])
            self._since = np.concatenate([self._since, np.zeros_like(self._above)[None]])
        self._above = self._above + log_bets(values, MEANS, below=False)
        self._since = self._since + log_bets(values, self._targets, below=True)
        self._means.append(float(np.mean(values)))
        if not len(self._before):
            return None
        # Between two values of the grid the first factor falls and the second rises with b.
        products = self._before[:, 1:] + _log_mean_exp(self._since)[:, :-1]
        wealth = products.min(axis=-1)
        waiting = len(self._begins) - len(wealth)  # bets not begun yet keep their wealth of 1
        total = np.logaddexp.reduce(np.append(wealth, np.zeros(waiting)))
        if total - math.log(len(self._begins)) < self._needed:
            return None
        begin = self._begins[int(wealth.argmax())]
        before, after = np.mean(self._means[:begin]), np.mean(self._means[begin:])
        return Fall(begin, float(before), float(after)) if before - after > self._drop else None


def _log_mean_exp(logs: np.ndarray) -> np.ndarray:
    """Logarithm of the mean of exp over the last axis."""
    top = logs.max(axis=-1, keepdims=True)
    mean: np.ndarray = np.log(np.exp(logs - top).mean(axis=-1)) + top[..., 0]
    return mean
