"""``suffice tag``: types for the steps of existing traces, for people or for machines."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from launch.command import Command, add_config
from launch.settings import settings_of
from tagger.errors import UserError


@dataclass(frozen=True)
class TagSettings:
    """Settings of `suffice tag`.

    Attributes:
        tagger: Folder of the frozen tagger; None takes the packaged one.
        limit: Most traces to tag; None tags all.
        show: Most traces to print step by step; the table counts all of them.
    """

    tagger: str | None = None
    limit: int | None = None
    show: int = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "traces",
        metavar="FILE",
        help='JSONL, plain or .gz, or - for standard input: a row has "thinking", "completion", '
        '"text" or "steps", and may have "question" and "id"',
    )
    parser.add_argument(
        "--tagger", metavar="FOLDER", help="frozen tagger (default: the packaged one)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object a trace instead of the view"
    )
    parser.add_argument(
        "--output", type=Path, metavar="NEWFILE", help="write the JSON objects to this new file"
    )
    add_config(parser, None, "limit, show, tagger")


def run(args: argparse.Namespace) -> None:
    """Tag and print, trace by trace as they are read."""
    from tagger.data import read_traces
    from tagger.frozen import FrozenTagger
    from tagger.steps import TagContext

    settings = settings_of(TagSettings, args.config, args.overrides, tagger=args.tagger)
    for name, value in (("limit", settings.limit), ("show", settings.show)):
        if value is not None and value < 0:
            raise UserError(f"Setting {name!r} is {value}; it must be 0 or more.")
    if args.traces == "-" and sys.stdin.isatty():
        print("Reading traces from standard input; end with Ctrl-D.", file=sys.stderr)
    tagger = FrozenTagger.load(settings.tagger)

    from tagger.view import as_record, trace_view, type_table

    console = None
    if not args.json:
        from rich.console import Console

        console = Console()
    tagged_traces = []
    with _sink(args.output) as sink:
        for number, trace in enumerate(read_traces(args.traces)):
            if settings.limit is not None and number >= settings.limit:
                break
            steps = trace.steps
            if steps is None:
                tagged = tagger.tag_text(trace.thinking, trace.question)
            else:
                tagged = tagger.tag(steps, TagContext(trace.question))
            if args.json or sink is not None:
                record = as_record(trace.id, tagged, tagger.taxonomy, tagger.fingerprint)
                line = json.dumps(record, ensure_ascii=False)
                if args.json:
                    print(line)
                if sink is not None:
                    sink.write(line + "\n")
            if console is not None:
                tagged_traces.append(tagged)
                if number < settings.show:
                    console.print(trace_view(tagged, tagger.taxonomy, trace.id, trace.question))
                    console.print()
    if console is not None:
        hidden = len(tagged_traces) - settings.show
        if hidden > 0:
            console.print(f"{hidden} more traces not shown; show={len(tagged_traces)} shows all.\n")
        console.print(type_table(tagged_traces, tagger.taxonomy))
        console.print(f"tagger {tagger.fingerprint[:12]}", style="dim")


@contextlib.contextmanager
def _sink(path: Path | None) -> Iterator[IO[str] | None]:
    """A new file, written under a temporary name and renamed when all went well."""
    if path is None:
        yield None
        return
    if path.exists():
        raise UserError(
            f"Output file {path} already exists and is never overwritten; name another."
        )
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as lines:
            yield lines
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"Output file {path} cannot be written: {error.strerror}.") from error
    finally:
        temporary.unlink(missing_ok=True)


COMMAND = Command(
    name="tag",
    summary="give types to the steps of existing traces",
    example='echo \'{"thinking": "3 + 4 is 7.\\n\\nLet me check: 7 - 4 is 3."}\' | suffice tag -',
    configure=configure,
    run=run,
)
