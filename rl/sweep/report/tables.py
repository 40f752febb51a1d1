"""The tables of a sweep's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.report.style import interval, number, signed
from rl.sweep.report.style import REFERENCE, arm_colours
from tagger.display.cells import Cell, Row, Table

HEAD = (
    "setting", "seeds", "correct, %", "against control, points", "tokens", "against control, %",
    "verification steps", "verified, %", "selectivity, points",
)  # fmt: skip


def settings_table(results: Mapping[str, Any]) -> Table:
    """All settings, cheapest first, below the policies that were there before."""
    colours, control = arm_colours(results), results["control"]
    rows = [_row(one, REFERENCE, None) for one in results["references"].values()]
    for one in sorted(results["settings"], key=lambda s: s["tokens"]["mean"]):
        note = "control" if one["name"] == control else "on the front" if one["on_front"] else ""
        pair = one["against"].get(control)
        rows.append(_row(one, colours[one["arm"]], pair, note, _chosen(results) == one["name"]))
    return Table(HEAD, rows)


def _chosen(results: Mapping[str, Any]) -> str | None:
    return (results["recommendation"] or {}).get("setting")


def _row(
    one: Mapping[str, Any],
    colour: str,
    pair: Mapping[str, Any] | None,
    note: str = "",
    chosen: bool = False,
) -> Row:
    gap = one["selectivity"]["difference"]
    cells: list[Cell | str] = [
        Cell(one["label"], note, dot=colour, chosen=chosen, kind="b" if chosen else ""),
        ",\u00a0".join(map(str, one.get("seeds", ()))),
        _estimate(one["accuracy"], 100, 1),
        _difference(pair, "accuracy"),
        _estimate(one["tokens"], 1, 1),
        _difference(pair, "tokens_change"),
        _estimate(one["verification_steps"], 1, 2),
        _estimate(one["verified"], 100, 0),
        _signed(gap),
    ]
    return Row(cells, "hero" if chosen else "")


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
    colours, rows = arm_colours(results), []
    ones = [*results["references"].values()]
    ones += sorted(results["settings"], key=lambda s: s["tokens"]["mean"])
    for one in ones:
        colour = colours[one["arm"]] if "arm" in one else REFERENCE
        cells = [Cell(one["label"], dot=colour)]
        for band in bands:
            m = one["bands"][band]
            cells.append(
                Cell(
                    f"{number(m['accuracy']['mean'] * 100, 1)} %",
                    f"{number(m['tokens']['mean'], 1)} tokens,"
                    f" {number(m['verified']['mean'] * 100, 0)} % verified",
                )
            )
        rows.append(Row(cells))
    return Table(head, rows)


def failures_table(results: Mapping[str, Any]) -> Table:
    """What failed, with reason and exit code."""
    rows = [[f["label"], str(f["exit_code"]), Cell(f["reason"])] for f in results["failed"]]
    return Table(("run", "exit code", "reason"), rows)


def hypervolume_table(results: Mapping[str, Any]) -> Table:
    """Hypervolume of each arm."""
    found = results["hypervolume"]
    rows = [[arm, number(value, 3)] for arm, value in found["arms"].items()]
    return Table(("arm", "hypervolume"), [*rows, ["all settings", number(found["all"], 3)]])
