"""From traces to the requests of a run. Pure but for reading the traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagger.annotation.cost import prompt_tokens_of
from tagger.annotation.prompt import Guide, Message, Window, key_of, messages_for, windows
from tagger.annotation.settings import AnnotateSettings
from tagger.errors import UserError
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import read_rows, read_traces
from tagger.traces.opener import piped

_CARRIED = ("dataset", "model", "reference")
"""Fields of a trace that its label row keeps."""


@dataclass(frozen=True)
class TraceToLabel:
    """A trace, cut into steps.

    Attributes:
        id: Its name; unique in a run.
        question: The problem text, empty if unknown.
        steps: Texts of all steps.
        asked: Indices of the steps to label.
        about: What the label row keeps of the trace's row.
    """

    id: str
    question: str
    steps: tuple[str, ...]
    asked: tuple[int, ...]
    about: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """One request: some steps of one trace.

    Attributes:
        key: What the raw log knows it by.
        trace: Position of its trace among the traces.
        window: What it asks about.
        prompt_tokens: Estimated.
    """

    key: str
    trace: int
    window: Window
    prompt_tokens: int


@dataclass(frozen=True)
class Job:
    """All that decides what a run asks.

    Attributes:
        settings: The settings.
        taxonomy: Types to label with.
        guide: What the model reads.
        traces: The traces.
        tasks: The requests, in the order of the traces.
    """

    settings: AnnotateSettings
    taxonomy: Taxonomy
    guide: Guide
    traces: tuple[TraceToLabel, ...]
    tasks: tuple[Task, ...]

    @property
    def source(self) -> str:
        """What label rows give as their source."""
        return f"annotate:{self.settings.model}"

    @property
    def identity(self) -> dict[str, Any]:
        """What has to be the same in all runs on one raw log."""
        s = self.settings
        return {
            "model": s.model,
            "taxonomy": self.taxonomy.name,
            "guide": self.guide.sha256,
            "segmenter": s.segmenter,
            "context": s.context,
            "steps": s.steps,
            "step_chars": s.step_chars,
        }

    def messages(self, window: Window) -> list[Message]:
        """The messages that ask about a window."""
        return messages_for(window, self.guide, self.taxonomy, self.settings.step_chars)


def read_traces_to_label(
    path: Path, segmenter: Segmenter, limit: int | None = None, only_labelled: bool = False
) -> list[TraceToLabel]:
    """Read traces and cut those that bring no steps.

    Args:
        path: JSONL, as `tagger.traces.labelled.read_traces` takes it; not standard
            input, which a resumed run could not read again.
        segmenter: Cuts them.
        limit: Most traces.
        only_labelled: Ask only about the steps that the row's ``labels`` name.

    Raises:
        UserError: As `read_traces`; or an id twice, or no trace at all.
    """
    if what := piped(path):
        raise UserError(
            "Traces to annotate must be a file, because a resumed run reads them again; "
            f"save {what} to one."
        )
    found: list[TraceToLabel] = []
    places: dict[str, str] = {}
    for trace, (where, row) in zip(read_traces(path), read_rows(path), strict=True):
        if limit is not None and len(found) >= limit:
            break
        if trace.id in places:
            raise UserError(
                f"{where}: the id {trace.id!r} is also that of {places[trace.id]}; "
                "give every trace its own."
            )
        places[trace.id] = where
        cut = trace.steps if trace.steps is not None else segmenter.split(trace.thinking)
        steps = tuple(step.text for step in cut)
        asked = _labelled(row, where, len(steps)) if only_labelled else range(len(steps))
        about = {k: row[k] for k in _CARRIED if isinstance(row.get(k), str)}
        found.append(TraceToLabel(trace.id, trace.question, steps, tuple(asked), about))
    if not found:
        raise UserError(f"{path} holds no traces; give one JSON object a line.")
    return found


def make_job(
    traces: Sequence[TraceToLabel], settings: AnnotateSettings, taxonomy: Taxonomy, guide: Guide
) -> Job:
    """Cut traces into requests.

    Raises:
        UserError: There is no step to ask about.
    """
    job = Job(settings, taxonomy, guide, tuple(traces), ())
    tasks: dict[str, Task] = {}
    for number, trace in enumerate(traces):
        for window in windows(
            trace.question, trace.steps, trace.asked, settings.context, settings.steps
        ):
            messages = job.messages(window)
            # The id keeps equal windows of two traces apart: each has its own answer.
            key = key_of(f"{settings.model}\n{trace.id}", messages)
            tasks[key] = Task(key, number, window, prompt_tokens_of(messages))
    if not tasks:
        raise UserError("The traces have no steps to label; their thinking is empty.")
    return Job(settings, taxonomy, guide, tuple(traces), tuple(tasks.values()))


def _labelled(row: dict[str, Any], where: str, steps: int) -> list[int]:
    labels = row.get("labels")
    if not isinstance(labels, dict):
        raise UserError(f'{where}: only_labelled=true needs "labels" in every row.')
    for key in labels:
        if not key.isdecimal() or int(key) >= steps:
            raise UserError(
                f"{where}: label index {key!r} names none of the {steps} steps; count from 0."
            )
    return sorted(int(key) for key in labels)
