"""What answers cost: the engine's cost of an arm, kept next to its samples; prices, budgets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Interval

from rl.sampling.engine import EngineCost
from tagger.config.settings import Settings
from tagger.errors import UserError
from tagger.files import read_json, write_json

SIDE_BY_SIDE = "side_by_side"
"""Key of a cost: arms that ran at the same time, each in a process of its own."""
DRAFTS = "drafts"
"""Key of a cost: whether the arm was sampled with drafts."""


@dataclass(frozen=True)
class PricesConfig(Settings):
    """What an endpoint charges, per million tokens.

    Attributes:
        input: Price of a million prompt tokens.
        output: Price of a million tokens of completions.
        currency: What the prices are in.
    """

    input: Annotated[float, Interval(ge=0, lt=math.inf)]
    output: Annotated[float, Interval(ge=0, lt=math.inf)]
    currency: str = "USD"


def check_budgets(budgets: Sequence[int] | None, longest: int | None) -> None:
    """Refuse token budgets that no completion can reach.

    Args:
        budgets: The config key ``token_budgets``.
        longest: The config key ``max_new_tokens``; None is derived later.

    Raises:
        UserError: A budget is larger.
    """
    most = max(budgets or [0])
    if longest is not None and most > longest:
        raise UserError(
            f"Config key 'token_budgets' holds {most}, but completions end at max_new_tokens"
            f" ({longest}); raise that, or leave the budget out."
        )


def cost_file(samples: Path) -> Path:
    """Where the engine's cost of an arm is kept: next to its samples."""
    return samples.with_name(samples.name.removesuffix(".jsonl.gz") + ".cost.json")


def write_cost(samples: Path, cost: EngineCost, side_by_side: int, drafts: bool = False) -> None:
    """Keep the cost of an arm.

    Args:
        samples: Its samples.
        cost: What the engine spent.
        side_by_side: How many arms ran at the same time.
        drafts: Whether the arm was sampled with drafts, whose seconds say nothing of stopping
            online; they are left out.
    """
    record = {**asdict(cost), SIDE_BY_SIDE: side_by_side, DRAFTS: drafts}
    write_json(cost_file(samples), record | ({"seconds": None} if drafts else {}))


def total_cost(arms: Sequence[Path]) -> dict[str, Any] | None:
    """What the engine spent on several arms in all.

    Args:
        arms: Their samples.

    Returns:
        The fields of `EngineCost`, the most arms that ran at the same time (None if one was
        written by an earlier version) and whether any was sampled with drafts (then without
        seconds); None if the cost of an arm is not known.
    """
    total, most = EngineCost(), 0
    known, drafts = True, False
    for file in arms:
        try:
            cost = read_json(cost_file(file))
            number = cost.pop(SIDE_BY_SIDE, None)
            if cost.pop(DRAFTS, False):
                drafts, cost["seconds"] = True, 0.0
            total += EngineCost(**cost)
        except (OSError, ValueError, TypeError, AttributeError, UserError):
            return None
        known = known and isinstance(number, int)
        most = max(most, number or 0)
    found = {**asdict(total), SIDE_BY_SIDE: most if known else None, DRAFTS: drafts}
    return found | ({"seconds": None} if drafts else {})
