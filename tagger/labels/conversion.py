"""From spans under another taxonomy to the kit's label rows; pure functions."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tagger.errors import UserError
from tagger.labels.sources import LabelSource, Span, SpanTrace
from tagger.segmentation import get_segmenter
from tagger.taxonomies.files import load_type_map
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.thinking.find import find_thinking

SAME_RESPONSE = 0.6
"""Two annotations share a response if this share of the shorter one's word windows is in both."""

_WINDOW = 5  # words
_REACH = 12  # spans an announced check may last where no validation ends it
_CHECK = "check"  # stands for a label while spans are weighed


@dataclass(frozen=True)
class Conversion:
    """What to do with the spans.

    Attributes:
        segmenter: Cuts the joined spans anew and gives each step the label with most characters;
            None keeps the spans as steps.
        to_reasontype: Map the labels to ReasonType; labels without a counterpart are left out.
        check_edges: Call spans verification whose edges say so (ReasoningFlow).
        keep_duplicates: Keep further annotations of the same response.
    """

    segmenter: str | None = None
    to_reasontype: bool = False
    check_edges: bool = False
    keep_duplicates: bool = False


@dataclass(frozen=True)
class Converted:
    """What a conversion gives.

    Attributes:
        rows: The kit's label rows, one a trace.
        duplicates: Annotations left out because their response is there already.
        steps: Steps of all rows.
        unlabelled: Steps that bear no label: none was given, or it has no counterpart.
        counts: Labelled steps by tag.
    """

    rows: list[dict[str, Any]]
    duplicates: int
    steps: int
    unlabelled: int
    counts: dict[str, int]


def convert(traces: Sequence[SpanTrace], source: LabelSource, how: Conversion) -> Converted:
    """Convert traces of one source.

    Args:
        traces: From `tagger.labels.sources.read_spans`.
        source: Where they come from.
        how: What to do with them.

    Returns:
        The rows and their counts. A trace without a step is left out.

    Raises:
        UserError: A segmenter for spans that do not join to the text, or edges where there are
            none or no ReasonType label to give.
    """
    if how.segmenter and not source.whole:
        raise UserError(
            f"Spans of format {source.name!r} do not join to the text, so no segmenter can cut it "
            "anew; leave --segmenter out."
        )
    if how.check_edges and not (how.to_reasontype and source.whole):
        raise UserError(
            "--check-edges reads ReasoningFlow's relations and gives ReasonType labels; use it "
            "with --format reasoningflow --to-reasontype."
        )
    kept = list(traces)
    if source.repeated and not how.keep_duplicates:
        kept = without_duplicates(kept)
    type_map = load_type_map(source.taxonomy)
    taxonomy = REASONTYPE if how.to_reasontype else type_map.taxonomy
    tags: dict[str | None, str | None] = {None: None}
    for name in type_map.taxonomy.names:
        target = type_map.to_reasontype[name] if how.to_reasontype else name
        tags[name] = taxonomy.get(target).tag if target else None
    tags[_CHECK] = REASONTYPE.get("VERIFY").tag
    rows, steps, counts = [], 0, Counter[str]()
    for trace in kept:
        labelled = [(text, tags[label]) for text, label in steps_of(trace, source, how)]
        if not labelled:
            continue
        labels = {str(i): tag for i, (_, tag) in enumerate(labelled) if tag}
        steps += len(labelled)
        counts.update(labels.values())
        rows.append(
            {
                "id": trace.id,
                "question": trace.question,
                "steps": [text for text, _ in labelled],
                "labels": labels,
                **trace.about,
                "taxonomy": taxonomy.name,
            }
        )
    ordered = {tag: counts[tag] for tag in taxonomy.tags if counts[tag]}
    return Converted(rows, len(traces) - len(kept), steps, steps - counts.total(), ordered)


def steps_of(
    trace: SpanTrace, source: LabelSource, how: Conversion
) -> list[tuple[str, str | None]]:
    """Steps of a trace with the label each bears.

    Args:
        trace: The trace.
        source: Where it comes from; if its spans are whole, what stands outside the thinking
            delimiters is cut off.
        how: Whether to cut anew and to read edges.

    Returns:
        Texts without white space around them, none empty, and their labels.
    """
    spans = list(trace.spans)
    if how.check_edges:
        checks = spans_that_check(spans)
        spans = [
            replace(span, label=_CHECK) if check else span
            for span, check in zip(spans, checks, strict=True)
        ]
    if source.whole:
        spans = _inside_thinking(spans)
    if how.segmenter is None:
        return [(span.text.strip(), span.label) for span in spans if span.text.strip()]
    return list(_cut_anew(spans, how.segmenter))


def without_duplicates(traces: Sequence[SpanTrace]) -> list[SpanTrace]:
    """Leave out further annotations of a response.

    Annotators quote a response with small changes and gaps, so texts are compared by the windows
    of five words they share, within traces of one question. The longest annotation stays; of
    equally long ones the first.

    Args:
        traces: The annotations.

    Returns:
        Those that stay, in the same order.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for i, trace in enumerate(traces):
        groups[str(trace.about.get("qid") or " ".join(_words(trace)))].append(i)
    staying: set[int] = set()
    for members in groups.values():
        windows = {i: _windows(_words(traces[i])) for i in members}
        chosen: list[int] = []
        for i in sorted(members, key=lambda i: -len(windows[i])):
            mine = windows[i]
            if all(len(mine & windows[j]) < SAME_RESPONSE * len(mine) for j in chosen):
                chosen.append(i)
        staying.update(chosen)
    return [trace for i, trace in enumerate(traces) if i in staying]


def spans_that_check(spans: Sequence[Span]) -> list[bool]:
    """Which spans carry out or judge a check, by ReasoningFlow's edges.

    A span checks if it announces a check (``plan:verify``), supports or attacks an earlier span
    (``validate:*``; a conclusion does so whenever it repeats the answer and is left out), or
    approves or rejects one (``reflect:positive``, ``reflect:negative``); and so do the spans
    between an announcement and the validation or the next plan.

    Args:
        spans: All spans of a trace.

    Returns:
        One truth value a span.
    """
    found = []
    reach = 0
    for span in spans:
        validates = any(edge.startswith("validate:") for edge in span.edges)
        if "plan:verify" in span.edges:
            reach = _REACH
        elif span.label == "Planning":
            reach = 0
        judges = not span.edges.isdisjoint({"reflect:positive", "reflect:negative"})
        found.append(reach > 0 or judges or (validates and span.label != "Conclusion"))
        reach = 0 if validates else max(0, reach - 1)
    return found


def _inside_thinking(spans: Sequence[Span]) -> list[Span]:
    text = "".join(span.text for span in spans)
    thinking = find_thinking(text)
    if thinking is None:
        return list(spans)
    kept, at = [], 0
    for span in spans:
        begin, end = max(at, thinking.start), min(at + len(span.text), thinking.end)
        if begin < end:
            kept.append(replace(span, text=text[begin:end]))
        at += len(span.text)
    return kept


def _cut_anew(spans: Sequence[Span], segmenter: str) -> Iterator[tuple[str, str | None]]:
    """Each new step bears the label with most of its characters; of equal ones the first."""
    text = "".join(span.text for span in spans)
    edges = []
    at = 0
    for span in spans:
        edges.append((at, at + len(span.text), span.label))
        at += len(span.text)
    first = 0
    for step in get_segmenter(segmenter).split(text):
        weights: Counter[str | None] = Counter()
        while first < len(edges) and edges[first][1] <= step.start:
            first += 1
        for begin, end, label in edges[first:]:
            if begin >= step.end:
                break
            weights[label] += min(end, step.end) - max(begin, step.start)
        if step.text.strip():
            yield step.text.strip(), weights.most_common(1)[0][0]


def _words(trace: SpanTrace) -> list[str]:
    return re.findall(r"\w+", " ".join(span.text for span in trace.spans).lower())


def _windows(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + _WINDOW]) for i in range(max(1, len(words) - _WINDOW + 1))}
