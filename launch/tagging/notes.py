"""What `suffice tag` says about its input: nothing to tag, rows skipped, types not to rely on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tagger.errors import UserError
from tagger.novelty import LONG_STEP, UNFAMILIAR, UNSURE, UNSURE_BELOW

if TYPE_CHECKING:
    from launch.tagging.work import TaggedBatch
    from tagger.traces.files import Tally
    from tagger.traces.rows import Fields


@dataclass
class Seen:
    """What came of all batches.

    Attributes:
        steps: Number of steps.
        flags: How many of them have each flag.
        brought: Traces that brought their steps, of which nobody has said how they were cut.
        long: Steps of more than `LONG_STEP` characters.
        uncalibrated: As `TaggedBatch.uncalibrated`, each sentence once.
    """

    steps: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    brought: int = 0
    long: int = 0
    uncalibrated: dict[str, None] = field(default_factory=dict)

    def add(self, batch: TaggedBatch) -> None:
        """Count a batch."""
        self.steps += sum(batch.steps)
        self.flags += batch.flags
        self.brought += batch.brought
        self.long += batch.long
        self.uncalibrated |= dict.fromkeys(batch.uncalibrated)

    def notes(self) -> list[str]:
        """A sentence each about steps cut nobody knows how, and about types not to rely on."""
        notes = list(self.uncalibrated)
        if self.brought:
            noun, their = ("trace", "its") if self.brought == 1 else ("traces", "their")
            notes.append(
                f"{self.brought} {noun} brought {their} own steps, for which the tagger may not be "
                "calibrated; say how they were cut, e.g. segmenter=paragraph or segmenter=sentence."
            )
        if self.long:
            has = "step has" if self.long == 1 else "steps have"
            notes.append(
                f"{self.long} {has} more than {LONG_STEP:,} characters, for which one type says "
                "little; segmenter=sentence cuts finer where thinking has no blank lines."
            )
        if count := self.flags[UNFAMILIAR]:
            notes.append(
                f"{count} of {self.steps} steps ({count / self.steps:.1%}) are unlike the "
                f"tagger's training data and are marked {UNFAMILIAR!r}; their types may be wrong."
            )
        if count := self.flags[UNSURE]:
            notes.append(
                f"{count} of {self.steps} steps ({count / self.steps:.1%}) are marked {UNSURE!r}: "
                f"their type has a probability below {UNSURE_BELOW:g}."
            )
        return notes


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
    sought = (fields.thinking,) if fields.thinking else THINKING_FIELDS
    others = [key for key in tally.keys if key not in sought]
    near = difflib.get_close_matches(fields.thinking or "thinking", others, n=1, cutoff=0.5)
    hint = f"did you mean --field {near[0]}?" if near else (
        f"name the field with --field; the first row has {', '.join(tally.keys)}."
    )  # fmt: skip
    if tally.rows == 1 and not near:
        hint += " If the rows stand in one of these, take them out with jq -c '.FIELD[]'."
    raise UserError(
        f"No row of {name} ({tally.rows} read) has thinking in {wanted} "
        f"(the first: {tally.first_skipped}); {hint}"
    )


def read_notes(tally: Tally, fields: Fields) -> list[str]:
    """A sentence each: fields that no row has, skipped rows, references that are no answers."""
    rows = "row" if tally.rows == 1 else "rows"
    notes = []
    for path, option, loss in (
        (fields.question, "--question-field", "the tagger knew no question from it"),
        (fields.reference, "--reference-field", "no answer step is marked"),
    ):
        if tally.rows and path and path not in tally.named:
            notes.append(f"No row has anything in {path!r} ({option}), so {loss}; check the name.")
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
