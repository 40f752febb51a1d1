"""Every number of a sweep, computed from the samples in its folder: ``results.json``."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from rl.analysis.arms import BASE
from rl.analysis.frontier import Point
from rl.analysis.panels import RESAMPLES, Panel, make_panel
from rl.evaluation.samples import read_samples
from rl.sweep.analysis.front import hypervolume, pareto_front
from rl.sweep.analysis.groups import Measured, by_pair, by_setting, by_value, varied_keys
from rl.sweep.analysis.pooled import NAMES, against, aligned, measure_runs
from rl.sweep.analysis.recommend import recommend
from rl.sweep.compared import comparison_values
from rl.sweep.execution.runner import failures
from rl.sweep.folder import SweepFolder
from rl.sweep.planning.runs import base_run
from rl.sweep.planning.schedule import Schedule
from rl.sweep.settings.overrides import short_names
from tagger.errors import UserError
from tagger.files import read_json

SCHEMA_VERSION = 1
RESPONSE = (*NAMES, "selectivity", "bands")
"""What a response holds at each value of a key."""


def build_results(sweep: SweepFolder, plan: Schedule) -> dict[str, Any]:
    """Compute the results of a sweep, of the runs that are done.

    Args:
        sweep: The sweep.
        plan: Its runs.

    Returns:
        The content of ``results.json``.

    Raises:
        UserError: Base or no run is done, or the samples are of other problems.
    """
    seed = sweep.config.seed
    names = list(
        comparison_values(sweep.config, base_run(sweep.config), sweep.max_new_tokens)["policies"]
    )
    lost = failures(sweep, plan)
    panels = _references(sweep, names)
    if BASE not in panels:
        why = "".join(f": {one['reason']}" for one in lost if one["task"] == f"references/{BASE}")
        raise UserError(f"base was not sampled in {sweep.root}{why or '; resume the sweep.'}")
    runs = _measured(sweep, plan, panels[BASE])
    references = {
        name: {
            "name": name,
            "label": name,
            "calibration": read_json(sweep.reference(name).done)["calibration"],
            **measure_runs([panel], seed),
        }
        for name, panel in panels.items()
    }
    groups = by_setting(runs)
    control = _control(sweep, groups)
    settings = [
        _setting(own, panels, groups[control] if control else None, seed) for own in groups.values()
    ]
    front = pareto_front([_point(s) for s in settings])
    for one in settings:
        one["on_front"] = any(p.name == one["name"] for p in front)
    rival = next((s for s in settings if s["name"] == control), None) or references.get(
        "control", references[BASE]
    )
    candidates = [s for s in settings if s["name"] != control]
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "sweep",
        "title": sweep.config.title,
        "problems": {
            "test": len(panels[BASE].problem_ids),
            "samples": len(panels[BASE].samples),
            "bands": {b: panels[BASE].bands.count(b) for b in dict.fromkeys(panels[BASE].bands)},
        },
        "bootstrap": {"over": "problems and runs", "resamples": RESAMPLES, "seed": seed},
        "references": references,
        "control": rival["name"],
        "settings": settings,
        "runs": [_run(sweep, one, plan) for one in plan.runs],
        "failed": lost,
        "front": [p.name for p in front],
        "hypervolume": _hypervolumes(settings, references[BASE]),
        "keys": short_names(varied_keys(runs)),
        "responses": {key: _response(runs, key, seed, settings) for key in varied_keys(runs)},
        "interactions": _interactions(runs, seed),
        "recommendation": recommend(candidates, rival, sweep.config.tolerance),
        "monitored": _monitored(sweep),
        "complete": plan.complete and all(one.name in sweep.outcomes() for one in plan.runs),
    }


def _references(sweep: SweepFolder, names: Sequence[str]) -> dict[str, Panel]:
    done = [name for name in names if sweep.reference(name).done.is_file()]
    found = {name: read_samples(sweep.reference(name).samples("test")) for name in done}
    if BASE not in found:
        return {}
    like = make_panel(found[BASE])
    return {name: aligned(samples, like) for name, samples in found.items()}


def _measured(sweep: SweepFolder, plan: Schedule, base: Panel) -> list[Measured]:
    out = []
    for run in plan.runs:
        folder = sweep.run(run.name)
        if not folder.done.is_file():
            continue
        panel = aligned(read_samples(folder.samples("test")), base)
        out.append(Measured(run, panel, read_json(folder.done)["calibration"]))
    return out


def _control(sweep: SweepFolder, groups: Mapping[str, Sequence[Measured]]) -> str | None:
    """The setting that is control: the first of its arm; None without one that is done."""
    arm = sweep.config.control_arm
    return next((name for name, own in groups.items() if arm and own[0].run.arm == arm), None)


def _setting(
    own: Sequence[Measured],
    references: Mapping[str, Panel],
    control: Sequence[Measured] | None,
    seed: int,
) -> dict[str, Any]:
    run, panels = own[0].run, [one.panel for one in own]
    seeds = [one.run.seed for one in own]
    pairs = {name: against(panels, seeds, [panel], [], seed) for name, panel in references.items()}
    if control is not None and control[0].run.setting != run.setting:
        others = [one.run.seed for one in control]
        rivals = [one.panel for one in control]
        pairs[control[0].run.setting] = against(panels, seeds, rivals, others, seed)
    return {
        "name": run.setting,
        "label": run.label,
        "arm": run.arm,
        "point": dict(run.point),
        "seeds": seeds,
        "runs": [one.run.name for one in own],
        "calibration": {
            key: sum(one.calibration[key] for one in own) / len(own)
            for key in ("accuracy", "tokens")
        },
        **measure_runs(panels, seed),
        "against": pairs,
    }


def _run(sweep: SweepFolder, run: Any, plan: Schedule) -> dict[str, Any]:
    folder = sweep.run(run.name)
    out = {key: getattr(run, key) for key in ("name", "setting", "label", "arm", "seed", "hash")}
    out["point"] = dict(run.point)
    if folder.done.is_file():
        done = read_json(folder.done)
        kept = ("steps", "policy_step", "stopped_early", "seconds", "test", "calibration")
        return out | {"state": "done"} | {key: done.get(key) for key in kept}
    if folder.failed.is_file():
        return out | {"state": "failed"} | read_json(folder.failed)
    return out | {"state": "waiting"}


def _point(setting: Mapping[str, Any]) -> Point:
    return Point(setting["name"], setting["tokens"]["mean"], setting["accuracy"]["mean"])


def _hypervolumes(settings: Sequence[Mapping[str, Any]], base: Mapping[str, Any]) -> dict[str, Any]:
    """Hypervolume of all settings, and of those of each arm; the reference point is base."""
    corner = _point(base)
    arms = {s["arm"]: [_point(o) for o in settings if o["arm"] == s["arm"]] for s in settings}
    return {
        "reference": {"tokens": corner.tokens, "accuracy": corner.accuracy},
        "all": hypervolume([_point(s) for s in settings], corner),
        "arms": {arm: hypervolume(points, corner) for arm, points in arms.items() if arm},
    }


def _response(
    runs: Sequence[Measured], key: str, seed: int, settings: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What is measured at each value of a key, arm by arm; runs at it are pooled."""
    known = {tuple(s["runs"]): s for s in settings}
    rows = []
    for arm in dict.fromkeys(one.run.arm for one in runs if key in one.run.point):
        for value, own in by_value([one for one in runs if one.run.arm == arm], key):
            measured = known.get(tuple(one.run.name for one in own))
            if measured is None:
                measured = measure_runs([one.panel for one in own], seed)
            row = {"arm": arm, "value": value, "runs": len(own)}
            rows.append(row | {name: measured[name] for name in RESPONSE})
    return rows


def _interactions(runs: Sequence[Measured], seed: int) -> list[dict[str, Any]]:
    """Accuracy and tokens in each cell of two keys, for all pairs that are varied together."""
    out = []
    for x, y in itertools.combinations(varied_keys(runs), 2):
        columns, rows, cells = by_pair(runs, (x, y))
        if len(cells) < 2:
            continue
        out.append(
            {
                "keys": [x, y],
                "columns": columns,
                "rows": rows,
                "cells": [
                    {"column": column, "row": row, "runs": len(own)} | _means(own)
                    for (column, row), own in sorted(cells.items())
                ],
            }
        )
    return out


def _means(own: Sequence[Measured]) -> dict[str, float]:
    return {
        name: round(float(sum(one.panel.per_problem(value).mean() for one in own) / len(own)), 6)
        for name, value in _CELL.items()
    }


_CELL = {"accuracy": lambda s: float(s.correct), "tokens": lambda s: float(s.tokens)}


def _monitored(sweep: SweepFolder) -> list[dict[str, Any]]:
    """Accuracy and tokens of base and control under rules; empty without them."""
    folder = sweep.comparison
    if not folder.done.is_file():
        return []
    arms = read_json(folder.root / "compared" / "results.json")["arms"]
    return [
        {
            "name": name,
            "policy": arm["policy"],
            "label": arm["label"],
            "tokens": arm["tokens"],
            "accuracy": arm["accuracy"],
        }
        for name, arm in arms.items()
        if arm["kind"] == "grid"
    ]
