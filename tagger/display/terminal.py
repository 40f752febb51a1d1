"""Tagged traces for people (coloured terminal view, table of types) and for machines (records)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tagger.display.tally import TypeTally
from tagger.display.visible import visible
from tagger.steps import TaggedStep
from tagger.taxonomies.taxonomy import StepType, Taxonomy

LONGEST_SHOWN = 2000
"""Characters of a step or question that the terminal shows; machines and pages get all of them."""

_COLOURS = {
    "RESTATE": "bright_black", "CONTEXT": "bright_black", "RECALL": "cyan", "SUBSTITUTE": "blue",
    "TRANSFORM": "bright_blue", "CASE": "bright_cyan", "PATTERN": "magenta", "VERIFY": "yellow",
    "HEURISTIC": "bright_magenta", "ALTERNATIVE": "bright_red", "INTERPRET": "bright_green",
    "META": "red", "CONCLUDE": "green", "OTHER": "white",
}  # fmt: skip
_SPARE = ("blue", "yellow", "green", "magenta", "cyan", "red")
_BLOCK = "█"


def colour_of(taxonomy: Taxonomy, name: str) -> str:
    """Terminal colour of a type, the same in every view."""
    tag = taxonomy.get(name).tag
    return _COLOURS.get(tag, _SPARE[taxonomy.index(name) % len(_SPARE)])


def legend(taxonomy: Taxonomy) -> RenderableType:
    """All types in their colours: block, tag, name."""
    cells = [
        Text.assemble((f"{_BLOCK} ", colour_of(taxonomy, t.name)), (t.tag, "bold"), f" {_short(t)}")
        for t in taxonomy.types
    ]
    half = (len(cells) + 1) // 2
    table = Table.grid(padding=(0, 2))
    for _ in range(2):
        table.add_column(no_wrap=True, overflow="ellipsis")
    for left, right in zip(cells[:half], [*cells[half:], Text("")], strict=False):
        table.add_row(left, right)
    return table


def type_strip(steps: Sequence[TaggedStep], taxonomy: Taxonomy, width: int = 100) -> Text:
    """A trace in one line: a block a step in the colour of its type.

    Args:
        steps: Tagged steps, in order.
        taxonomy: Their taxonomy.
        width: Most blocks; where there are more steps, a block stands for several neighbours and
            has the type that is most frequent among them.

    Returns:
        At most `width` blocks.
    """
    strip = Text(no_wrap=True, overflow="crop")
    blocks = min(width, len(steps))
    for i in range(blocks):
        part = steps[i * len(steps) // blocks : (i + 1) * len(steps) // blocks]
        name = Counter(tagged.type for tagged in part).most_common(1)[0][0]
        strip.append(_BLOCK, style=colour_of(taxonomy, name))
    return strip


def strip_line(
    steps: Sequence[TaggedStep], taxonomy: Taxonomy, title: str, width: int = 100
) -> Text:
    """A line for an overview of many traces: name, number of steps, strip."""
    name = Text(_visible(title, 24).replace("\n", " ")[:24].ljust(24), style="bold")
    count = Text(f" {len(steps):>5} ", style="dim")
    line = Text.assemble(name, count, type_strip(steps, taxonomy, max(1, width - 31)))
    line.no_wrap, line.overflow = True, "crop"
    return line


def trace_view(
    steps: Sequence[TaggedStep],
    taxonomy: Taxonomy,
    title: str = "",
    question: str = "",
    answer_step: int = -1,
    flags: Sequence[str] = (),
) -> RenderableType:
    """A trace with every step in the colour of its type.

    Args:
        steps: Tagged steps, in order.
        taxonomy: Their taxonomy.
        title: Name of the trace, shown above if not empty.
        question: The problem text, shown above if not empty.
        answer_step: Index of the first step that states the right answer, which is marked; -1 for
            none.
        flags: What is to be said of each type (`tagger.novelty.flag_of`); nothing if left out.

    Returns:
        Something a rich console prints; the text of steps is never read as markup, control
        characters and those that turn the order of writing are shown as symbols, and very long
        steps are cut.
    """
    lines: list[RenderableType] = []
    if title:
        lines.append(Text(_visible(title), style="bold"))
    if question:
        lines.append(Padding(Text(_visible(question), style="italic"), (0, 0, 1, 0)))
    if not steps:
        return Group(*lines, Text("(no steps)", style="dim"))
    lines.append(Padding(type_strip(steps, taxonomy), (0, 0, 1, 0)))
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for number, tagged in enumerate(steps):
        colour = colour_of(taxonomy, tagged.type)
        text = Text(_visible(tagged.step.text), style=colour)
        if number == answer_step:
            text.append("  ◀ states the reference answer", style="bold reverse")
        if flags and flags[number]:
            text.append(f"  ⚠ {flags[number]}", style="bold")
        table.add_row(
            str(number + 1),
            Text(taxonomy.get(tagged.type).tag, style=f"bold {colour}"),
            f"{100 * tagged.confidence:.0f}%",
            text,
        )
    return Group(*lines, table)


def type_table(tally: TypeTally, taxonomy: Taxonomy) -> Table:
    """Table of the types that occur: steps, words and tokens, their shares, mean confidence.

    Args:
        tally: What was counted.
        taxonomy: The taxonomy it was counted in.

    Returns:
        A rich table, most frequent type first, totals below; tokens only if they were counted.
    """
    rows = sorted((row for row in tally.rows() if row.steps), key=lambda row: -row.steps)
    noun = "trace" if tally.traces == 1 else "traces"
    title = f"{tally.steps} steps in {tally.traces} {noun}"
    table = Table(title=title, show_footer=bool(rows), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    tokens = bool(rows) and rows[0].tokens is not None
    table.add_column("type", footer="all", no_wrap=True)
    if not tokens:  # there is no room for names in 80 columns
        table.add_column("")
    table.add_column("role", no_wrap=True, min_width=12)
    for unit in ("steps", "words", *(["tokens"] if tokens else [])):
        total = str(sum(getattr(row, unit) for row in rows))
        table.add_column(unit, justify="right", footer=total, min_width=max(len(total), len(unit)))
        table.add_column("%", justify="right", footer="100", min_width=5)
    table.add_column("sure", justify="right", min_width=4)
    for row in rows:
        cells = [str(row.steps), f"{100 * row.step_share:.1f}"]
        cells += [str(row.words), f"{100 * row.word_share:.1f}"]
        if tokens:
            cells += [str(row.tokens), f"{100 * (row.token_share or 0):.1f}"]
        colour = colour_of(taxonomy, row.name)
        name = (
            []
            if tokens
            else [Text(_short(taxonomy.get(row.name)), no_wrap=True, overflow="ellipsis")]
        )
        tag = Text.assemble((f"{_BLOCK} ", colour), (row.tag, f"bold {colour}"))
        table.add_row(tag, *name, row.role, *cells, f"{100 * row.confidence:.0f}%")
    table.columns[0].min_width = max((len(row.tag) + 2 for row in rows), default=3)
    return table


def as_record(
    trace_id: str,
    steps: Sequence[TaggedStep],
    taxonomy: Taxonomy,
    fingerprint: str,
    answer_step: int | None = None,
    unit: Mapping[str, Any] | None = None,
    flags: Sequence[str] = (),
    question: str = "",
) -> dict[str, Any]:
    """A tagged trace as one JSON-able object.

    Args:
        trace_id: Name of the trace.
        steps: Tagged steps, in order.
        taxonomy: Their taxonomy.
        fingerprint: Of the tagger that gave the types.
        answer_step: Index of the first step that states the right answer, -1 if none does; None
            if the right answer is unknown.
        unit: ``segmenter``, what cut the steps (`tagger.segmentation.given.unit_text`), and
            ``calibrated``, whether the tagger is calibrated for them; each None if that is not
            known.
        flags: What is to be said of each type (`tagger.novelty.flag_of`); nothing if left out.
        question: The problem text, empty if unknown. Taggers read it, so that a record without
            it could be typed otherwise when it is tagged again.

    Returns:
        ``{id, tagger, counts: {TAG: n}, steps: [{type, tag, confidence, start, end, text}]}``,
        ``counts`` over all types of the taxonomy, ``start`` and ``end`` in the thinking; and
        ``question`` unless it is unknown, ``answer_step`` unless the right answer is,
        ``segmenter`` and ``calibrated``, and ``flag`` in the steps that have one.
    """
    tags = {kind.name: kind.tag for kind in taxonomy.types}
    counts = dict.fromkeys(taxonomy.tags, 0)
    for tagged in steps:
        counts[tags[tagged.type]] += 1
    return {
        "id": trace_id,
        **({"question": question} if question else {}),
        "tagger": fingerprint,
        **(unit or {}),
        "counts": counts,
        **({} if answer_step is None else {"answer_step": answer_step}),
        "steps": [
            {
                "type": tagged.type,
                "tag": tags[tagged.type],
                "confidence": round(tagged.confidence, 4),
                "start": tagged.step.start,
                "end": tagged.step.end,
                "text": tagged.step.text,
                **({"flag": flag} if flag else {}),
            }
            for tagged, flag in zip(steps, flags or [""] * len(steps), strict=True)
        ],
    }


def _short(kind: StepType) -> str:
    """A name without its second half; empty if the tag says as much."""
    name = kind.name.split(" / ")[0]
    return "" if name.upper() == kind.tag.upper() else name


def _visible(text: str, longest: int = LONGEST_SHOWN) -> str:
    """Text that can do nothing to a terminal: cut if very long, control characters as symbols."""
    more = len(text) - longest
    if more > longest // 10:
        text = f"{text[:longest]} … [{more:,} more characters]"
    return visible(text)
