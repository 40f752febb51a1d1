"""Runs at the ends of what TPE may propose, checked before the first run begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rl.sweep.planning.runs import Run, base_run, make_runs, seeds_of
from rl.sweep.settings.keys import SweepConfig
from rl.sweep.settings.space import Choices, Range, read_space


def outermost_runs(config: SweepConfig) -> list[Run]:
    """For each key of each arm, runs at its ends, or at all values of a list, one key at a time.

    Their number is the sum of the keys', not the product: what two keys contradict each other in
    between their ends is left to the run itself.

    Args:
        config: The sweep; of another method than ``tpe`` all runs are known, and none is needed.

    Raises:
        UserError: The settings of one are wrong; it is named.
    """
    if config.method != "tpe":
        return []
    seeds = seeds_of(config, base_run(config))[:1]
    runs: list[Run] = []
    for arm in config.arm_names:
        ends = {key: _ends(entry) for key, entry in read_space(config.varied(arm)).items()}
        first = {key: values[0] for key, values in ends.items()}
        points = [first | {key: value} for key, values in ends.items() for value in values]
        runs += make_runs(config, {arm: points}, seeds)
    return runs


def _ends(entry: Choices | Range) -> Sequence[Any]:
    return entry.values if isinstance(entry, Choices) else (entry.at(0.0), entry.at(1.0))
