"""``suffice tagger convert-labels``: label files of other projects as the kit's label rows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from launch.command import Command
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.labels.conversion import Converted


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help='JSONL, plain or .gz, one span a row: {"trace": …, "i": 0, "text": …, "label": …}',
    )
    parser.add_argument(
        "--format",
        required=True,
        metavar="NAME",
        help="thought-anchors, thought-anchors-claude, venhoff, reasoningflow, or spans for any "
        "other file of that shape (with --taxonomy)",
    )
    parser.add_argument(
        "--output", required=True, type=Path, metavar="NEWFILE", help="new JSONL file"
    )
    parser.add_argument(
        "--taxonomy",
        metavar="NAME_OR_YAML",
        help="types of the labels (default: the format's own)",
    )
    parser.add_argument(
        "--label", metavar="KEY", help="field that holds the label (default: the format's own)"
    )
    parser.add_argument(
        "--to-reasontype",
        action="store_true",
        help="map the labels to ReasonType; labels without a counterpart are left out",
    )
    parser.add_argument(
        "--segmenter",
        metavar="NAME",
        help="join the spans and cut them anew, e.g. paragraph; each step takes the label with "
        "most characters (reasoningflow)",
    )
    parser.add_argument(
        "--check-edges",
        action="store_true",
        help="call spans verification whose relations say so (reasoningflow, --to-reasontype)",
    )
    parser.add_argument(
        "--keep-duplicates",
        action="store_true",
        help="keep further annotations of the same response (venhoff)",
    )


def run(args: argparse.Namespace) -> None:
    """Read, convert, write, and say what came of it."""
    from rich.console import Console

    from tagger.files import check_new, new_file, write_rows
    from tagger.labels.conversion import Conversion, convert
    from tagger.labels.sources import label_source, read_spans
    from tagger.segmentation import get_segmenter

    check_new(args.output)
    if args.output.suffix == ".gz":
        raise UserError(f"{args.output}: rows are written as plain text; leave .gz off the name.")
    if args.segmenter:
        get_segmenter(args.segmenter)
    source = label_source(args.format, args.taxonomy, args.label)
    how = Conversion(args.segmenter, args.to_reasontype, args.check_edges, args.keep_duplicates)
    with Console(stderr=True).status("Reading and converting the spans."):
        found = convert(read_spans(args.file, source), source, how)
    with new_file(args.output) as lines:
        write_rows(lines, found.rows)
    _show(found)
    print(f"Wrote {args.output}.")


def _show(found: Converted) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    print(f"{len(found.rows)} traces, {found.steps} steps")
    if found.duplicates:
        print(f"{found.duplicates} further annotations of the same responses left out")
    table = Table("type", box=SIMPLE_HEAD)
    table.add_column("steps", justify="right")
    for tag, count in found.counts.items():
        table.add_row(tag, str(count))
    table.add_row("no label", str(found.unlabelled), style="dim")
    Console().print(table)


COMMAND = Command(
    name="tagger convert-labels",
    summary="turn label files of other projects into label rows",
    example="suffice tagger convert-labels spans.jsonl --format venhoff --output labels.jsonl",
    configure=configure,
    run=run,
)
