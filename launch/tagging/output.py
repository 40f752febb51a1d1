"""What `suffice tag` prints for people: some traces, then the table of types."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from tagger.errors import UserError

if TYPE_CHECKING:
    from launch.tagging.stream import TaggedTrace
    from tagger.steps import StepTagger
    from tagger.traces.files import Tally
    from tagger.traces.rows import Fields

_SHOWN = {"steps": 10, "strips": None, "table": 0}
VIEWS = tuple(_SHOWN)
"""Ways to show traces: step by step, a line a trace, not at all."""


class Printer:
    """Prints traces as they come and counts all of them.

    Args:
        view: One of `VIEWS`.
        show: Most traces to print; None for the view's own default.
        tagger: Gives taxonomy and fingerprint.
        token_starts: Finds where the tokens of a text begin; None counts no tokens.
        silent: Print nothing at all: machines read the output.
    """

    def __init__(
        self,
        view: str,
        show: int | None,
        tagger: StepTagger,
        token_starts: Callable[[str], list[int]] | None = None,
        silent: bool = False,
    ) -> None:
        from rich.console import Console

        from tagger.display.tally import TypeTally

        self._view = view
        self._most = _SHOWN[view] if show is None or view == "table" else show
        self._tagger = tagger
        self._starts = token_starts
        self._silent = silent
        self._console = Console()
        self._tally = TypeTally(tagger.taxonomy)

    @property
    def printing(self) -> bool:
        """Whether the next trace will be printed."""
        return not self._silent and (self._most is None or self._tally.traces < self._most)

    @property
    def wants_answer(self) -> bool:
        """Whether the next trace will be printed step by step, its answer step marked."""
        return self.printing and self._view == "steps"

    @property
    def busy(self) -> bool:
        """Whether a progress bar would get between the lines that are being printed."""
        return sys.stdout.isatty() and (self._silent or self.printing)

    def add(self, trace: TaggedTrace, answer_step: int | None) -> None:
        """Print a trace if its turn is not over, and count it."""
        if self._silent:
            return
        from tagger.display.tally import tokens_of_steps
        from tagger.display.terminal import legend, strip_line, trace_view

        taxonomy, steps, source = self._tagger.taxonomy, trace.steps, trace.source
        if self.printing:
            if not self._tally.traces:
                self._console.print(legend(taxonomy), "")
            if self._view == "strips":
                line = strip_line(steps, taxonomy, source.id, self._console.width)
                self._console.print(line)
            else:
                at = -1 if answer_step is None else answer_step
                view = trace_view(steps, taxonomy, source.id, source.question, at)
                self._console.print(view, "")
        tokens = None
        if self._starts is not None:
            tokens = tokens_of_steps(self._starts(source.thinking), steps)
        self._tally.add(steps, tokens)

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


def check_tagged(tally: Tally, name: str, fields: Fields) -> None:
    """Refuse an input in which no row had thinking.

    Args:
        tally: What was read.
        name: Of the input.
        fields: What was looked for.

    Raises:
        UserError: There was nothing to tag; the nearest field is suggested.
    """
    import difflib

    from tagger.traces.rows import THINKING_FIELDS

    if tally.rows > tally.skipped:
        return
    if not tally.rows:
        raise UserError(f"{name} holds no rows; give traces, one JSON object a line, or a text.")
    if not tally.keys:
        raise UserError(f"{name} holds no thinking: {tally.first_skipped} is empty.")
    wanted = fields.thinking or " or ".join(f'"{field}"' for field in THINKING_FIELDS)
    if pair := fields.delimiters:
        wanted = f"{wanted}, between {pair.open!r} and {pair.close!r}"
    near = difflib.get_close_matches(fields.thinking or "thinking", tally.keys, n=1, cutoff=0.5)
    hint = f"did you mean --field {near[0]}?" if near and near[0] != fields.thinking else (
        f"name the field with --field; the first row has {', '.join(tally.keys)}."
    )  # fmt: skip
    if tally.rows == 1 and not near:
        hint += " If the rows stand in one of these, take them out with jq -c '.FIELD[]'."
    raise UserError(
        f"No row of {name} ({tally.rows} read) has thinking in {wanted} "
        f"(the first: {tally.first_skipped}); {hint}"
    )


def read_notes(tally: Tally) -> list[str]:
    """A sentence each about skipped rows and about references that are no answers."""
    rows = "row" if tally.rows == 1 else "rows"
    notes = []
    if tally.skipped:
        has, was = ("has", "was") if tally.skipped == 1 else ("have", "were")
        notes.append(
            f"{tally.skipped} of {tally.rows} {rows} {has} no thinking and {was} skipped "
            f"(the first: {tally.first_skipped})."
        )
    if tally.refused:
        has, its = ("has", "its") if tally.refused == 1 else ("have", "their")
        notes.append(
            f"{tally.refused} of {tally.rows} {rows} {has} a reference that is no answer, so "
            f"{its} answer step is not marked (the first, {tally.first_refused})."
        )
    return notes
