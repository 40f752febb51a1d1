"""The within-group correlation of length and correctness: when to stop compressing.

While correct rollouts are the shorter ones of their groups (negative) there is surplus to cut. Once
they are the longer ones (positive) tokens are what answers are made of, and any further charge
costs accuracy (Implicit Compression Regularization, arXiv 2605.07316).

Over the groups with both kinds of rollouts of the last batches

    r = sum (L - mean L) (c - mean c) / sqrt(sum (L - mean L)^2 sum (c - mean c)^2)

with the means of each group, and standard error (1 - r^2) / sqrt(n - 1), n the rollouts less one a
group.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

WINDOW = 20
"""Batches it covers."""
LEAST = 20
"""Fewest rollouts, less one a group, from which a correlation is told."""
ERRORS = 2.0
"""Standard errors by which it must be positive to be called so."""


def clearly_positive(correlation: float, error: float) -> bool:
    """Whether a correlation is positive by `ERRORS` of its standard errors."""
    return correlation > ERRORS * error


class LengthTrend:
    """Watches the correlation over batches, and says once that it has turned positive."""

    def __init__(self) -> None:
        self._sums: list[tuple[float, float, float, float]] = []
        self._batches = 0
        self.turned: int | None = None

    def see(self, tokens: torch.Tensor, correct: torch.Tensor, groups: torch.Tensor) -> bool:
        """Take a batch of rollouts.

        Args:
            tokens: Of each rollout, shape (B,).
            correct: 1 or 0, shape (B,).
            groups: Shape (B,).

        Returns:
            Whether it has turned positive with this batch, for the first time.
        """
        from rewards.groups import Groups

        groupwise, everyone = Groups(groups), correct >= 0
        share = groupwise.share(correct > 0)
        mixed = (share > 0) & (share < 1)
        length = (tokens.double() - groupwise.mean(tokens, everyone))[mixed]
        right = (correct.double() - share)[mixed]
        freedom = float((1 - 1 / groupwise.count(everyone)[mixed]).sum())
        sums = (float(length @ right), float(length @ length), float(right @ right), freedom)
        self._sums = [*self._sums, sums][-WINDOW:]
        self._batches += 1
        found = self.correlation()
        turned = self.turned is None and found is not None and clearly_positive(*found)
        if turned:
            self.turned = self._batches
        return turned

    def correlation(self) -> tuple[float, float] | None:
        """The correlation and its standard error; None while it cannot be told."""
        both, length, right, freedom = (
            (sum(column) for column in zip(*self._sums, strict=True)) if self._sums else (0.0,) * 4
        )
        if freedom < LEAST or length <= 0 or right <= 0:
            return None
        r = both / sqrt(length * right)
        return r, (1 - r * r) / sqrt(freedom - 1)

    def metrics(self) -> dict[str, float]:
        """``facts/length_correct_correlation`` and its standard error; empty before."""
        found = self.correlation()
        if found is None:
            return {}
        name = "facts/length_correct_correlation"
        return {name: found[0], f"{name}_error": found[1]}

    def sentence(self) -> str:
        """What to tell the user when it has turned."""
        r, error = self.correlation() or (0.0, 0.0)
        return (
            f"stop compressing: within groups the longer rollouts are now the correct ones "
            f"(correlation of length and correctness {r:.2f}, standard error {error:.2f}, over "
            f"the last {min(self._batches, WINDOW)} batches); a greater weight on length costs "
            "accuracy from here on. Lower it, or let a controller hold it "
            "(hold_when_longer_is_better: true)."
        )

    def state_dict(self) -> dict[str, Any]:
        """The sums of the last batches, and when it turned."""
        return {"sums": self._sums, "batches": self._batches, "turned": self.turned}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state; an empty one is that of a run that was not watched so far."""
        if state:
            self._sums = [(a, b, c, d) for a, b, c, d in state["sums"]]
            self._batches, self.turned = int(state["batches"]), state["turned"]
