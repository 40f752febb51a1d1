"""The results of a sweep as a table on the terminal, and as CSV."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rl.analysis.outcomes import MOVED, verifies_outside
from rl.report.style import LEAST_WIDTH, interval, number, signed
from rl.sweep.analysis.missing import unfinished
from rl.sweep.analysis.outside import rival_of
from rl.sweep.analysis.recommend import points_text, recommended
from rl.sweep.planning.runs import value_text
from rl.sweep.range_text import between_text, seeds_text, several_seeds, width_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

HEAD = ("setting", "seeds", "correct %", "tokens", "verif.", "select.", "vs control", "")
_OUTSIDE = f"verif. + : outside the thinking, shown where at least {MOVED} more than under"
_EQUAL = "at equal tokens, points of accuracy above the best mixture of"
_MEASURES = (
    "accuracy", "tokens", "thinking_tokens", "verification_steps", "surplus_verification",
    "verified", "first_answer_accuracy", "steps", "finished", "outside_verification",
)  # fmt: skip


def print_sweep(results: Mapping[str, Any], console: Console | None = None) -> None:
    """Print the table of settings, cheapest first, what failed, and the recommendation.

    Args:
        results: The content of ``results.json``.
        console: Where to print; None takes standard output.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if console is None:
        console = Console(file=sys.stdout)
        console.width = max(console.width, LEAST_WIDTH)
    console.print(f"\n[bold]{escape(results['title'])}[/]")
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in HEAD:
        table.add_column(name, justify="left" if name in ("setting", "") else "right")
    rival, references = rival_of(results), list(results["references"].values())
    settings = sorted(results["settings"], key=lambda s: s["tokens"]["mean"])
    for one in references:
        table.add_row(*map(escape, cells(one, None, rival)), style="dim")
    for one in settings:
        row = cells(one, one["against"].get(rival["name"]), rival)
        table.add_row(*map(escape, row), style="bold" if one["on_front"] else "")
    console.print(table)
    console.print("front: not dominated in accuracy and tokens", style="dim", highlight=False)
    if any(verifies_outside(one, rival) for one in (*references, *settings)):
        usual = f"{rival['label']} ({number(rival['outside_verification']['mean'], 2)})"
        console.print(f"{_OUTSIDE} {escape(usual)}", style="dim", highlight=False)
    if any(one.get("above_monitored") for one in results["settings"]):
        console.print(f"{_EQUAL} control's stops", style="dim", highlight=False)
        console.print(_stops(results))
    if results.get("contrast"):
        console.print(f"{_EQUAL} an arm's settings", style="dim", highlight=False)
        console.print(_contrast(results))
    if results["ranges"]:
        console.print(_good(results), style="dim", highlight=False)
        console.print(_ranges(results))
    whole = results["hypervolume"]["all"]
    if whole is not None:
        arms = ", ".join(
            f"{arm} {number(value, 3)}" for arm, value in results["hypervolume"]["arms"].items()
        )
        console.print(
            f"hypervolume above base: {number(whole, 3)}{f' ({arms})' if arms else ''}",
            style="dim",
            highlight=False,
        )
    told = [row["text"] for row in (*results.get("mixed", ()), *results.get("outside", ()))]
    for text in filter(None, (results.get("no_control"), *told)):
        console.print(f"[bold red]WARNING[/] {escape(text)}", highlight=False)
    for lost in results["failed"]:
        console.print(
            f"[bold red]FAILED[/] {escape(lost['label'])} (exit code {lost['exit_code']}):"
            f" {escape(lost['reason'])}",
            highlight=False,
        )
    if missing := unfinished(results["runs"], results["complete"]):
        console.print(f"\n{missing}", highlight=False)
    if results["recommendation"]:
        console.print(f"\n{escape(results['recommendation']['text'])}", highlight=False)


def cells(
    one: Mapping[str, Any], pair: Mapping[str, Any] | None, rival: Mapping[str, Any]
) -> tuple[str, ...]:
    """The cells of a setting or a reference policy, in the order of `HEAD`.

    Args:
        one: Its figures.
        pair: Its differences to what settings are compared with; None leaves them out.
        rival: What settings are compared with.
    """
    accuracy, tokens = one["accuracy"], one["tokens"]
    versus = ""
    if pair:
        versus = (
            f"{signed((pair['accuracy']['mean'] or 0) * 100)} pt,"
            f" {signed((pair['tokens_change']['mean'] or 0) * 100, 0)} %"
        )
    control = one["name"] == rival["name"] and "seeds" in one
    note = "front" if one.get("on_front") else "control" if control else ""
    gap = one["selectivity"]["difference"]["mean"]
    return (
        one["label"],
        str(len(one["seeds"])) if "seeds" in one else "",
        f"{number(accuracy['mean'] * 100, 1)} ({interval(accuracy, 100, 1)})",
        number(tokens["mean"], 1),
        _verification(one, rival),
        "–" if gap is None else signed(gap, 2),
        versus,
        note,
    )


def _stops(results: Mapping[str, Any]) -> Table:
    """Each setting against the best mixture of control's stops at equal tokens."""
    from rich.markup import escape

    table = _small("setting", "seeds", "points")
    for one in sorted(results["settings"], key=lambda s: s["tokens"]["mean"]):
        if found := one.get("above_monitored"):
            row = [one["label"], str(len(found["seeds"])), _gap(found["accuracy"])]
            table.add_row(*map(escape, row))
    return table


def _contrast(results: Mapping[str, Any]) -> Table:
    """The settings of an arm against others at equal tokens, bands that were not made equal too."""
    from rich.markup import escape

    found = results["contrast"]
    labels = {one["name"]: one["label"] for one in results["settings"]}
    apart = [band for band in results["problems"]["bands"] if band not in found["equal_on"]]
    table = _small("arm", "setting", "seeds", "points", *(f"on {band}" for band in apart))
    for one in found["rows"]:
        gaps = [one["accuracy"], *(one["bands"].get(b, {}).get("accuracy") for b in apart)]
        row = [one["arm"], labels[one["setting"]], str(len(one["seeds"])), *map(_gap, gaps)]
        table.add_row(*map(escape, row))
    return table


def _good(results: Mapping[str, Any]) -> str:
    saving = f"{results['saving'] * 100:g} %"
    cost = points_text(results["tolerance"])
    return f"where {saving} of control's tokens are saved at {cost} or less, between values tried"


def _ranges(results: Mapping[str, Any]) -> Table:
    """Between which values each key is good."""
    from rich.markup import escape

    several = several_seeds(results["ranges"])
    table = _small("arm", "key", "from, to", "width", *(["of each seed"] if several else []))
    for one in results["ranges"]:
        row = [one["arm"] or "all", results["keys"][one["key"]], between_text(one["between"])]
        row += [width_text(one["between"]), *([seeds_text(one["by_seed"])] if several else [])]
        table.add_row(*map(escape, row))
    return table


def _small(*names: str) -> Table:
    """An empty table below that of the settings."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, justify="left" if name in ("arm", "setting") else "right")
    return table


def _gap(estimate: Mapping[str, Any] | None) -> str:
    if estimate is None:
        return "–"
    return f"{signed(estimate['mean'] * 100)} ({interval(estimate, 100, 1)})"


def _verification(one: Mapping[str, Any], rival: Mapping[str, Any]) -> str:
    """Verification steps in the thinking, and those outside it where the warning tells of them."""
    inside = number(one["verification_steps"]["mean"], 2)
    if not verifies_outside(one, rival):
        return inside
    return f"{inside} + {number(one['outside_verification']['mean'], 2)}"


def settings_csv(results: Mapping[str, Any]) -> str:
    """A row for each setting: its keys, its measures with their intervals."""
    keys = list(dict.fromkeys(key for s in results["settings"] for key in s["point"]))
    ends = [f"{name}{end}" for name in _MEASURES for end in ("", "_low", "_high")]
    against = ("accuracy_vs_control", "tokens_change_vs_control")
    head = ["setting", "label", "arm", *keys, "seeds", *ends, "selectivity", *against]
    head += [f"above_monitored{end}" for end in ("", "_low", "_high")]
    head += ["steps_to_saving", "on_front", "recommended"]
    chosen = recommended(results)
    rows = []
    for one in results["settings"]:
        pair = one["against"].get(results["control"], {})
        gain = (one.get("above_monitored") or {}).get("accuracy") or {}
        rows.append(
            [
                one["name"],
                one["label"],
                one["arm"],
                *(value_text(one["point"][k]) if k in one["point"] else "" for k in keys),
                " ".join(map(str, one["seeds"])),
                *(one[m][end] for m in _MEASURES for end in ("mean", "low", "high")),
                one["selectivity"]["difference"]["mean"],
                pair.get("accuracy", {}).get("mean"),
                pair.get("tokens_change", {}).get("mean"),
                *(gain.get(end) for end in ("mean", "low", "high")),
                " ".join("" if s is None else str(s) for s in one["steps_to_saving"]),
                one["on_front"],
                one["name"] == chosen,
            ]
        )
    return _csv(head, rows)


def runs_csv(results: Mapping[str, Any]) -> str:
    """A row for each run, those that failed with their reason."""
    keys = list(dict.fromkeys(key for run in results["runs"] for key in run["point"]))
    head = ["run", "setting", "arm", *keys, "seed", "state", "accuracy", "tokens", "steps"]
    head += ["stopped_early", "reason", "exit_code", "hash"]
    rows = [
        [
            run["name"],
            run["setting"],
            run["arm"],
            *(value_text(run["point"][k]) if k in run["point"] else "" for k in keys),
            run["seed"],
            run["state"],
            *((run.get("test") or {}).get(name) for name in ("accuracy", "tokens")),
            *(run.get(name) for name in ("steps", "stopped_early", "reason", "exit_code")),
            run["hash"],
        ]
        for run in results["runs"]
    ]
    return _csv(head, rows)


def _csv(head: list[str], rows: list[list[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
