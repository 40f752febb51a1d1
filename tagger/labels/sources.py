"""Label files of other projects: one span of text a row, read trace by trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagger.errors import UserError, unknown_name
from tagger.taxonomies.files import load_taxonomy
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.jsonl import read_rows, text_of

_UNLABELLED = ("", "unknown", "none", "prompt")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a trace as its annotator cut it.

    Attributes:
        text: Its characters.
        label: Full name of its type; None where the annotator gave none.
        edges: Relations that end in it (ReasoningFlow).
    """

    text: str
    label: str | None
    edges: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SpanTrace:
    """All spans of a trace, in order.

    Attributes:
        id: Its name.
        question: The problem text, empty if unknown.
        spans: The spans.
        about: Model, dataset and what else the rows say of the trace.
    """

    id: str
    question: str
    spans: tuple[Span, ...]
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The spans, one after the other."""
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True)
class LabelSource:
    """How rows of one origin are to be read.

    Attributes:
        name: What ``--format`` calls it.
        taxonomy: Name or YAML file of the types its labels mean.
        key: Field that holds the label, or a list whose first entry is the label.
        whole: Spans joined give the text as it was, white space and delimiters included.
        repeated: The same response was annotated several times.
        skip: Field that marks rows outside the thinking; empty if there is none.
    """

    name: str
    taxonomy: str
    key: str = "label"
    whole: bool = False
    repeated: bool = False
    skip: str = ""


SOURCES: dict[str, LabelSource] = {
    source.name: source
    for source in (
        LabelSource("thought-anchors", "thought-anchors", key="labels"),
        LabelSource("thought-anchors-claude", "venhoff-extended", skip="after_think"),
        LabelSource("venhoff", "venhoff", repeated=True),
        LabelSource("reasoningflow", "reasoningflow", whole=True),
    )
}
"""Known origins; ``spans`` is any other file of the same shape."""

SPANS = "spans"


def label_source(name: str, taxonomy: str | None = None, key: str | None = None) -> LabelSource:
    """Find how to read a format.

    Args:
        name: A name of `SOURCES`, or ``spans`` for any file with one span a row.
        taxonomy: Wins over the source's own; needed for ``spans``.
        key: Field of the label; wins over the source's own.

    Returns:
        The source.

    Raises:
        UserError: An unknown name, or ``spans`` without a taxonomy.
    """
    if name == SPANS:
        if taxonomy is None:
            raise UserError("Format 'spans' needs the types of the labels; name --taxonomy too.")
        return LabelSource(SPANS, taxonomy, key or "label")
    if name not in SOURCES:
        raise unknown_name("label format", name, (*SOURCES, SPANS))
    known = SOURCES[name]
    return LabelSource(
        name, taxonomy or known.taxonomy, key or known.key, known.whole, known.repeated, known.skip
    )


def read_spans(path: str | Path, source: LabelSource) -> list[SpanTrace]:
    """Read all traces of a file with one span a row.

    A row has ``trace``, ``i`` (its place), ``text`` and the source's label field; it may have
    ``question``, ``qid``, ``model``, ``domain`` and ``in_edges``.

    Args:
        path: As for `tagger.traces.jsonl.read_rows`.
        source: How to read it.

    Returns:
        The traces, in the order of their first rows.

    Raises:
        UserError: A malformed row, a label its taxonomy does not know, a place taken twice, or no
            row at all.
    """
    taxonomy = load_taxonomy(source.taxonomy)
    spans: dict[str, dict[int, Span]] = {}
    firsts: dict[str, dict[str, Any]] = {}
    for where, row in read_rows(path):
        for key in ("trace", "i", "text", source.key):
            if key not in row:
                raise UserError(
                    f'{where}: a row of format {source.name!r} needs "{key}"; '
                    "choose the format that fits the file with --format."
                )
        if source.skip and row.get(source.skip):
            continue
        trace, place = text_of(row, "trace", where), row["i"]
        if type(place) is not int:
            raise UserError(f'{where}: "i" must be the place of the span in its trace, a number.')
        if place in spans.setdefault(trace, {}):
            raise UserError(f"{where}: place {place} of trace {trace!r} is taken already.")
        label = _label(row[source.key], taxonomy, where)
        edges = row.get("in_edges") or ()
        spans[trace][place] = Span(text_of(row, "text", where), label, frozenset(edges))
        firsts.setdefault(trace, row)
    if not spans:
        raise UserError(f"{path} holds no rows; give a file with one span a row.")
    return [_trace(name, found, firsts[name], source) for name, found in spans.items()]


def _label(value: Any, taxonomy: Taxonomy, where: str) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None or str(value).strip().lower() in _UNLABELLED:
        return None
    try:
        return taxonomy.get(str(value)).name
    except UserError as error:
        raise UserError(f"{where}: {error}") from error


def _trace(
    name: str, spans: Mapping[int, Span], row: Mapping[str, Any], source: LabelSource
) -> SpanTrace:
    model = row.get("model", "")
    qid = row.get("qid") or (name.removesuffix(f"_{model}") if model else "")
    about = {
        "model": model,
        "dataset": row.get("dataset") or row.get("domain") or "",
        "source": source.name,
    }
    if qid and qid != name:
        about["qid"] = qid
    kept = tuple(spans[place] for place in sorted(spans))
    return SpanTrace(name, str(row.get("question", "")), kept, about)
