"""From a raw log to labels: what is settled, what it cost, the rows of the label file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tagger.annotation.cost import Ledger, tokens_of
from tagger.annotation.plan import Job, Task
from tagger.annotation.raw_log import json_line
from tagger.annotation.schema import BadAnswer, Labels, parse_labels, read_completion


@dataclass(frozen=True)
class Attempt:
    """One answer to a task.

    Attributes:
        content: The model's text.
        heard: Its beginning on one line, or that of a body that is no completion; for messages.
        labels: What it says; None if it cannot be used.
        fault: Why not.
    """

    content: str
    heard: str
    labels: Labels | None
    fault: str = ""


@dataclass(frozen=True)
class Tally:
    """What became of the steps.

    Attributes:
        labelled: Steps with a label.
        nonsense: Steps whose answers could not be used at any try.
        open: Steps not yet answered for.
        traces: Traces with at least one label.
        types: Labelled steps by tag, in the order of the taxonomy.
    """

    labelled: int
    nonsense: int
    open: int
    traces: int
    types: dict[str, int]


def read_attempt(body: str, task: Task, job: Job) -> Attempt:
    """Judge one answer."""
    completion = read_completion(body)
    heard = " ".join((completion.content or body)[:200].split())[:80]
    try:
        labels = parse_labels(
            completion.content, job.taxonomy, task.window.asked, completion.finish_reason
        )
    except BadAnswer as fault:
        return Attempt(completion.content, heard, None, str(fault))
    return Attempt(completion.content, heard, labels)


def attempts_of(rows: Iterable[dict[str, Any]], job: Job) -> dict[str, list[Attempt]]:
    """All answers of a raw log, by the key of their task; answers to other requests left out."""
    tasks = {task.key: task for task in job.tasks}
    found: dict[str, list[Attempt]] = {key: [] for key in tasks}
    for row in rows:
        if row.get("kind") == "answer" and row.get("key") in tasks:
            key = row["key"]
            found[key].append(read_attempt(str(row.get("body", "")), tasks[key], job))
    return found


def labels_of(attempts: Sequence[Attempt]) -> Labels | None:
    """The labels of the first answer that can be used; None if there is none."""
    return next((a.labels for a in attempts if a.labels is not None), None)


def is_settled(attempts: Sequence[Attempt], tries: int) -> bool:
    """Whether a task needs no more asking: it has labels, or has used up its tries."""
    return labels_of(attempts) is not None or len(attempts) >= tries


def tokens_taken(body: str, prompt_tokens: int) -> tuple[int, int]:
    """Tokens of one answer: as the endpoint counted them, estimated where it did not.

    Returns:
        Prompt and answer tokens.
    """
    completion = read_completion(body)
    prompt, answer = completion.prompt_tokens, completion.answer_tokens
    return (
        prompt_tokens if prompt is None else prompt,
        tokens_of(completion.content) if answer is None else answer,
    )


def ledger_of(rows: Iterable[dict[str, Any]], job: Job) -> Ledger:
    """What a raw log says was spent; every row of it counts, whoever asked."""
    ledger = Ledger(job.settings)
    for row in rows:
        if row.get("kind") in ("answer", "failure"):
            prompt, answer, estimated = (
                int(row.get(name, 0)) for name in ("prompt_tokens", "answer_tokens", "estimated")
            )
            ledger.book(prompt, answer, estimated if prompt else 0)
    return ledger


def tally_of(job: Job, attempts: dict[str, list[Attempt]]) -> Tally:
    """Count the steps by what became of them."""
    labelled = nonsense = waiting = 0
    traces = set()
    types = dict.fromkeys(job.taxonomy.tags, 0)
    for task in job.tasks:
        steps = len(task.window.asked)
        labels = labels_of(attempts[task.key])
        if labels is not None:
            labelled += steps
            traces.add(task.trace)
            for tag in labels.tags.values():
                types[tag] += 1
        elif is_settled(attempts[task.key], job.settings.answer_tries):
            nonsense += steps
        else:
            waiting += steps
    return Tally(labelled, nonsense, waiting, len(traces), types)


def label_file(job: Job, attempts: dict[str, list[Attempt]]) -> bytes:
    """The content of the label file: a row for each trace with at least one label."""
    tags: dict[int, dict[int, str]] = {}
    alternatives: dict[int, dict[int, str]] = {}
    for task in job.tasks:
        labels = labels_of(attempts[task.key])
        if labels is not None:
            tags.setdefault(task.trace, {}).update(labels.tags)
            alternatives.setdefault(task.trace, {}).update(labels.alternatives)
    lines = []
    for number, found in sorted(tags.items()):
        trace = job.traces[number]
        row = {
            "id": trace.id,
            "question": trace.question,
            "steps": list(trace.steps),
            "labels": {str(i): tag for i, tag in sorted(found.items())},
            "alternatives": {str(i): tag for i, tag in sorted(alternatives[number].items())},
            **trace.about,
            "source": job.source,
            "taxonomy": job.taxonomy.name,
            "guide": job.guide.sha256,
        }
        lines.append(json_line(row))
    return b"".join(lines)
