"""Shows a run, or several, until they have ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live

from rl.dashboard.find import find_runs
from rl.dashboard.page import page
from rl.dashboard.terminal import overview, view
from rl.dashboard.watch import Snapshot, WatchedRun
from tagger.files import write_atomically

_HIGH, _LOW, _LINES = 8, 4, 44
"""Lines of a curve, on a terminal of at least `_LINES` lines and on a lower one."""


class Dashboard:
    """One run, or an overview of several; runs that appear later are found.

    Args:
        root: Folder of a run, or one that holds runs.
        html: Page to write at every look; only for one run.
        every: Seconds between two looks.

    Raises:
        UserError: As `find_runs`.
    """

    def __init__(self, root: Path, html: Path | None, every: float) -> None:
        self._root, self._html, self._every = root, html, every
        self._watched: dict[Path, WatchedRun] = {}
        self.folders = find_runs(root)

    def look(self, final: bool = False) -> list[Snapshot]:
        """Read what is new, and write the page.

        Args:
            final: Whether it is the last look: the page then does not load itself again.
        """
        self.folders = find_runs(self._root, self._watched)
        for folder in self.folders:
            self._watched.setdefault(folder, WatchedRun(folder))
        wanted = self._html is not None
        found = [self._watched[folder].look(samples=wanted) for folder in self.folders]
        if self._html is not None:
            over = final or ended(found)
            write_atomically(self._html, page(found[0], None if over else self._every))
        return found

    def show(self, found: Sequence[Snapshot], console: Console) -> RenderableType:
        """The view of what `look` found."""
        if self.folders != [self._root]:
            return overview(found, self._root)
        return view(found[0], console.width, _HIGH if console.height >= _LINES else _LOW)

    def follow(self, console: Console, wait: Callable[[float], None] = time.sleep) -> None:
        """Show it until every run has ended or Ctrl-C, then leave the last view on the screen.

        Args:
            console: Where to.
            wait: Waits so many seconds.
        """
        try:
            found = self._until_ended(console, wait)
        except KeyboardInterrupt as stop:
            if type(stop) is not KeyboardInterrupt:  # SIGTERM
                raise
            found = self.look(final=True)
        console.print(self.show(found, console))

    def _until_ended(self, console: Console, wait: Callable[[float], None]) -> list[Snapshot]:
        found = self.look()
        with ExitStack() as stack:
            live = None
            if console.is_terminal:  # elsewhere only the page is written
                live = stack.enter_context(Live(console=console, screen=True, auto_refresh=False))
            while not ended(found):
                if live is not None:
                    live.update(self.show(found, console), refresh=True)
                wait(self._every)
                found = self.look()
        return found


def ended(found: Sequence[Snapshot]) -> bool:
    """Whether nothing more will come."""
    return all(run.status.ended for run in found)
