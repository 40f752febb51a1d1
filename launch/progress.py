"""Progress bars of the command line, on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST_BARS = 12
"""With more parts than these, the bars of those that are done make room."""


@contextmanager
def progress_of_parts(lines: int = 1) -> Iterator[Callable[[str, int, int], None]]:
    """One bar for each named part of a job.

    On a terminal the bars move; elsewhere a few lines are printed, so that log files stay readable.

    Args:
        lines: How many for each part, at equal distances; the last one when it is done.

    Yields:
        A callback ``(what is running, done, in all)``.
    """
    from rich import progress as rp
    from rich.console import Console

    console = Console(stderr=True)
    bars: dict[str, rp.TaskID] = {}
    printed: dict[str, int] = {}
    with rp.Progress(
        rp.TextColumn("{task.description}", markup=False),
        rp.BarColumn(),
        rp.MofNCompleteColumn(),
        rp.TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:

        def report(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done, total=total)
            reached = lines * done // total if total else lines
            if reached > printed.get(what, 0) and not console.is_terminal:
                console.print(f"{what}: {done} of {total} done", highlight=False, markup=False)
                printed[what] = reached

        yield report


@contextmanager
def progress_of_stream(
    read: Callable[[], tuple[int, int]], may_draw: Callable[[], bool]
) -> Iterator[Callable[[int], None]]:
    """A bar for traces that are tagged while they are read.

    On a terminal the bar moves and goes away at the end; elsewhere one line is printed if the job
    took more than a few seconds.

    Args:
        read: Bytes read so far, and bytes in all (0 if unknown).
        may_draw: Whether the terminal is free; asked until it once is.

    Yields:
        A callback to call after each trace with its number of steps.
    """
    from rich import progress as rp
    from rich.console import Console

    console = Console(stderr=True)
    began = time.monotonic()
    traces = steps = 0

    def words() -> str:
        speed = steps / max(1e-9, time.monotonic() - began)
        return f"{traces:,} traces, {steps:,} steps tagged, {speed:,.0f} steps/s"

    bar = rp.Progress(
        rp.SpinnerColumn(),
        rp.BarColumn(),
        rp.TextColumn("{task.description}"),
        rp.TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task("", total=None)
    drawing = False

    def report(new_steps: int) -> None:
        nonlocal traces, steps, drawing
        traces, steps = traces + 1, steps + new_steps
        if not drawing and console.is_terminal and may_draw():
            bar.start()
            drawing = True
        if drawing:
            done, total = read()
            bar.update(task, description=words(), completed=done, total=total or None)

    try:
        yield report
    finally:
        if drawing:
            bar.stop()
    if not console.is_terminal and time.monotonic() - began > 5:
        console.print(words(), highlight=False)
