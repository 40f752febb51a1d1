"""Reading traces, labelled and unlabelled; a malformed row is reported with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagger.errors import UserError
from tagger.steps import Step, steps_from_texts
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy
from tagger.traces.jsonl import read_rows, text_of
from tagger.traces.rows import THINKING_FIELDS, traces_of_row

__all__ = [
    "LabelledTrace",
    "Trace",
    "read_labelled",
    "read_rows",
    "read_traces",
]


_LABELS = ("labels", "alternatives", "second_pass")


@dataclass(frozen=True)
class LabelledTrace:
    """A trace some or all of whose steps carry a type.

    Attributes:
        id: Its name.
        question: The problem text, empty if unknown.
        steps: Texts of all steps, in order.
        labels: Full name of the type, by index of the step.
        about: All other fields of the row (dataset, model, ...).
        alternatives: Full name of a second type the annotator found plausible, by index.
        second_pass: Full name of the type an independent second pass gave, by index.
    """

    id: str
    question: str
    steps: tuple[str, ...]
    labels: dict[int, str]
    about: dict[str, Any] = field(default_factory=dict)
    alternatives: dict[int, str] = field(default_factory=dict)
    second_pass: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trace:
    """An unlabelled trace to be tagged.

    Attributes:
        id: Its name; the line number if the row gives none.
        question: The problem text, empty if unknown.
        thinking: The thinking text.
        steps: Its steps where the row brought them, else None: cut it with a segmenter.
    """

    id: str
    question: str
    thinking: str
    steps: tuple[Step, ...] | None


def read_labelled(path: str | Path, taxonomy: Taxonomy = REASONTYPE) -> Iterator[LabelledTrace]:
    """Read labelled traces: rows with ``steps`` (texts) and ``labels`` ({index: type}).

    A row may also have ``id``, ``question``, ``alternatives`` and ``second_pass`` ({index: type},
    as ``labels``); all its other fields are kept in `LabelledTrace.about`.

    Args:
        path: As for `tagger.traces.jsonl.read_rows`.
        taxonomy: Types that labels may name, by tag, full name or alias.

    Yields:
        The traces, in the order of the file.

    Raises:
        UserError: A malformed row, an id that stands twice, an empty step, a label of a step that
            is not there, or a type that the taxonomy does not know.
    """
    types = _Types(taxonomy)
    seen: dict[str, str] = {}
    for where, row in read_rows(path):
        trace_id = where if row.get("id") is None else str(row["id"])
        if trace_id in seen:
            raise UserError(
                f"{where}: the id {trace_id!r} stands in {seen[trace_id]} already; "
                "give every trace an id of its own."
            )
        seen[trace_id] = where.rpartition(", ")[2]
        steps = _step_texts(row, where)
        labels, alternatives, second = (
            _labels(row, key, len(steps), types, where) for key in _LABELS
        )
        about = {k: v for k, v in row.items() if k not in ("id", "question", "steps", *_LABELS)}
        question = text_of(row, "question", where)
        yield LabelledTrace(trace_id, question, steps, labels, about, alternatives, second)


def read_traces(path: str | Path) -> Iterator[Trace]:
    """Read traces to be tagged: rows that `tagger.traces.rows.traces_of_row` reads.

    Args:
        path: As for `tagger.traces.jsonl.read_rows`.

    Yields:
        The traces, in the order of the file.

    Raises:
        UserError: A malformed row, or one without any thinking.
    """
    for number, (where, row) in enumerate(read_rows(path), start=1):
        name = str(number if row.get("id") is None else row["id"])
        question = text_of(row, "question", where)
        if isinstance(row.get("steps"), list) and all(isinstance(s, str) for s in row["steps"]):
            thinking, steps = steps_from_texts(_step_texts(row, where))
            yield Trace(name, question, thinking, steps)
            continue
        made = traces_of_row(row, where, name)
        for trace in made:
            yield Trace(trace.id, trace.question, trace.thinking, trace.steps)
        if not made and any(isinstance(row.get(field), str) for field in THINKING_FIELDS):
            yield Trace(name, question, "", None)
        elif not made:
            fields = ", ".join(f'"{field}"' for field in THINKING_FIELDS)
            raise UserError(f"{where}: has no thinking in {fields}; add one of them.")


class _Types:
    """Looks labels up; remembers which the file has shown, to tell a mix from another taxonomy."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self._names: dict[str, str] = dict(taxonomy.aliases)
        for step_type in taxonomy.types:
            self._names |= {step_type.tag: step_type.name, step_type.name: step_type.name}
        self._seen: set[str] = set()

    def name(self, label: Any, where: str) -> str:
        """Full name of a label."""
        if not isinstance(label, str):
            raise UserError(
                f"{where}: the label must be a type as text, not {label!r}; "
                "leave a step that has none out."
            )
        name = self._names.get(label)
        if name is None:
            raise self._unknown(label, where)
        self._seen.add(label)
        return name

    def _unknown(self, label: str, where: str) -> UserError:
        others = {n: known for n, known in _vocabularies().items() if label in known}
        miswritten = label.casefold() in {known.casefold() for known in self._names}
        if miswritten or not others:
            try:
                self.taxonomy.get(label)
            except UserError as error:
                return UserError(f"{where}: {error}")
        known = f"{label!r} is a type of {' and '.join(others)}, not of {self.taxonomy.name}"
        fitting = [name for name, words in others.items() if self._seen <= words]
        if fitting:
            return UserError(
                f"{where}: {known}; say so where a command asks for the taxonomy, with --taxonomy "
                f"{fitting[0]}, in suffice tagger train with --extra FILE:{fitting[0]}."
            )
        return UserError(f"{where}: {known} like the labels before it; keep one taxonomy a file.")


def _vocabularies() -> dict[str, set[str]]:
    """All spellings of every packaged taxonomy, by its name."""
    from tagger.taxonomies.files import load_taxonomy, taxonomy_names

    taxonomies = [load_taxonomy(name) for name in taxonomy_names()]
    return {t.name: {*t.tags, *t.names, *t.aliases} for t in taxonomies}


def _labels(
    row: Mapping[str, Any], key: str, steps: int, types: _Types, where: str
) -> dict[int, str]:
    """One of the three ``{index: type}`` fields; only ``labels`` must be there."""
    labels = row.get(key, None if key == "labels" else {})
    if not isinstance(labels, dict):
        raise UserError(f'{where}: "{key}" must be an object such as {{"0": "VERIFY"}}.')
    named: dict[int, str] = {}
    for index, label in labels.items():
        if not index.isdecimal() or int(index) >= steps:
            raise UserError(
                f"{where}: label index {index!r} names none of the {steps} steps; count from 0."
            )
        if int(index) in named:
            raise UserError(f'{where}: "{key}" names step {int(index)} twice; keep one of them.')
        named[int(index)] = types.name(label, f"{where}, step {index}")
    return named


def _step_texts(row: Mapping[str, Any], where: str) -> tuple[str, ...]:
    if "steps" not in row:
        has = f"has {', '.join(row)}" if row else "is empty"
        raise UserError(f'{where}: "steps", the list of the step texts, is missing; the row {has}.')
    steps = row["steps"]
    if not isinstance(steps, list) or not all(isinstance(s, str) for s in steps):
        raise UserError(f'{where}: "steps" must be a list of strings.')
    for index, step in enumerate(steps):
        if not step.strip():
            raise UserError(
                f"{where}: step {index} is empty or white space; drop it and count the labels anew."
            )
    return tuple(steps)
