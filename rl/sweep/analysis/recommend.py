"""The recommended setting, in one sentence with its evidence.

Chosen on the calibration problems, reported on the test problems.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.analysis.frontier import Point, choose


def recommend(
    settings: Sequence[Mapping[str, Any]], control: Mapping[str, Any], tolerance: float
) -> dict[str, Any] | None:
    """Choose a setting: the cheapest that keeps the accuracy of control.

    Args:
        settings: Those to choose from, as in ``settings`` of the results.
        control: What they are compared with: ``name``, ``label`` and ``calibration``, perhaps with
            accuracy and tokens of each of its ``seeds`` in ``by_run``.
        tolerance: Accuracy that a setting may cost on the calibration problems, as a share.

    Returns:
        ``setting`` (its name), ``kept_accuracy`` and ``saves_tokens`` there, ``confirmed`` (the
        accuracy is kept on the test problems too), ``control``, ``tolerance`` and ``text``; None
        without settings.
    """
    if not settings:
        return None
    points = [
        Point(s["name"], s["calibration"]["tokens"], _above(s, control, "accuracy"))
        for s in settings
    ]
    choice = choose(points, -tolerance)
    chosen = next(s for s in settings if s["name"] == choice.chosen)
    saves = _above(chosen, control, "tokens") < 0
    gap = chosen["against"][control["name"]]["accuracy"]["mean"]
    confirmed = bool(gap >= -tolerance - 1e-9)
    return {
        "setting": choice.chosen,
        "kept_accuracy": choice.kept_accuracy,
        "saves_tokens": saves,
        "confirmed": confirmed,
        "control": control["name"],
        "tolerance": tolerance,
        "text": _text(chosen, control, tolerance, choice.kept_accuracy, saves, confirmed),
    }


def _above(one: Mapping[str, Any], control: Mapping[str, Any], measure: str) -> float:
    """What a setting has above control on the calibration problems, of the same seeds if it can."""
    rival = control["calibration"]
    by_run = rival.get("by_run", {}).get(measure, ())
    by_seed = dict(zip(control.get("seeds", ()), by_run, strict=True))
    if by_seed and set(one["seeds"]) <= set(by_seed):
        before = sum(by_seed[seed] for seed in one["seeds"]) / len(one["seeds"])
    else:
        before = rival[measure]
    return float(one["calibration"][measure] - before)


def recommended(results: Mapping[str, Any]) -> str | None:
    """Name of the setting to take; None where none keeps the accuracy at fewer tokens.

    Args:
        results: The content of ``results.json`` of a sweep.
    """
    found = results["recommendation"]
    takes = found and found["kept_accuracy"] and found["saves_tokens"]
    return found["setting"] if takes else None


def _text(
    chosen: Mapping[str, Any],
    control: Mapping[str, Any],
    tolerance: float,
    kept: bool,
    saves: bool,
    confirmed: bool,
) -> str:
    name, points = control["label"], points_text(tolerance)
    pair = chosen["against"][control["name"]]
    change, gap = pair["tokens_change"]["mean"], pair["accuracy"]
    seeds = f"{len(chosen['seeds'])} seeds" if len(chosen["seeds"]) > 1 else "one seed"
    percent = f"{abs(change) * 100:.0f} %"
    less = f"{percent} {'fewer' if change < 0 else 'more'} tokens than"
    less = "as many tokens as" if percent == "0 %" else less
    figures = (
        f"{chosen['accuracy']['mean'] * 100:.1f} % correct at {chosen['tokens']['mean']:.1f} tokens"
        f" on the test problems, {less} {name} at {_signed(gap['mean'])} points"
        f" ({_signed(gap['low'])} to {_signed(gap['high'])}; {seeds})"
    )
    if not kept:
        return (
            f"No setting keeps the accuracy of {name} within {points} on the calibration problems;"
            f" the most accurate one there is {chosen['label']}: {figures}."
        )
    if not saves:
        return (
            f"No setting within {points} of {name} saves tokens on the calibration problems; the"
            f" cheapest one there is {chosen['label']}: {figures}."
        )
    if not confirmed:
        return (
            f"Recommended by the calibration problems, not confirmed by the test problems:"
            f" {chosen['label']}, the cheapest setting within {points} of {name} on the former,"
            f" costs more accuracy on the latter: {figures}."
        )
    return (
        f"Recommended: {chosen['label']}, the cheapest setting within {points} of {name} on the"
        f" calibration problems: {figures}."
    )


def points_text(share: float) -> str:
    """A share of answers as points of accuracy."""
    return f"{share * 100:g} point{'s' * (share != 0.01)}"


def _signed(value: float) -> str:
    return f"{value * 100:+.1f}".replace("-", "\u2212")
