"""Target lengths by difficulty, learned from how long recent rollouts are (LASER-D)."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from annotated_types import Ge

from rewards.terms.base import Rollouts, Term
from tagger.config.settings import Settings
from tagger.errors import UserError

if TYPE_CHECKING:
    import torch

Form = Literal["reward", "penalty", "hybrid"]
FORM_BOUNDS = {"reward": (0.0, 1.0), "penalty": (-1.0, 0.0), "hybrid": (-1.0, 1.0)}
"""Least and greatest value of each form."""
BANDS = ("low", "medium", "high")
"""Difficulty by the solve rate of the group: below 1/3, below 2/3, and the rest."""
_EXPECTED = (None, 1 / 3, 2 / 3)
_EPSILON = 1e-9


def within(inside: torch.Tensor, form: Form) -> torch.Tensor:
    """What a form pays; `inside` marks the rollouts within their target, (B,) bool."""
    least, most = FORM_BOUNDS[form]
    return inside.double() * (most - least) + least


def band_of(solve_rate: torch.Tensor) -> torch.Tensor:
    """Index in `BANDS` of each rollout's group, (B,) int64."""
    return (solve_rate >= 1 / 3 - _EPSILON).long() + (solve_rate >= 2 / 3 - _EPSILON).long()


def choose_target(
    band: int,
    coverage: Sequence[float],
    thresholds: Sequence[int],
    longest: int,
    group_size: int = 8,
    rounding: Literal["floor", "ceil"] = "floor",
) -> int:
    """Target of a band: the smallest threshold that still lets one correct rollout be expected.

    A group of the band has at least n = 1, group_size / 3 or 2 group_size / 3 correct rollouts,
    rounded; a threshold qualifies if coverage * n >= 1.

    Args:
        band: Index in `BANDS`.
        coverage: Share of the band's rollouts that are no longer than each threshold.
        thresholds: The lengths to choose from.
        longest: The result if none below it qualifies.
        group_size: Rollouts of a group.
        rounding: Of n.
    """
    share = _EXPECTED[band]
    rounded = floor if rounding == "floor" else ceil
    # A float just off a whole number must not be rounded past it.
    expected = 1.0 if share is None else group_size * share
    correct = max(1, rounded(expected + (_EPSILON if rounding == "floor" else -_EPSILON)))
    enough = [t for t, c in zip(thresholds, coverage, strict=True) if c * correct >= 1 - _EPSILON]
    return min([longest, *enough])


@dataclass(frozen=True)
class TargetSettings(Settings):
    """How target lengths are learned.

    Attributes:
        target: Target of all bands before the first are learned, in tokens of the completion.
        lowest: Least target that can be learned.
        highest: Greatest one; but a band in which no length up to it qualifies gets its longest
            rollout.
        step: Tokens from one of the lengths tried to the next.
        rounding: Of the correct rollouts expected of a group, see `choose_target`.
        history: Groups of recent training rollouts that are learned from.
        every: Training batches between two updates of the targets.
    """

    target: Annotated[int, Ge(1)] = 4096
    lowest: Annotated[int, Ge(1)] = 1024
    highest: Annotated[int, Ge(1)] = 16384
    step: Annotated[int, Ge(1)] = 1024
    rounding: Literal["floor", "ceil"] = "floor"
    history: Annotated[int, Ge(1)] = 512
    every: Annotated[int, Ge(1)] = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lowest > self.highest:
            raise UserError(
                f"lowest of {self.OWNER} is {self.lowest}, more than highest, {self.highest}; "
                "lower it."
            )

    def thresholds(self, longest: int) -> range:
        """The lengths that are tried, where the longest rollout has `longest` tokens.

        That one is itself a target: of what lies above it nothing is ever chosen.
        """
        return range(self.lowest, min(self.highest, longest) + 1, self.step)


class TargetHistory:
    """Lengths of recent groups, and the targets learned from them last."""

    def __init__(self) -> None:
        self.targets: list[int] | None = None
        self._batches = 0
        self._groups: deque[tuple[int, list[int]]] = deque()

    def of(self, rollouts: Rollouts, settings: TargetSettings) -> torch.Tensor:
        """The target of each rollout, (B,), by the band of its group."""
        import torch

        targets = self.targets or [settings.target] * len(BANDS)
        band = band_of(rollouts.groups.share(rollouts.completed))
        return torch.tensor(targets, device=band.device).double()[band]

    def observe(self, rollouts: Rollouts, groups: torch.Tensor, settings: TargetSettings) -> None:
        """Take the groups of a training batch; update the targets if it is time."""
        bands = band_of(rollouts.groups.share(rollouts.completed))
        for group in sorted(set(groups.tolist())):
            mine = groups == group
            lengths = sorted(int(n) for n in rollouts.tokens[mine].tolist())
            self._groups.append((int(bands[mine][0]), lengths))
        while len(self._groups) > settings.history:
            self._groups.popleft()
        self._batches += 1
        if self._batches % settings.every == 0:
            self._learn(settings)

    def _learn(self, settings: TargetSettings) -> None:
        """A band without a group in the history keeps its target."""
        targets = list(self.targets or [settings.target] * len(BANDS))
        size = max(len(lengths) for _, lengths in self._groups)
        for band in range(len(BANDS)):
            lengths = [n for b, of_group in self._groups if b == band for n in of_group]
            if not lengths:
                continue
            ordered, longest = sorted(lengths), max(lengths)
            tried = settings.thresholds(longest)
            coverage = [bisect_right(ordered, t) / len(ordered) for t in tried]
            targets[band] = choose_target(band, coverage, tried, longest, size, settings.rounding)
        self.targets = targets

    def state_dict(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "targets": self.targets,
            "batches": self._batches,
            "groups": [[band, lengths] for band, lengths in self._groups],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state."""
        self.targets, self._batches = state["targets"], int(state["batches"])
        self._groups = deque((band, list(lengths)) for band, lengths in state["groups"])


T = TypeVar("T", bound=TargetSettings)


@dataclass(frozen=True)
class TargetTerm(Term[T]):
    """Base of a term whose targets are learned; a `rewards.terms.base.StatefulTerm`.

    Attributes:
        history: What it has learned from.
    """

    history: TargetHistory = field(init=False, default_factory=TargetHistory, compare=False)

    @property
    def still(self) -> int:
        """Steps before the first with learned targets."""
        return self.params.every

    def observe(self, facts: torch.Tensor, groups: torch.Tensor) -> None:
        """Learn from a training batch."""
        self.history.observe(self.rollouts(facts, groups), groups, self.params)

    def state_dict(self) -> dict[str, Any]:
        """JSON-able state."""
        return self.history.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state."""
        self.history.load_state_dict(state)
