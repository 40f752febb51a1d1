"""Where a controlled weight may lie, and what holds it there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rewards.weights.base import Site, refuse_another
from rewards.weights.observation import Batch
from tagger.errors import UserError

CEILING = 0.1
"""Greatest weight where none is given, that of the default reward on verification steps."""


def check_start(owner: str, start: float, ceiling: float, least: float = 0.0) -> None:
    """Refuse a weight that begins outside of its range.

    Raises:
        UserError: It does.
    """
    if least > ceiling:
        raise UserError(
            f"{owner} has a least weight of {least:g}, above its ceiling {ceiling:g}; change one."
        )
    if least == ceiling:
        raise UserError(
            f"{owner} has a least weight and a ceiling of {least:g}, between which no weight can "
            "move; change one, or give the number as the weight."
        )
    if not least <= start <= ceiling:
        raise UserError(
            f"{owner} starts at {start:g}, outside of {least:g} to its ceiling {ceiling:g}; change "
            "start or ceiling."
        )


def check_term(owner: str, site: Site) -> None:
    """Refuse a term on which a weight acts on nothing.

    Raises:
        UserError: The term is 0 for every rollout.
    """
    if site.idle:
        raise UserError(
            f"{owner} has nothing to control: the term {site.term!r} is 0 for every rollout, "
            "whatever its weight; give it prices above 0, or a fixed weight of 0 to log it."
        )


def held(new: float, old: float, seen: Batch, hold: bool) -> float:
    """The new weight, but no rise while longer rollouts are the correct ones, if that is asked."""
    return min(new, old) if hold and seen.longer_is_better else new


class Limited:
    """The part of a controller that is the same for all: a weight between two limits.

    Args:
        settings: The parameters, as saved.
        start: First weight.
        least: Least weight.
        ceiling: Greatest weight.
    """

    _SAVED: ClassVar[tuple[str, ...]] = ("_weight",)
    """Attributes that travel with the checkpoint, in addition to the parameters."""

    def __init__(
        self, settings: dict[str, Any], start: float, least: float, ceiling: float
    ) -> None:
        self._settings = settings
        self._weight, self._least, self._ceiling = float(start), float(least), float(ceiling)

    def weight(self, step: int) -> float:
        """The weight in force, whatever the step."""
        return self._weight

    def turning_points(self) -> tuple[int, ...]:
        """Only the first step; see `span`."""
        return (0,)

    def span(self, step: int) -> tuple[float, float]:
        """Least and greatest weight."""
        return self._least, self._ceiling

    def state_dict(self) -> dict[str, Any]:
        """Parameters and state."""
        return {
            "settings": self._settings,
            **{name.lstrip("_"): getattr(self, name) for name in self._SAVED},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state.

        Raises:
            UserError: It was made with other parameters.
        """
        refuse_another(self._settings, state.get("settings", state))
        for name in self._SAVED:
            setattr(self, name, state[name.lstrip("_")])
