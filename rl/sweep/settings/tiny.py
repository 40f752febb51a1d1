"""A sweep cut down to what shows within minutes whether its file works."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from rl.sweep.settings.config import sweep_config
from rl.sweep.settings.keys import SweepConfig
from rl.sweep.settings.space import VARY, Choices, Range, read_space

STEPS = 2
"""Training steps of a run."""
PROBLEMS = 8
"""Most problems of each split, one completion each."""
_LENGTH = "grpo.max_steps"
_WHOLE = (
    "method", "trials", "batch", "objective", "more_seeds_within", "seeds", "vary", "arms",
    "contrast",
)  # fmt: skip


def tiny_sweep(config: SweepConfig, problems: Mapping[str, int]) -> SweepConfig:
    """Cut a sweep down: control and one other arm, one point each, one seed, two steps.

    The rest stays: model, batch and lengths, so that what does not fit into memory shows.

    Args:
        config: The sweep.
        problems: How many there are for the keys ``problems`` and ``calibration`` of `compare`.

    Returns:
        Another sweep, without rules.
    """
    values = {k: v for k, v in config.to_dict().items() if v is not None and k not in _WHOLE}
    values["train"] = _short(config.train)
    compare = {**copy.deepcopy(config.compare), "samples": 1, "rules": {}}
    for split, count in problems.items():
        source = compare.get(split) or {}
        compare[split] = {**source, "size": min(PROBLEMS, count), "samples": 1}
    values["compare"] = compare
    values["arms"] = {arm or "run": _arm(config, arm) for arm in _two(config)}
    if config.control_arm is not None:
        values["control"] = config.control_arm
    values |= {"seeds": (config.seeds or [])[:1] or None, "title": f"{config.title}, tiny budget"}
    return sweep_config({k: v for k, v in values.items() if v is not None}, "the tiny sweep")


def _short(train: Mapping[str, Any]) -> dict[str, Any]:
    short = copy.deepcopy(dict(train))
    short["grpo"] = {**(short.get("grpo") or {}), "max_steps": STEPS}
    if short.get("eval_problems") is not None:
        short["eval_samples"] = 1
    return short


def _two(config: SweepConfig) -> list[str]:
    """The control and the first other arm; one arm if there is no more."""
    control = config.control_arm
    others = [arm for arm in config.arm_names if arm != control]
    return [*([control] if control is not None else []), *others][:2]


def _arm(config: SweepConfig, arm: str) -> dict[str, Any]:
    """An arm with the first value alone of each key that it varies."""
    fixed = config.fixed(arm)
    varied = {key: [_first(entry)] for key, entry in read_space(config.varied(arm)).items()}
    if isinstance(fixed.get("grpo"), Mapping):
        fixed["grpo"] = {**fixed["grpo"], "max_steps": STEPS}
    if isinstance(whole := varied.get("grpo", [None])[0], Mapping):
        varied["grpo"] = [{**whole, "max_steps": STEPS}]
    fixed.pop(_LENGTH, None)
    varied.pop(_LENGTH, None)
    return {**fixed, VARY: varied}


def _first(entry: Choices | Range) -> Any:
    return entry.values[0] if isinstance(entry, Choices) else entry.at(0.0)
