"""Arithmetic over the rollouts of each group, some of which count; one value a rollout.

Published terms differ in whom they average over and in the deviation they divide by (sample or
population), so both are arguments everywhere. Sums are float64 and do not depend on the order of
the rows beyond its rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class Groups:
    """The groups of a batch of rollouts.

    Every statistic has shape (B,): each rollout gets that of its own group. `among` marks the
    rollouts that count, (B,) bool; where none of a group does, the statistic is `empty`.

    Args:
        groups: Shape (B,); rollouts of one prompt share a number.
    """

    def __init__(self, groups: torch.Tensor) -> None:
        import torch

        _, self._index = torch.unique(groups, return_inverse=True)
        self._number = int(self._index.max()) + 1 if len(groups) else 0

    def sum(self, values: torch.Tensor, among: torch.Tensor) -> torch.Tensor:
        """Sum over the rollouts that count."""
        sums = values.new_zeros(self._number).double()
        counted = values.double().masked_fill(~among, 0.0)
        return sums.index_add_(0, self._index, counted)[self._index]

    def count(self, among: torch.Tensor) -> torch.Tensor:
        """How many rollouts count."""
        return self.sum(among.double(), among)

    def share(self, among: torch.Tensor) -> torch.Tensor:
        """Share of the group's rollouts that are marked; the solve rate for the correct ones."""
        import torch

        return self.count(among) / self.count(torch.ones_like(among))

    def mean(self, values: torch.Tensor, among: torch.Tensor, empty: float = 0.0) -> torch.Tensor:
        """Mean over the rollouts that count."""
        count = self.count(among)
        mean = self.sum(values, among) / count.clamp(min=1.0)
        return mean.masked_fill(count == 0, empty)

    def deviation(
        self, values: torch.Tensor, among: torch.Tensor, ddof: int, empty: float = 0.0
    ) -> torch.Tensor:
        """Standard deviation over the rollouts that count.

        Args:
            values: Shape (B,).
            among: Shape (B,).
            ddof: 1 for that of a sample, 0 for that of a population.
            empty: The result where no more than `ddof` rollouts count.
        """
        count = self.count(among)
        mean = self.sum(values, among) / count.clamp(min=1.0)
        squares = self.sum((values.double() - mean) ** 2, among)
        return (squares / (count - ddof).clamp(min=1.0)).sqrt().masked_fill(count <= ddof, empty)

    def z_scores(
        self, values: torch.Tensor, among: torch.Tensor, ddof: int, epsilon: float
    ) -> torch.Tensor:
        """Distance from the mean of the rollouts that count, in their standard deviations.

        Args:
            values: Shape (B,).
            among: Shape (B,); the others get numbers that mean nothing.
            ddof: As for `deviation`, which is 0 where no more than `ddof` count.
            epsilon: Added to the deviation before dividing by it.
        """
        spread = self.deviation(values, among, ddof)
        return (values - self.mean(values, among)) / (spread + epsilon)

    def least(self, values: torch.Tensor, among: torch.Tensor, empty: float = 0.0) -> torch.Tensor:
        """Least value of the rollouts that count."""
        return -self.greatest(-values.double(), among, -empty)

    def greatest(
        self, values: torch.Tensor, among: torch.Tensor, empty: float = 0.0
    ) -> torch.Tensor:
        """Greatest value of the rollouts that count."""
        counted = values.double().masked_fill(~among, -float("inf"))
        found = counted.new_full((self._number,), -float("inf"))
        found.scatter_reduce_(0, self._index, counted, "amax")
        return found.masked_fill(found == -float("inf"), empty)[self._index]

    def rank(self, values: torch.Tensor, among: torch.Tensor) -> torch.Tensor:
        """Place of each rollout that counts among those of its group: 0 is the least value.

        Equal values keep the order of their rows; infinite for rollouts that do not count.
        """
        import torch

        keys = values.double().masked_fill(~among, float("inf"))
        order = torch.argsort(keys, stable=True)
        order = order[torch.argsort(self._index[order], stable=True)]
        sizes = torch.bincount(self._index, minlength=self._number)
        starts = sizes.cumsum(0) - sizes
        places = torch.empty_like(keys)
        places[order] = torch.arange(len(keys), device=keys.device).double()
        return (places - starts[self._index]).masked_fill(~among, float("inf"))

    def quantile(
        self, values: torch.Tensor, among: torch.Tensor, level: float, empty: float = 0.0
    ) -> torch.Tensor:
        """Quantile of the rollouts that count, linear between them as numpy's.

        Args:
            values: Shape (B,).
            among: Shape (B,).
            level: In [0, 1].
            empty: The result where none counts.
        """
        import torch

        found = values.new_full((self._number,), empty).double()
        for group in torch.unique(self._index[among]).tolist():
            inside = values[among & (self._index == group)].double()
            found[group] = torch.quantile(inside, level)
        return found[self._index]
