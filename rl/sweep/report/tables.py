"""The tables of a sweep's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.analysis.outcomes import verifies_outside
from rl.report.style import interval, number, signed
from rl.sweep.analysis.outside import rival_of
from rl.sweep.analysis.recommend import recommended
from rl.sweep.planning.runs import value_text
from rl.sweep.range_text import (
    between_text,
    seeds_text,
    several_seeds,
    tried_text,
    width_text,
)
from rl.sweep.report.style import REFERENCE, arm_colours
from tagger.display.cells import Cell, Row, Table

HEAD = (
    "setting", "seeds", "correct, %", "against control, points", "tokens", "against control, %",
    "verification steps", "selectivity, points", "steps to saving",
)  # fmt: skip
MOST_OF_NAME, MOST_OF_SEEDS = 36, 14
"""Characters of a setting's name, and of its seeds' numbers, that stay on one line."""


def settings_table(results: Mapping[str, Any]) -> Table:
    """All settings, cheapest first, below the policies that were there before."""
    colours, control, chosen = arm_colours(results), results["control"], recommended(results)
    rival = rival_of(results)
    rows = [_row(one, REFERENCE, None, rival) for one in results["references"].values()]
    for one in sorted(results["settings"], key=lambda s: s["tokens"]["mean"]):
        note = "control" if one["name"] == control else "on the front" if one["on_front"] else ""
        pair = one["against"].get(control)
        rows.append(_row(one, colours[one["arm"]], pair, rival, note, chosen == one["name"]))
    return Table(HEAD, rows)


def _row(
    one: Mapping[str, Any],
    colour: str,
    pair: Mapping[str, Any] | None,
    rival: Mapping[str, Any],
    note: str = "",
    chosen: bool = False,
) -> Row:
    gap = one["selectivity"]["difference"]
    cells: list[Cell | str] = [
        _name(one["label"], colour, note, chosen),
        _seeds(one.get("seeds")),
        _estimate(one["accuracy"], 100, 1),
        _difference(pair, "accuracy"),
        _estimate(one["tokens"], 1, 1),
        _difference(pair, "tokens_change"),
        Cell(
            number(one["verification_steps"]["mean"], 2),
            f"{number(one['verified']['mean'] * 100, 0)} % verified",
            more=_outside(one, rival),
        ),
        _signed(gap),
        _steps(one.get("steps_to_saving")),
    ]
    return Row(cells, "hero" if chosen else "")


def _name(label: str, colour: str, note: str = "", chosen: bool = False) -> Cell:
    """The first cell of a setting; one with a long name leaves room for the other columns."""
    wide = len(label) > MOST_OF_NAME
    style = "white-space:normal;min-width:210px" if wide else ""
    kind = "b" if chosen else ""
    return Cell(label, note, kind, colour, chosen, style, breakable=wide)


def _seeds(seeds: Sequence[int] | None) -> Cell:
    """How many there are, and which unless it is the one seed that most sweeps have."""
    if seeds is None:
        return Cell()
    which = "" if list(seeds) in ([], [0]) else ", ".join(map(str, seeds))
    wide = len(which) > MOST_OF_SEEDS
    return Cell(str(len(seeds)), "" if wide else which, more=[which] if wide else ())


def _outside(m: Mapping[str, Any], usual: Mapping[str, Any]) -> list[str]:
    """Verification steps outside the thinking, where the warning tells of them."""
    if not verifies_outside(m, usual):
        return []
    return [f"{number(m['outside_verification']['mean'], 2)} more outside the thinking"]


def _steps(steps: Sequence[int | None] | None) -> str:
    """After how many steps each run saved the share; a dash for those that never did."""
    return ", ".join("–" if step is None else str(step) for step in steps or ())


def _estimate(e: Mapping[str, Any], scale: float, digits: int) -> Cell:
    shown = number(None if e["mean"] is None else e["mean"] * scale, digits)
    return Cell(shown, interval(e, scale, digits))


def _difference(pair: Mapping[str, Any] | None, key: str) -> Cell:
    return Cell() if pair is None else _signed(pair[key])


def _signed(e: Mapping[str, Any]) -> Cell:
    if e["mean"] is None:
        return Cell("–")
    ends = f"{signed(e['low'] * 100)} to {signed(e['high'] * 100)}"
    return Cell(signed(e["mean"] * 100), ends)


def bands_table(results: Mapping[str, Any]) -> Table:
    """Accuracy, tokens and verified answers of each setting, by band."""
    bands = list(results["problems"]["bands"])
    head = ["setting", *bands]
    colours, rival, rows = arm_colours(results), rival_of(results)["bands"], []
    ones = [*results["references"].values()]
    ones += sorted(results["settings"], key=lambda s: s["tokens"]["mean"])
    for one in ones:
        colour = colours[one["arm"]] if "arm" in one else REFERENCE
        cells: list[Cell | str] = [_name(one["label"], colour)]
        cells += [_band_cell(one["bands"][band], rival[band]) for band in bands]
        rows.append(Row(cells))
    return Table(head, rows)


def _band_cell(m: Mapping[str, Any], usual: Mapping[str, Any]) -> Cell:
    pair = m.get("against")
    versus = []
    if pair is not None and pair["accuracy"]["mean"] is not None:
        gap = pair["accuracy"]
        ends = f"{signed(gap['low'] * 100)} to {signed(gap['high'] * 100)}"
        whole = f"({ends})".replace(" ", "\u00a0")  # an interval is not broken
        versus = [f"against control {signed(gap['mean'] * 100)} {whole}"]
    tokens, verified = number(m["tokens"]["mean"], 1), number(m["verified"]["mean"] * 100, 0)
    paid = f"{tokens}\u00a0tokens, {verified}\u00a0%\u00a0verified"
    more = [paid, *_outside(m, usual), *versus]
    return Cell(f"{number(m['accuracy']['mean'] * 100, 1)} %", more=more)


def ranges_table(results: Mapping[str, Any]) -> Table:
    """The range of each key that saves tokens and keeps accuracy, arm by arm."""
    head = ["arm", "key", "tried", "good of these", "good between", "width"]
    several = several_seeds(results["ranges"])
    rows = []
    for one in results["ranges"]:
        good = "none of them"
        if one["low"] is not None:
            good = tried_text(value_text(one["low"]), value_text(one["high"]))
        cells: list[Cell | str] = [
            Cell(one["arm"] or "all"),
            results["keys"][one["key"]],
            ", ".join(map(value_text, one["tried"])),
            good,
            between_text(one["between"]),
            width_text(one["between"]),
            *([seeds_text(one["by_seed"])] if several else []),
        ]
        rows.append(Row(cells))
    return Table([*head, *(["width of each seed"] if several else [])], rows)


def contrast_table(results: Mapping[str, Any]) -> Table:
    """The settings of an arm against mixtures of others' settings that cost as many tokens."""
    found, colours = results["contrast"], arm_colours(results)
    names = {one["name"]: one["label"] for one in results["settings"]}
    bands = list(results["problems"]["bands"])
    apart = [band for band in bands if band not in found["equal_on"]]
    equal = "at equal tokens, points" if apart else "points"
    head = ["setting", "against", "mixture", "seeds", equal, *(f"on {band}" for band in apart)]
    rows = []
    for one in found["rows"]:
        cells: list[Cell | str] = [
            Cell(
                names[one["setting"]],
                f"{number(one['tokens'], 1)} tokens",
                dot=colours[found["arm"]],
            ),
            Cell(one["arm"], dot=colours[one["arm"]], style="white-space:nowrap"),
            _mixture(one, names),
            _seeds(one["seeds"]),
        ]
        if one["mixture"]:
            cells += [_signed(one["accuracy"])]
            cells += [_contrast_cell(one["bands"][band]) for band in apart]
        else:
            cells += ["–"] * (1 + len(apart))
        rows.append(Row(cells))
    return Table(head, rows)


def stops_table(results: Mapping[str, Any]) -> Table:
    """Each setting against the best mixture of control's stops that costs as many tokens."""
    colours = arm_colours(results)
    labels = {one["name"]: one["label"] for one in (*results["settings"], *results["monitored"])}
    rows = []
    for one in sorted(measured_against_stops(results), key=lambda s: s["tokens"]["mean"]):
        found = one["above_monitored"]
        gap = _signed(found["accuracy"]) if found["mixture"] else "–"
        tokens = f"{number(one['tokens']['mean'], 1)} tokens"
        setting = Cell(one["label"], tokens, dot=colours[one["arm"]])
        seeds = _seeds(found["seeds"])
        rows.append(Row([setting, _mixture(found, labels), seeds, gap]))
    return Table(("setting", "mixture of control's stops", "seeds", "points"), rows)


def measured_against_stops(results: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The settings that are held against control's stops."""
    return [one for one in results["settings"] if one.get("above_monitored")]


def _mixture(one: Mapping[str, Any], labels: Mapping[str, str]) -> Cell:
    """The shares of a mixture, or why there is none."""
    shares = one["mixture"].items()
    if shares:
        return Cell(" + ".join(f"{w * 100:.0f} % {labels[name]}" for name, w in shares))
    return Cell("all its settings cost more" if one["seeds"] else "no seed that both have")


def _contrast_cell(m: Mapping[str, Any]) -> Cell:
    gap, tokens = m["accuracy"], m["tokens"]["mean"]
    ends = f"{signed(gap['low'] * 100)} to {signed(gap['high'] * 100)}"
    return Cell(signed(gap["mean"] * 100), f"{ends} · {signed(tokens)} tokens")


def failures_table(results: Mapping[str, Any]) -> Table:
    """What failed, with reason and exit code."""
    rows = [[f["label"], str(f["exit_code"]), Cell(f["reason"])] for f in results["failed"]]
    return Table(("run", "exit code", "reason"), rows)


def hypervolume_table(results: Mapping[str, Any]) -> Table:
    """Hypervolume of each arm."""
    found = results["hypervolume"]
    rows = [[arm, number(value, 3)] for arm, value in found["arms"].items()]
    return Table(("arm", "hypervolume"), [*rows, ["all settings", number(found["all"], 3)]])
