"""What the engine spent on an arm: written next to its samples, read back, summed over runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rl.sampling.engine import EngineCost
from tagger.errors import UserError
from tagger.files import read_json, write_json

SIDE_BY_SIDE = "side_by_side"
"""Key of a cost: arms that ran at the same time, each in a process of its own."""


def cost_file(samples: Path) -> Path:
    """Where the engine's cost of an arm is kept: next to its samples."""
    return samples.with_name(samples.name.removesuffix(".jsonl.gz") + ".cost.json")


def write_cost(samples: Path, cost: EngineCost, side_by_side: int) -> None:
    """Keep the cost of an arm, and how many arms ran at the same time."""
    write_json(cost_file(samples), {**asdict(cost), SIDE_BY_SIDE: side_by_side})


def total_cost(arms: Sequence[Path]) -> dict[str, Any] | None:
    """What the engine spent on several arms in all.

    Args:
        arms: Their samples.

    Returns:
        The fields of `EngineCost`, and the most arms that ran at the same time (None if one was
        written by an earlier version); None if the cost of an arm is not known.
    """
    total, most = EngineCost(), 0
    known = True
    for file in arms:
        try:
            cost = read_json(cost_file(file))
            number = cost.pop(SIDE_BY_SIDE, None)
            total += EngineCost(**cost)
        except (OSError, ValueError, TypeError, AttributeError, UserError):
            return None
        known = known and isinstance(number, int)
        most = max(most, number or 0)
    return {**asdict(total), SIDE_BY_SIDE: most if known else None}
