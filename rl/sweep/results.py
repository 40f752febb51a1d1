"""Every number of a sweep, computed from the samples in its folder: ``results.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl import run_files
from rl.analysis.arms import BASE
from rl.analysis.frontier import Point
from rl.analysis.panels import RESAMPLES, Panel, make_panel
from rl.evaluation.samples import read_samples
from rl.sweep.analysis.contrast import check_bands, contrast
from rl.sweep.analysis.front import hypervolume, pareto_front
from rl.sweep.analysis.groups import Measured, by_setting, varied_keys
from rl.sweep.analysis.missing import missing_control
from rl.sweep.analysis.outside import outside_thinking
from rl.sweep.analysis.pooled import against, measure_runs
from rl.sweep.analysis.ranges import good_ranges
from rl.sweep.analysis.recommend import recommend
from rl.sweep.analysis.responses import Rival, interactions, response
from rl.sweep.analysis.speed import first_tokens, read_tokens, steps_to_saving
from rl.sweep.compared import values_of
from rl.sweep.execution.runner import failures
from rl.sweep.folder import SweepFolder
from rl.sweep.made_by import made_by
from rl.sweep.planning.schedule import Schedule
from rl.sweep.settings.keys import CONTROL
from rl.sweep.settings.overrides import short_names
from rl.sweep.stops import control_stops, monitored_points
from tagger.errors import UserError

SCHEMA_VERSION = 1


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
    names = list(values_of(sweep)["policies"])
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
            "calibration": sweep.reference(name).calibrated(),
            **measure_runs([panel], seed),
        }
        for name, panel in panels.items()
    }
    groups = by_setting(runs)
    control = _control(sweep, groups)
    settings = [
        _setting(own, panels, groups[control] if control else None, seed) for own in groups.values()
    ]
    _add_speed(sweep, settings)
    _add_gain(sweep, settings, groups, plan, panels[BASE])
    front = pareto_front([_point(s) for s in settings])
    for one in settings:
        one["on_front"] = any(p.name == one["name"] for p in front)
    rival = next((s for s in settings if s["name"] == control), None) or references.get(
        CONTROL, references[BASE]
    )
    candidates = [s for s in settings if s["name"] != control]
    rows = [_run(sweep, one, plan) for one in plan.runs]
    no_control = _no_control(sweep, rows, rival, names)
    compared = _rival(groups[control] if control else None, panels)
    responses = {key: response(runs, key, seed, settings, compared) for key in varied_keys(runs)}
    saving, tolerance = sweep.config.saving, sweep.config.tolerance
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "sweep",
        "title": sweep.config.title,
        "problems": {
            "test": len(panels[BASE].problem_ids),
            "samples": len(panels[BASE].samples),
            "training_overlap": sweep.training_overlap,
            "bands": {b: panels[BASE].bands.count(b) for b in dict.fromkeys(panels[BASE].bands)},
        },
        "bootstrap": {"over": "problems and runs", "resamples": RESAMPLES, "seed": seed},
        "references": references,
        "control": rival["name"],
        "settings": settings,
        "runs": rows,
        "no_control": no_control or None,
        "outside": outside_thinking(candidates, rival),
        **made_by(sweep, [one.run.name for one in runs], panels),
        "failed": lost,
        "front": [p.name for p in front],
        "hypervolume": _hypervolumes(settings, references[BASE]),
        "keys": short_names(varied_keys(runs)),
        "responses": responses,
        "interactions": interactions(runs),
        "saving": saving,
        "tolerance": tolerance,
        "ranges": good_ranges(responses, saving, tolerance),
        "recommendation": None if no_control else recommend(candidates, rival, tolerance),
        "contrast": _contrast(sweep, groups, panels[BASE]),
        "monitored": monitored_points(sweep),
        "complete": plan.complete and all(one.name in sweep.outcomes() for one in plan.runs),
    }


def _contrast(
    sweep: SweepFolder, groups: Mapping[str, Sequence[Measured]], base: Panel
) -> dict[str, Any] | None:
    """The arm of the key `contrast` against others at equal tokens; None without that key."""
    chosen, control = sweep.config.contrast, sweep.config.control_arm
    if chosen is None:
        return None

    def of(*arms: str | None) -> dict[str, Sequence[Measured]]:
        return {name: own for name, own in groups.items() if own[0].run.arm in arms}

    others = {arm: of(arm, control) for arm in sweep.config.contrast_arms if of(arm)}
    equal_on = check_bands(chosen.equal_on, base.bands)
    rows = contrast(of(chosen.arm), others, equal_on, sweep.config.seed)
    return {"arm": chosen.arm, "equal_on": equal_on, "rows": rows}


def _references(sweep: SweepFolder, names: Sequence[str]) -> dict[str, Panel]:
    done = [name for name in names if sweep.reference(name).done.is_file()]
    found = {name: read_samples(sweep.reference(name).samples("test")) for name in done}
    if BASE not in found:
        return {}
    like = make_panel(found[BASE])
    return {name: make_panel(samples, like) for name, samples in found.items()}


def _measured(sweep: SweepFolder, plan: Schedule, base: Panel) -> list[Measured]:
    out = []
    for run in plan.runs:
        folder = sweep.run(run.name)
        if not folder.done.is_file():
            continue
        panel = make_panel(read_samples(folder.samples("test")), base)
        out.append(Measured(run, panel, folder.calibrated()))
    return out


def _control(sweep: SweepFolder, groups: Mapping[str, Sequence[Measured]]) -> str | None:
    """The setting that is control, the one of its arm; None without one that is done."""
    arm = sweep.config.control_arm
    return next((name for name, own in groups.items() if arm and own[0].run.arm == arm), None)


def _rival(control: Sequence[Measured] | None, references: Mapping[str, Panel]) -> Rival:
    """What settings are compared with: control's runs, else a control or base there before."""
    if control is None:
        name = CONTROL if CONTROL in references else BASE
        return Rival(name, [references[name]], [])
    return Rival(
        control[0].run.setting, [one.panel for one in control], [one.run.seed for one in control]
    )


def _no_control(
    sweep: SweepFolder,
    runs: Sequence[Mapping[str, Any]],
    rival: Mapping[str, Any],
    policies: Sequence[str],
) -> str:
    """That control, an arm or a policy that was there before, has no results; else empty."""
    arm = sweep.config.control_arm
    if arm is not None:
        return missing_control(arm, [run["state"] for run in runs if run["arm"] == arm], rival)
    if CONTROL not in policies:
        return ""
    return missing_control(CONTROL, [sweep.reference(CONTROL).state], rival)


def _setting(
    own: Sequence[Measured],
    references: Mapping[str, Panel],
    control: Sequence[Measured] | None,
    seed: int,
) -> dict[str, Any]:
    """The figures of a setting, those of its bands against control too unless it is control."""
    run, panels = own[0].run, [one.panel for one in own]
    seeds = [one.run.seed for one in own]
    pairs = {name: against(panels, seeds, [panel], [], seed) for name, panel in references.items()}
    is_control = control is not None and control[0].run.setting == run.setting
    rival = _rival(control, references)
    if control is not None and not is_control:
        pairs[rival.name] = against(panels, seeds, rival.panels, rival.seeds, seed)
    measured = measure_runs(panels, seed)
    for band, values in measured["bands"].items() if not is_control else ():
        parts, rival_parts = ([p.only(band) for p in of] for of in (panels, rival.panels))
        values["against"] = against(parts, seeds, rival_parts, rival.seeds, seed)
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
        }
        | {
            "by_run": {key: [one.calibration[key] for one in own] for key in ("accuracy", "tokens")}
        },
        **measured,
        "against": pairs,
    }


def _add_speed(sweep: SweepFolder, settings: Sequence[dict[str, Any]]) -> None:
    """Add to each setting after how many steps each of its runs saved the share of `saving`."""
    files = {
        name: sweep.run(name).training / run_files.METRICS for s in settings for name in s["runs"]
    }
    tokens = {name: read_tokens(file) for name, file in files.items()}
    before = first_tokens(list(tokens.values()))
    for one in settings:
        one["steps_to_saving"] = [
            None if before is None else steps_to_saving(tokens[name], before, sweep.config.saving)
            for name in one["runs"]
        ]


def _add_gain(
    sweep: SweepFolder,
    settings: Sequence[dict[str, Any]],
    groups: Mapping[str, Sequence[Measured]],
    plan: Schedule,
    like: Panel,
) -> None:
    """Add to each setting what it gains on the best mixture of control's stops at equal tokens."""
    stops = control_stops(sweep, plan.runs, like)
    arm = sweep.config.control_arm
    free = {name: own for name, own in groups.items() if own[0].run.arm == arm}
    bands = list(dict.fromkeys(like.bands))
    for one in settings:
        one["above_monitored"] = None
        if stops and one["name"] not in free:
            own = {one["name"]: groups[one["name"]]}
            (row,) = contrast(own, {"": {**free, **stops}}, bands, sweep.config.seed)
            keys = ("mixture", "seeds", "accuracy")
            one["above_monitored"] = {key: row[key] for key in keys}


def _run(sweep: SweepFolder, run: Any, plan: Schedule) -> dict[str, Any]:
    folder = sweep.run(run.name)
    out = {key: getattr(run, key) for key in ("name", "setting", "label", "arm", "seed", "hash")}
    out["point"] = dict(run.point)
    if folder.done.is_file():
        done = folder.measured()
        kept = ("steps", "policy_step", "stopped_early", "seconds", "test", "calibration")
        return out | {"state": "done"} | {key: done.get(key) for key in kept}
    failure = folder.failure() if folder.state == "failed" else {}
    return out | {"state": folder.state} | failure


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
