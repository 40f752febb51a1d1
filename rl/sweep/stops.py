"""Control under the rules of a sweep: what its settings are stood against at equal tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl import run_files
from rl.analysis.arms import BASE, arm_name
from rl.analysis.panels import Panel, make_panel
from rl.evaluation.samples import read_samples
from rl.sweep.analysis.groups import Measured
from rl.sweep.folder import SweepFolder
from rl.sweep.planning.runs import Run
from rl.sweep.settings.keys import CONTROL
from tagger.files import read_json


def monitored_points(sweep: SweepFolder) -> list[dict[str, Any]]:
    """Accuracy and tokens of base and control under rules; empty without them.

    A policy under its chosen rule may be one of the others under another name, its ``point``.
    """
    return [
        {
            "name": name,
            "policy": arm["policy"],
            "label": arm["label"],
            "tokens": arm["tokens"],
            "accuracy": arm["accuracy"],
        }
        for name, arm in _arms(sweep).items()
        if arm["kind"] in ("grid", "monitored") and "point" not in arm
    ]


def control_stops(
    sweep: SweepFolder, runs: Sequence[Run], like: Panel
) -> dict[str, list[Measured]]:
    """The runs of control under each rule.

    Args:
        sweep: The sweep.
        runs: Its runs.
        like: Samples on the same problems.

    Returns:
        By the name of the arm, e.g. ``control_monitored_count_1``, control's runs; empty if control
        did not run under all rules.
    """
    arms = [n for n, a in _arms(sweep).items() if (a["kind"], a["policy"]) == ("grid", CONTROL)]
    named = sweep.comparison.measured().get("controls", {}) if arms else {}
    policies = {name: run for name, own in named.items() for run in runs if run.name == own}
    samples = sweep.comparison.root / "compared" / "samples" / "test"
    found: dict[str, list[Measured]] = {}
    for arm in arms if policies else ():
        rule = arm.removeprefix(f"{CONTROL}_")
        panels = {
            name: make_panel(read_samples(samples / f"{arm_name(name, rule)}.jsonl.gz"), like)
            for name in policies
        }
        found[arm] = [Measured(policies[name], panel, {}) for name, panel in panels.items()]
    return found


def _arms(sweep: SweepFolder) -> Mapping[str, Any]:
    """The arms of the comparison under rules, by name; none if it is not done."""
    folder = sweep.comparison
    if not folder.done.is_file():
        return {}
    remedy = f"delete the folder {folder.root} and resume the sweep"
    file = folder.root / "compared" / run_files.RESULTS
    arms: Mapping[str, Any] = read_json(file, remedy, keys=("arms",))["arms"]
    return arms


def named_controls(runs: Sequence[Run]) -> dict[str, Run]:
    """The runs of control by names of policies: ``control``, ``control_1`` and so on."""
    return {f"{CONTROL}_{i}" if i else CONTROL: run for i, run in enumerate(runs)}


def compared_with_rules(values: Mapping[str, Any], controls: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of the comparison of base and control under rules.

    Args:
        values: As of `rl.sweep.compared.comparison_values`.
        controls: The runs of control as policies, by the names of `named_controls`.

    Returns:
        The settings; both run under all rules, and no oracle is looked for, unless they say so.
    """
    own = {"oracle": False, **values, "policies": {**values["policies"], **controls}}
    further = [name for name in controls if name != CONTROL]
    if controls:
        own.setdefault("grid_policies", [BASE, CONTROL])
    if further:
        own["pooled"] = {**own.get("pooled", {}), CONTROL: further}
    return own
