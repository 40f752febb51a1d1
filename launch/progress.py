"""Progress bars of the command line, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_of_parts() -> Iterator[Callable[[str, int, int], None]]:
    """One bar for each named part of a job.

    On a terminal the bars move; elsewhere one line is printed when a part is done, so that log
    files stay readable.

    Yields:
        A callback ``(what is running, done, in all)``.
    """
    from rich import progress as rp
    from rich.console import Console

    console = Console(stderr=True)
    bars: dict[str, rp.TaskID] = {}
    with rp.Progress(
        rp.TextColumn("{task.description}"),
        rp.BarColumn(),
        rp.MofNCompleteColumn(),
        rp.TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:

        def told(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done, total=total)
            if done >= total and not console.is_terminal:
                console.print(f"{what}: {done} of {total} done", highlight=False)

        yield told
