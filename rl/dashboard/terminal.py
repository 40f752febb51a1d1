"""A run in the terminal: progress, curves, types, weights, warnings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.panel import Panel as Frame
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rl.dashboard.pace import duration
from rl.dashboard.plot import line_plot, spark
from rl.dashboard.series import Curve, Panel, curve, panels, type_curves, window
from rl.dashboard.watch import Snapshot
from rl.report.curves import running_mean
from rl.report.style import number
from rl.training.card.shown_by_run import WINDOW

_STATUS = {
    "starting": "cyan",
    "training": "green",
    "complete": "bold green",
    "stopped": "bold yellow",
    "failed": "bold red",
    "interrupted": "bold red",
}
_DRAWN = ("reward", "correct", "tokens a rollout")
_LISTED = (
    "weight of each term", "what each term changes of the advantage", "shares",
    "audit: verification steps", "audit: tokens a step", "audit: steps per 1,000 tokens",
    "audit: tagger confidence", "audit: steps unlike the tagger's training data", "entropy",
    "gradient norm", "peak memory, GiB",
)  # fmt: skip


def view(run: Snapshot, width: int, height: int = 8) -> RenderableType:
    """The whole view.

    Args:
        run: The run.
        width: Columns of the terminal.
        height: Lines of a curve.
    """
    found = {panel.title: panel for panel in panels(run.rows)}
    parts: list[RenderableType] = [_head(run), _progress(run, width)]
    parts += [Text(f"⚠ {text}", style="bold yellow") for text in run.warnings]
    if run.rows:
        drawn = [found[title] for title in _DRAWN if title in found]
        parts.append(_plots(drawn, width, height))
        ends = window(run.rows)
        listed = [found[title] for title in _LISTED if title in found]
        tables = [_types(run, ends), _metrics(listed, ends)]
        parts.append(_side_by_side(tables, width))
    return Group(*parts)


def overview(runs: Sequence[Snapshot], above: Path) -> RenderableType:
    """Several runs: one line each.

    Args:
        runs: The runs.
        above: The folder they are in, which their names leave out.
    """
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    names = [str(run.root.relative_to(above)) for run in runs]
    table.add_column("run", overflow="fold", min_width=min(24, max(map(len, names))))
    table.add_column("", no_wrap=True)
    for title in ("step", "left", "correct", "tokens", "VERIFY"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("trend", no_wrap=True)
    for name, run in zip(names, runs, strict=True):
        style = _STATUS[run.status.kind]
        last = run.rows[-window(run.rows) :]
        correct = curve(last, "facts/correct", "", "", 100)
        verify, tokens = (
            curve(last, key, "", "") for key in ("facts/count/VERIFY", "facts/tokens")
        )
        all_tokens = curve(run.rows, "facts/tokens", "", "").values
        table.add_row(
            Text(name),
            Text(run.status.kind, style=style),
            f"{run.step}/{run.planned or '?'}",
            duration(run.seconds_left),
            f"{number(_mean(correct), 1)} %",
            number(_mean(tokens), 1),
            number(_mean(verify), 2),
            spark(all_tokens, 8) if all_tokens else "",
        )
    note = Text(
        f"Means over up to {WINDOW} last logged steps of training rollouts; trend: tokens over all "
        "steps. Name one run for its curves.",
        style="dim",
    )
    stopped = [
        Text(f"{name}: {run.status.text}", style=_STATUS[run.status.kind])
        for name, run in zip(names, runs, strict=True)
        if run.status.kind in ("stopped", "failed", "interrupted")
    ]
    return Group(table, note, *stopped)


def _head(run: Snapshot) -> Text:
    model = run.provenance.get("model", {}).get("base") or run.config.get("model") or "?"
    tagger = str(run.provenance.get("tagger_fingerprint") or "?")[:12]
    terms = (run.config.get("reward") or {}).get("terms") or {}
    return Text.assemble(
        (str(run.root), "bold"),
        (f"  {model} · tagger {tagger} · reward {' + '.join(terms) or '?'}", "dim"),
        no_wrap=True,
        overflow="ellipsis",
    )


def _progress(run: Snapshot, width: int) -> RenderableType:
    line = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=run.planned or 1, completed=run.step, width=min(40, width // 3))
    pace = f"{run.seconds_a_step:.1f} s a step" if run.seconds_a_step is not None else ""
    left = f"{duration(run.seconds_left)} left" if run.seconds_left is not None else ""
    saved = f"checkpoint {run.checkpoint}" if run.checkpoint is not None else ""
    line.add_row(bar, f"{run.step}/{run.planned or '?'}", pace, left, saved)
    return Group(line, Text(run.status.text, style=_STATUS[run.status.kind]))


def _plots(found: Sequence[Panel], width: int, height: int) -> RenderableType:
    grid = Table.grid(expand=True)
    columns = max(1, min(len(found), width // 26))
    inner = width // columns - 4
    for _ in range(columns):
        grid.add_column(ratio=1)
    frames = [_plot(panel, inner, height) for panel in found]
    for at in range(0, len(frames), columns):
        grid.add_row(*frames[at : at + columns])
    return grid


def _plot(panel: Panel, width: int, height: int) -> Frame:
    """The first curve of a panel, smoothed, with its range at the left."""
    drawn = panel.curves[0]
    values = running_mean(drawn.values)
    low, high = min(values), max(values)
    labels = [number(high), *[""] * (height - 2), number(low)]
    margin = max(map(len, labels))
    lines = line_plot(values, max(4, width - margin - 1), height, low, high)
    body = Text(no_wrap=True)
    for label, line in zip(labels, lines, strict=True):
        body.append(f"{label:>{margin}} ", style="dim")
        body.append(f"{line}\n", style=drawn.colour)
    body.right_crop(1)
    name = panel.title.removesuffix(" a rollout")  # too long for a third of 80 columns
    title = f"{name} {number(drawn.values[-1])}{panel.unit}"
    return Frame(body, title=title, title_align="left", border_style="dim", box=box.ROUNDED)


def _types(run: Snapshot, ends: int) -> Table:
    tokens = {one.name: one for one in type_curves(run.rows, "facts/tokens/")}
    table = _table("steps by type", ends, "tokens")
    for one in type_curves(run.rows, "facts/count/"):
        table.add_row(
            Text(f"█ {one.name}", style=one.colour),
            *_first_and_last(one, ends, 2),
            number(_mean(tokens[one.name], -ends), 1) if one.name in tokens else "–",
            Text(spark(running_mean(one.values), 20), style=one.colour),
        )
    return table


def _metrics(found: Sequence[Panel], ends: int) -> Table:
    table = _table("metric", ends)
    for panel in found:
        alone = len(panel.curves) == 1 and panel.curves[0].name in panel.title
        for one in panel.curves:
            short = _SHORT.get(panel.title, "")
            name = _ALONE.get(panel.title, panel.title) if alone else f"{short}{one.name}"
            unit = panel.unit.strip()
            table.add_row(
                f"{name}, {unit}" if unit else name,
                *_first_and_last(one, ends),
                Text(spark(running_mean(one.values), 20), style=one.colour),
            )
    return table


_SHORT = {
    "weight of each term": "weight: ",
    "what each term changes of the advantage": "advantage: ",
    "audit: verification steps": "verification: ",
    "peak memory, GiB": "peak memory, GiB: ",
}
_ALONE = {"audit: steps unlike the tagger's training data": "audit: unfamiliar steps"}


def _table(first: str, ends: int, *more: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(first, overflow="ellipsis", no_wrap=True)
    for title in (f"first {ends}", f"last {ends}", *more):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("over the steps", no_wrap=True)
    return table


def _first_and_last(one: Curve, ends: int, digits: int | None = None) -> tuple[str, str]:
    values = one.values
    first, last = (sum(part) / len(part) for part in (values[:ends], values[-ends:]))
    return number(first, digits), number(last, digits)


def _mean(one: Curve, start: int = 0) -> float | None:
    values = one.values[start:]
    return sum(values) / len(values) if values else None


_GAP = 3
"""Columns between two tables."""


def _side_by_side(tables: Sequence[Table], width: int) -> RenderableType:
    """The tables next to each other if they fit uncut, else one below the other."""
    console = Console(width=1000)
    widths = [Measurement.get(console, console.options, table).maximum for table in tables]
    if sum(widths) + _GAP * (len(tables) - 1) > width:
        return Group(*tables)
    grid = Table.grid(padding=(0, _GAP))
    grid.add_row(*tables)
    return grid
