"""``suffice tagger agree``: how well two label files, or a file and its second pass, agree."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from launch.command import Command
from tagger.display.visible import json_line, visible
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.evaluation.agreement import Agreement, Pair, Pairs
    from tagger.evaluation.bootstrap import Estimate
    from tagger.taxonomies.taxonomy import Taxonomy

_LISTED = 10
_TEXT = 300  # characters of a step shown


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "first",
        metavar="A",
        help='label file, JSONL, plain or .gz: {"id": …, "steps": […], "labels": {"0": "VERIFY"}}',
    )
    parser.add_argument(
        "second",
        metavar="B",
        nargs="?",
        help='label file of the same traces (default: the "second_pass" labels in A)',
    )
    parser.add_argument(
        "--taxonomy",
        metavar="NAME_OR_YAML",
        default="reasontype",
        help="types of the labels: a packaged name or a YAML file (default: reasontype)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument(
        "--list",
        type=int,
        metavar="N",
        help=f"disagreements to list (default: {_LISTED}; all of them with --json)",
    )


def run(args: argparse.Namespace) -> None:
    """Match, measure and print."""
    from tagger.evaluation.agreement import agreement, disagreements, pair_files, pair_second_pass
    from tagger.evaluation.label_space import verification_of
    from tagger.taxonomies.files import load_type_map
    from tagger.traces.labelled import read_labelled

    if args.list is not None and args.list < 0:
        raise UserError(f"--list is {args.list}; it must be 0 or more.")
    type_map = load_type_map(args.taxonomy)
    taxonomy = type_map.taxonomy
    traces = list(read_labelled(args.first, taxonomy))
    if args.second is None:
        matched = pair_second_pass(traces)
    else:
        matched = pair_files(traces, list(read_labelled(args.second, taxonomy)))
    checks = verification_of(taxonomy, type_map.to_reasontype)
    found = agreement(matched.pairs, taxonomy, checks)
    apart = disagreements(matched.pairs)
    if args.json:
        listed = apart if args.list is None else apart[: args.list]
        print(json_line(_record(found, matched, listed, taxonomy)))
    else:
        count = _LISTED if args.list is None else args.list
        _show(found, matched, apart[:count], len(apart), taxonomy)


def _record(
    found: Agreement, matched: Pairs, listed: list[Pair], taxonomy: Taxonomy
) -> dict[str, Any]:
    record = found.as_dict()
    record["confusion"] = {"types": taxonomy.tags, "counts": found.confusion}
    record["unmatched"] = {"first": matched.only_first, "second": matched.only_second}
    record["disagreements"] = [
        {
            "trace": pair.trace,
            "step": pair.step,
            "first": taxonomy.get(pair.first).tag,
            "second": taxonomy.get(pair.second).tag,
            "text": pair.text,
        }
        for pair in listed
    ]
    return record


def _show(
    found: Agreement, matched: Pairs, listed: list[Pair], apart: int, taxonomy: Taxonomy
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console()
    title = f"{found.steps} steps of {found.traces} traces, labelled twice"
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 0, 0, 1))
    for head in ("", "accuracy", "kappa", "F1", "A", "B"):
        table.add_column(head, justify="left" if not head else "right", no_wrap=True)
    table.add_row("all types", _with(found.accuracy), _with(found.kappa))
    table.add_row("roles", "", _with(found.roles))
    if found.verification is not None:
        v = found.verification
        table.add_row(
            "verification", _with(v.accuracy), _with(v.kappa), _with(v.f1), end_section=True
        )
    for name, t in found.types.items():
        counts = (str(n) for n in (t.first, t.second))
        table.add_row(taxonomy.get(name).tag, "", _with(t.kappa), _with(t.f1), *counts)
    alone = matched.only_first, matched.only_second
    table.caption = (
        "95 % intervals by bootstrap over traces; A, B: steps of the type in each\n"
        f"steps labelled only once: {alone[0]} in A, {alone[1]} in B"
    )
    console.print(table)
    _show_confusion(console, found, taxonomy)
    if listed:
        console.print(f"\n{len(listed)} of {apart} disagreements:")
    for pair in listed:
        text = visible(" ".join(pair.text.split()))
        console.print(
            f"\n[bold]{taxonomy.get(pair.first).tag} / {taxonomy.get(pair.second).tag}[/bold]  "
            f"trace {_plain(pair.trace)}, step {pair.step}",
            highlight=False,
        )
        shown = text if len(text) <= _TEXT else text[:_TEXT] + "…"
        console.print(shown, markup=False, highlight=False)


def _show_confusion(console: Any, found: Agreement, taxonomy: Taxonomy) -> None:
    """Columns bear the numbers of the rows, so that 14 types fit a terminal of 80 columns."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    used = [i for i, name in enumerate(taxonomy.names) if name in found.types]
    title = "steps by type in A (rows) and in B (columns)"
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 0, 0, 1))
    table.add_column("")
    for number in range(1, len(used) + 1):
        table.add_column(str(number), justify="right")
    for number, i in enumerate(used, start=1):
        cells = (str(found.confusion[i][j] or "·") for j in used)
        table.add_row(f"{number:>2} {taxonomy.tags[i]}", *cells)
    console.print(table)


def _with(value: Estimate) -> str:
    if value.mean is None:
        return "–"
    if value.low is None:
        return f"{value.mean:.3f}"
    return f"{value.mean:.3f} {value.low:.2f}–{value.high:.2f}"


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(visible(text))


COMMAND = Command(
    name="tagger agree",
    summary="agreement of two label files, or of a file and its second pass",
    example="suffice tagger agree mine.jsonl yours.jsonl --list 20",
    configure=configure,
    run=run,
)
