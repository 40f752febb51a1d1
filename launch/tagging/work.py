"""What `suffice tag` does with a batch of traces: cut, tag, find the answer, write.

It needs nothing but its `TagJob`, so one process does it or several, with the same result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from launch.tagging.stream import TaggedTrace, tag_traces, token_starts
from tagger.errors import UserError
from tagger.novelty import LONG_STEP, flag_of
from tagger.segmentation.given import unit_text
from tagger.units import calibration_note, refuse_unknown_unit

if TYPE_CHECKING:
    from tagger.display.tally import TypeTally
    from tagger.frozen import FrozenTagger
    from tagger.mapped import MappedTagger
    from tagger.traces.rows import SourceTrace

    Tagger = FrozenTagger | MappedTagger


@dataclass(frozen=True)
class TagJob:
    """What to make of each batch; plain values, so that it can be sent to another process.

    Attributes:
        tagger: Folder of the tagger.
        fingerprint: What it must have, for these steps and types; anything if empty.
        taxonomy: To show the types in, a name or a YAML file; None is the tagger's own.
        segmenter: What cuts the steps, or has cut those that come with the rows; None is the
            tagger's own, and of steps that come with the rows only what these say is known.
        lines: Whether a JSON line is wanted of each trace.
        items: Whether its part of the page is.
        tally: Whether the steps are to be counted by type.
        tokenizer: Counts tokens too; None counts none.
        shown: How many traces, from the first, are wanted as they are; None wants all.
        marked: Whether the answer step of these is.
    """

    tagger: str
    fingerprint: str = ""
    taxonomy: str | None = None
    segmenter: str | None = None
    lines: bool = False
    items: bool = False
    tally: bool = False
    tokenizer: str | None = None
    shown: int | None = 0
    marked: bool = False


class ShownTrace(NamedTuple):
    """A trace to be printed.

    Attributes:
        trace: It.
        answer_step: As `TaggedTrace.answer_step`.
        flags: Of its steps (`tagger.novelty.flag_of`).
    """

    trace: TaggedTrace
    answer_step: int | None
    flags: list[str]


@dataclass
class TaggedBatch:
    """What became of a batch.

    Attributes:
        steps: Number of steps of each trace.
        lines: JSON line of each trace, if wanted.
        items: Part of the page of each, if wanted.
        shown: Those that are wanted as they are, each with its answer step.
        tally: The steps by type, if wanted.
        flags: How many steps have each flag (`tagger.novelty.flag_of`), if types are shown.
        brought: Traces that brought their steps, of which nobody has said how they were cut.
        long: Steps of more than `tagger.novelty.LONG_STEP` characters.
        uncalibrated: A sentence about each segmenter that rows name and that the tagger is not
            calibrated for.
    """

    steps: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    shown: list[ShownTrace] = field(default_factory=list)
    tally: TypeTally | None = None
    flags: Counter[str] = field(default_factory=Counter)
    brought: int = 0
    long: int = 0
    uncalibrated: list[str] = field(default_factory=list)


class BatchTagger:
    """Does a job, batch by batch.

    Args:
        job: The job.

    Raises:
        UserError: Tagger, taxonomy, segmenter or tokenizer cannot be loaded or do not go together.
    """

    def __init__(self, job: TagJob) -> None:
        self._own, self.tagger = _load(job)
        self._known = self._own.extras.known_words
        self._by_unit = {unit_text(self.tagger.segmenter): self.tagger}
        self.job = replace(job, fingerprint=self.tagger.fingerprint)
        self._types = {name: i for i, name in enumerate(self.tagger.taxonomy.names)}
        self._starts = token_starts(job.tokenizer) if job.tokenizer else None

    def __call__(self, first: int, traces: Sequence[SourceTrace]) -> TaggedBatch:
        """Do a batch.

        Args:
            first: How many traces came before.
            traces: The traces.

        Raises:
            UserError: Types of another taxonomy are wanted of steps of which nobody has said how
                they were cut, or for which the tagger is not calibrated.
        """
        job = self.job
        done = TaggedBatch(tally=self._new_tally())
        if job.segmenter is None:
            done.brought = sum(map(_unknown_unit, traces))
            if done.brought and job.taxonomy is not None:
                refuse_unknown_unit(self.tagger, traces)
        taggers = [self._tagger_of(trace) for trace in traces]
        others = [tagger for tagger in dict.fromkeys(taggers) if tagger is not self.tagger]
        done.uncalibrated = [n for other in others if (n := calibration_note(other, by_rows=True))]
        found = zip(_tagged(traces, taggers), taggers, strict=True)
        for number, (trace, tagger) in enumerate(found, start=first):
            shown = job.shown is None or number < job.shown
            needed = job.lines or job.items or (shown and job.marked)
            answer_step = trace.answer_step() if needed else None
            flags = [flag_of(tagged, self._known) for tagged in trace.steps]
            done.flags.update(flags)
            done.steps.append(len(trace.steps))
            done.long += sum(len(tagged.step.text) > LONG_STEP for tagged in trace.steps)
            if job.lines:
                done.lines.append(self._line(trace, tagger, answer_step, flags))
            if job.items:
                done.items.append(self._item(trace, answer_step, flags))
            if shown:
                done.shown.append(ShownTrace(trace, answer_step, flags))
            if done.tally is not None:
                done.tally.add(trace.steps, self._tokens(trace))
        return done

    def _new_tally(self) -> TypeTally | None:
        from tagger.display.tally import TypeTally

        return TypeTally(self.tagger.taxonomy) if self.job.tally else None

    def _tagger_of(self, trace: SourceTrace) -> Tagger:
        """The tagger for the steps of a trace: its row may name what cut them.

        Raises:
            UserError: As `in_taxonomy`.
        """
        if self.job.segmenter is not None or trace.steps is None or not trace.segmenter:
            return self.tagger
        name = trace.segmenter
        if name not in self._by_unit:
            try:
                self._by_unit[name] = _for_unit(self._own, name, self.job.taxonomy)[1]
            except UserError as error:
                raise UserError(
                    f"Trace {trace.id} has steps of segmenter {name!r}. {error}"
                ) from error
        return self._by_unit[name]

    def _line(
        self, trace: TaggedTrace, tagger: Tagger, answer_step: int | None, flags: Sequence[str]
    ) -> str:
        from tagger.display.terminal import as_record
        from tagger.display.visible import json_line

        source = trace.source
        unknown = self.job.segmenter is None and _unknown_unit(source)
        unit = {
            "segmenter": None if unknown else unit_text(tagger.segmenter),
            "calibrated": None if unknown else tagger.calibrated,
        }
        record = as_record(
            source.id, trace.steps, tagger.taxonomy, tagger.fingerprint, answer_step, unit, flags,
            source.question,
        )  # fmt: skip
        return json_line(record)

    def _item(self, trace: TaggedTrace, answer_step: int | None, flags: Sequence[str]) -> str:
        from tagger.display.page.writer import page_item

        return page_item(trace.source, trace.steps, self._types, answer_step, flags)

    def _tokens(self, trace: TaggedTrace) -> list[int] | None:
        """Tokens of each step, if they are counted."""
        if self._starts is None:
            return None
        from tagger.display.tally import tokens_of_steps

        return tokens_of_steps(self._starts(trace.source.thinking), trace.steps)


def _unknown_unit(trace: SourceTrace) -> bool:
    """Whether a trace brought its steps and does not say what cut them."""
    return trace.steps is not None and not trace.segmenter


def _tagged(traces: Sequence[SourceTrace], taggers: Sequence[Tagger]) -> list[TaggedTrace]:
    """Tag each trace with its tagger, those of the same one together."""
    pairs = list(zip(traces, taggers, strict=True))
    done = {
        one: iter(tag_traces(one, [trace for trace, its in pairs if its is one]))
        for one in dict.fromkeys(taggers)
    }
    return [next(done[its]) for its in taggers]


def _load(job: TagJob) -> tuple[FrozenTagger, Tagger]:
    """The tagger of a job for its steps, with its own types and with those that are wanted."""
    from tagger.frozen import FrozenTagger

    own, tagger = _for_unit(FrozenTagger.load(job.tagger), job.segmenter, job.taxonomy)
    if job.fingerprint not in ("", tagger.fingerprint):
        raise UserError(f"The tagger in {job.tagger} was changed meanwhile; tag again.")
    return own, tagger


def _for_unit(
    tagger: FrozenTagger, segmenter: str | None, taxonomy: str | None
) -> tuple[FrozenTagger, Tagger]:
    """A tagger for steps of a segmenter, with its own types and with those of a taxonomy."""
    from tagger.segmentation.given import get_unit
    from tagger.units import for_segmenter, in_taxonomy

    if segmenter is not None:
        tagger = for_segmenter(tagger, get_unit(segmenter))
    return tagger, tagger if taxonomy is None else in_taxonomy(tagger, taxonomy)
