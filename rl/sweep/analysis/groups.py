"""Groups of runs: by setting, by value of a key, by values of two keys."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rl.analysis.panels import Panel
from rl.sweep.planning.runs import Run, value_text
from rl.sweep.settings.space import canonical

BINS = 5
"""Most columns and rows of an interaction: more values are put into as many bins."""


@dataclass(frozen=True)
class Measured:
    """A run that is done, with its samples on the test problems.

    Attributes:
        run: The run.
        panel: Its samples.
        calibration: ``accuracy`` and ``tokens`` on the calibration problems.
    """

    run: Run
    panel: Panel
    calibration: Mapping[str, float]


Group = tuple[Any, list[Measured]]
"""What a group has in common, and its runs."""


def by_setting(runs: Sequence[Measured]) -> dict[str, list[Measured]]:
    """The runs of each setting, seeds in their order."""
    found: dict[str, list[Measured]] = {}
    for one in runs:
        found.setdefault(one.run.setting, []).append(one)
    return found


def varied_keys(runs: Sequence[Measured]) -> list[str]:
    """Keys that take more than one value, in the order of the sweep."""
    keys = dict.fromkeys(key for one in runs for key in one.run.point)
    return [key for key in keys if len(_values(runs, key)) > 1]


def _values(runs: Sequence[Measured], key: str) -> list[Any]:
    """Distinct values of a key, numbers in their order before the others."""
    found = {canonical(one.run.point[key]): one.run.point[key] for one in runs if has(one, key)}
    return sorted(found.values(), key=_order)


def _order(value: Any) -> tuple[int, float, str]:
    return (0, value, "") if is_number(value) else (1, 0, canonical(value))


def has(one: Measured, key: str) -> bool:
    """Whether a key is varied in the arm of a run."""
    return key in one.run.point


def is_number(value: Any) -> bool:
    """Whether a value has a place on an axis."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def by_value(runs: Sequence[Measured], key: str) -> list[Group]:
    """The runs at each value of a key, whatever the other keys are."""
    own = [one for one in runs if has(one, key)]
    return [
        (value, [one for one in own if _at(one, key) == canonical(value)])
        for value in _values(runs, key)
    ]


def _at(one: Measured, key: str) -> str:
    return canonical(one.run.point[key])


def by_pair(
    runs: Sequence[Measured], keys: tuple[str, str]
) -> tuple[list[str], list[str], dict[tuple[int, int], list[Measured]]]:
    """The runs in each cell of two keys.

    Returns:
        Names of the columns and of the rows, and the runs by column and row; cells without a run
        are left out.
    """
    both = [one for one in runs if all(has(one, key) for key in keys)]
    (columns, place_x), (rows, place_y) = (_bins(both, key) for key in keys)
    cells: dict[tuple[int, int], list[Measured]] = {}
    for one in both:
        cell = place_x[_at(one, keys[0])], place_y[_at(one, keys[1])]
        cells.setdefault(cell, []).append(one)
    return columns, rows, cells


def _bins(runs: Sequence[Measured], key: str) -> tuple[list[str], dict[str, int]]:
    """Names of the bins of a key, and the bin of each value; as many values in each as possible."""
    values = _values(runs, key)
    if len(values) <= BINS or not all(is_number(v) for v in values):
        return [value_text(v) for v in values], {canonical(v): i for i, v in enumerate(values)}
    edges = [round(i * len(values) / BINS) for i in range(BINS + 1)]
    names, places = [], {}
    for i, (start, end) in enumerate(itertools.pairwise(edges)):
        part = values[start:end]
        names.append(f"{value_text(part[0])} to {value_text(part[-1])}")
        places.update({canonical(value): i for value in part})
    return names, places
