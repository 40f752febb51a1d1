"""The targets that claims are measured by, each with its origin.

They are this project's own: set before the runs they are applied to, and taken from no paper. A
claim reaches its target by the whole of its interval (`rl.analysis.claims.base.reached`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rl.analysis.arms import MARGIN


@dataclass(frozen=True)
class Target:
    """A threshold of a claim.

    Attributes:
        value: The threshold.
        text: In words, as the claim has it.
        origin: Where it comes from.
    """

    value: float
    text: str
    origin: str


OWN = "set by this project before the runs it is applied to; taken from no paper"

TOKENS_OF_BASE = Target(
    -0.50, "at least 50 % fewer tokens than base", f"{OWN}; for policies compared without a control"
)
TOKENS_OF_CONTROL = Target(
    -0.40,
    "at least 40 % fewer tokens than the control",
    f"{OWN}; lower than against base, as training on correctness alone saves tokens too",
)
ACCURACY_MARGIN = Target(
    -MARGIN,
    "accuracy kept: at most 2 points lost, by the whole interval",
    f"{OWN}; about the half-width of an interval over 300 problems with 4 samples each",
)
EQUAL_TOKENS = Target(
    0.02,
    "at least 2 points above the best mixture of monitored points of equal tokens",
    f"{OWN}; as much as the margin of accuracy",
)
EASY_VERIFICATION = Target(-0.70, "at least 70 % fewer verification steps on easy problems", OWN)
SELECTIVITY = Target(
    0.2,
    "verification at least 20 points more frequent where the first answer is incorrect",
    OWN,
)
STEP_LENGTH = Target(
    0.25, "steps of one type at most 25 % longer or shorter", f"{OWN}; a warning, no target"
)
PARTING = Target(
    0.20, "two counters of verification fall by shares at most 20 points apart", f"{OWN}; a warning"
)
RETURNED = Target(
    0.10, "no type takes up 10 % or more of the tokens that others lost", f"{OWN}; a warning"
)

ALL = (
    TOKENS_OF_CONTROL, TOKENS_OF_BASE, ACCURACY_MARGIN, EQUAL_TOKENS, EASY_VERIFICATION,
    SELECTIVITY, STEP_LENGTH, PARTING, RETURNED,
)  # fmt: skip


def margin_of(results: Mapping[str, Any]) -> float:
    """Accuracy that a policy may lose and still count as equally accurate, a share above 0.

    It is the config key ``margin``, stated before anything is sampled; results of an earlier
    version were measured by that of `ACCURACY_MARGIN`.
    """
    return float(results.get("margin", MARGIN))


def targets_of(results: Mapping[str, Any]) -> tuple[Target, ...]:
    """The targets that the claims of these results were measured by."""
    margin = margin_of(results)
    if margin == MARGIN:
        return ALL
    stated = replace(
        ACCURACY_MARGIN,
        value=-margin,
        text=f"accuracy kept: at most {margin * 100:g} points lost, by the whole interval",
        origin="stated in advance by the config key margin of the comparison",
    )
    return tuple(stated if one is ACCURACY_MARGIN else one for one in ALL)
