"""Every method with the settings that tests try, by a name of its own."""

from __future__ import annotations

from typing import Any

from rewards.aggregation.base import Aggregation
from rewards.aggregation.registry import build_aggregation
from rewards.aggregation.sum_then_normalize import SumThenNormalize, SumThenNormalizeParams

METHODS: dict[str, Any] = {
    "sum, none": "sum_then_normalize",
    "sum, group": "group",
    "sum, batch": "batch of TRL",
    "normalize_then_sum": "normalize_then_sum",
    "among_correct": {"kind": "among_correct", "by_solve_rate": True},
    "among_correct, deviation": {"kind": "among_correct", "scale": "deviation"},
    "batch": "batch",
    "batch, tokens": {"kind": "batch", "over": "tokens"},
    "gfpo": {"kind": "gfpo", "keep": 2},
    "gfpo, efficiency": {"kind": "gfpo", "keep": 3, "metric": "efficiency", "scale": "none"},
    "drpo": "drpo",
    "rdpo": "rdpo",
}


def built(name: str) -> Aggregation[Any]:
    if name in ("sum, group", "sum, batch"):
        scale: Any = name.removeprefix("sum, ")
        return SumThenNormalize(SumThenNormalizeParams(), scale)
    return build_aggregation(METHODS[name])
