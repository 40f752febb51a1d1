"""Tagged traces for people (coloured terminal view, table of types) and for machines (records)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tagger.steps import TaggedStep
from tagger.taxonomy import Taxonomy

_COLOURS = {
    "RESTATE": "bright_black", "CONTEXT": "bright_black", "RECALL": "cyan", "SUBSTITUTE": "blue",
    "TRANSFORM": "bright_blue", "CASE": "bright_cyan", "PATTERN": "magenta", "VERIFY": "yellow",
    "HEURISTIC": "bright_magenta", "ALTERNATIVE": "bright_red", "INTERPRET": "bright_green",
    "META": "red", "CONCLUDE": "green", "OTHER": "white",
}  # fmt: skip
_SPARE = ("blue", "yellow", "green", "magenta", "cyan", "red")


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How much of some traces one type takes.

    Attributes:
        name: Full name of the type.
        tag: Its short code.
        role: Its role.
        steps: Number of steps.
        step_share: Of all steps, in [0, 1].
        character_share: Of the characters of all steps, in [0, 1].
        confidence: Mean confidence of the steps; 0 if there are none.
    """

    name: str
    tag: str
    role: str
    steps: int
    step_share: float
    character_share: float
    confidence: float


def colour_of(taxonomy: Taxonomy, name: str) -> str:
    """Terminal colour of a type, the same in every view."""
    tag = taxonomy.get(name).tag
    return _COLOURS.get(tag, _SPARE[taxonomy.index(name) % len(_SPARE)])


def count_types(traces: Sequence[Sequence[TaggedStep]], taxonomy: Taxonomy) -> list[TypeCount]:
    """Count steps and characters by type.

    Args:
        traces: Tagged steps of each trace.
        taxonomy: Their taxonomy.

    Returns:
        One row a type in the taxonomy's order, types that do not occur included.
    """
    by_type: dict[str, list[TaggedStep]] = {name: [] for name in taxonomy.names}
    for trace in traces:
        for tagged in trace:
            by_type[tagged.type].append(tagged)
    steps = max(1, sum(map(len, by_type.values())))
    characters = max(1, sum(len(t.step.text) for found in by_type.values() for t in found))
    return [
        TypeCount(
            name=kind.name,
            tag=kind.tag,
            role=kind.role,
            steps=len(found),
            step_share=len(found) / steps,
            character_share=sum(len(t.step.text) for t in found) / characters,
            confidence=sum(t.confidence for t in found) / max(1, len(found)),
        )
        for kind, found in ((kind, by_type[kind.name]) for kind in taxonomy.types)
    ]


def trace_view(
    steps: Sequence[TaggedStep], taxonomy: Taxonomy, title: str = "", question: str = ""
) -> RenderableType:
    """A trace with every step in the colour of its type.

    Args:
        steps: Tagged steps, in order.
        taxonomy: Their taxonomy.
        title: Name of the trace, shown above if not empty.
        question: The problem text, shown above if not empty.

    Returns:
        Something a rich console prints; the text of steps is never read as markup.
    """
    lines: list[RenderableType] = []
    if title:
        lines.append(Text(title, style="bold"))
    if question:
        lines.append(Padding(Text(question, style="italic"), (0, 0, 1, 0)))
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for number, tagged in enumerate(steps, start=1):
        colour = colour_of(taxonomy, tagged.type)
        table.add_row(
            str(number),
            Text(taxonomy.get(tagged.type).tag, style=f"bold {colour}"),
            f"{100 * tagged.confidence:.0f}%",
            Text(tagged.step.text, style=colour),
        )
    return Group(*lines, table if steps else Text("(no steps)", style="dim"))


def type_table(traces: Sequence[Sequence[TaggedStep]], taxonomy: Taxonomy) -> Table:
    """Table of the types that occur: steps, share of steps and of characters, confidence.

    Args:
        traces: Tagged steps of each trace.
        taxonomy: Their taxonomy.

    Returns:
        A rich table, most frequent type first, totals below.
    """
    rows = [row for row in count_types(traces, taxonomy) if row.steps]
    rows.sort(key=lambda row: -row.steps)
    total = sum(row.steps for row in rows)
    noun = "trace" if len(traces) == 1 else "traces"
    table = Table(title=f"{total} steps in {len(traces)} {noun}", show_footer=bool(rows))
    table.add_column("type", footer="all")
    table.add_column("role", footer="")
    table.add_column("steps", justify="right", footer=str(total))
    table.add_column("of steps", justify="right", footer="100%")
    table.add_column("of characters", justify="right", footer="100%")
    table.add_column("confidence", justify="right", footer="")
    for row in rows:
        table.add_row(
            Text(row.name, style=colour_of(taxonomy, row.name)),
            row.role,
            str(row.steps),
            f"{100 * row.step_share:.1f}%",
            f"{100 * row.character_share:.1f}%",
            f"{row.confidence:.2f}",
        )
    return table


def as_record(
    trace_id: str, steps: Sequence[TaggedStep], taxonomy: Taxonomy, fingerprint: str
) -> dict[str, Any]:
    """A tagged trace as one JSON-able object.

    Args:
        trace_id: Name of the trace.
        steps: Tagged steps, in order.
        taxonomy: Their taxonomy.
        fingerprint: Of the tagger that gave the types.

    Returns:
        ``{id, tagger, counts: {TAG: n}, steps: [{type, tag, confidence, start, end, text}]}``,
        ``counts`` over all types of the taxonomy, ``start`` and ``end`` in the thinking.
    """
    return {
        "id": trace_id,
        "tagger": fingerprint,
        "counts": {row.tag: row.steps for row in count_types([steps], taxonomy)},
        "steps": [
            {
                "type": tagged.type,
                "tag": taxonomy.get(tagged.type).tag,
                "confidence": round(tagged.confidence, 4),
                "start": tagged.step.start,
                "end": tagged.step.end,
                "text": tagged.step.text,
            }
            for tagged in steps
        ],
    }
