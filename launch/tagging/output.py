"""What `suffice tag` prints for people: some traces, then the table of types."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from launch.tagging.work import ShownTrace
    from tagger.display.tally import TypeTally
    from tagger.steps import StepTagger

_SHOWN = {"steps": 10, "strips": None, "table": 0}
VIEWS = tuple(_SHOWN)
"""Ways to show traces: step by step, a line a trace, not at all."""


def most_printed(view: str, show: int | None) -> int | None:
    """How many traces a view prints, None for all; `show` where the user has said it."""
    return _SHOWN[view] if show is None or view == "table" else show


class Printer:
    """Prints traces as they come and counts all of them.

    Args:
        view: One of `VIEWS`.
        most: Traces it will be given to print, None for all (`most_printed`).
        tagger: Gives taxonomy and fingerprint.
        silent: Print nothing at all: machines read the output.
    """

    def __init__(
        self,
        view: str,
        most: int | None,
        tagger: StepTagger,
        silent: bool = False,
    ) -> None:
        from rich.console import Console

        from tagger.display.tally import TypeTally

        self._view = view
        self._most = most
        self._tagger = tagger
        self._silent = silent
        self._console = Console()
        self._tally = TypeTally(tagger.taxonomy)
        self._printed = 0

    @property
    def busy(self) -> bool:
        """Whether a progress bar would get between the lines that are being printed."""
        printing = self._silent or self._most is None or self._printed < self._most
        return sys.stdout.isatty() and printing

    def show(self, shown: ShownTrace) -> None:
        """Print a trace; the legend before the first."""
        from tagger.display.terminal import legend, strip_line, trace_view

        taxonomy, source, steps = self._tagger.taxonomy, shown.trace.source, shown.trace.steps
        if not self._printed:
            self._console.print(legend(taxonomy), "")
        self._printed += 1
        if self._view == "strips":
            self._console.print(strip_line(steps, taxonomy, source.id, self._console.width))
        else:
            at = -1 if shown.answer_step is None else shown.answer_step
            view = trace_view(steps, taxonomy, source.id, source.question, at, shown.flags)
            self._console.print(view, "")

    def count(self, tally: TypeTally) -> None:
        """Count the traces of a batch."""
        self._tally.merge(tally)

    def close(self) -> None:
        """Print the table."""
        if self._silent:
            return
        from tagger.display.terminal import type_table

        total, console = self._tally.traces, self._console
        hidden = total - (total if self._most is None else self._most)
        if hidden > 0 and self._view != "table":
            noun = "trace" if hidden == 1 else "traces"
            console.print(f"{hidden} more {noun} not shown; show={total} shows all.\n")
        console.print(type_table(self._tally, self._tagger.taxonomy))
        console.print(f"tagger {self._tagger.fingerprint[:12]}", style="dim")
