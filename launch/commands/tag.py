"""``suffice tag``: types for the steps of existing traces, for people or for machines."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from launch.bootstrap import one_thread_if_small_tagger
from launch.command import Command, add_config, whole_number
from launch.settings import settings_of
from launch.tagging.output import VIEWS
from launch.tagging.settings import MOST_WORKERS, TagSettings
from tagger.errors import UserError, unknown_name
from tagger.files import check_new, new_file

if TYPE_CHECKING:
    from tagger.steps import StepTagger
    from tagger.traces.files import Tally
    from tagger.traces.rows import Fields, SourceTrace

_SETTING = re.compile(r"[A-Za-z_][\w.]*=")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "inputs",
        metavar="INPUT",
        nargs="*",
        default=[],
        help="files, folders, or - for standard input: JSON Lines, JSON or Parquet (a row has the "
        'thinking in "thinking", "reasoning", "completion", "text", "steps", "messages", '
        '"choices", …, and may have "question", "id", "reference", "model", …) or plain text, '
        "compressed or not",
    )
    parser.add_argument(
        "--field",
        "--column",
        metavar="NAME",
        help="field of a row, or column of a dataset, that holds the thinking, a completion or "
        "a chat; dots step inside: choices.0.message",
    )
    parser.add_argument(
        "--delimiters",
        nargs=2,
        metavar=("OPEN", "CLOSE"),
        help="strings around the thinking of completions (default: the known ones, <think> …); "
        "an empty OPEN: all is thinking up to CLOSE",
    )
    parser.add_argument(
        "--question-field", "--question-column", metavar="NAME", help="the one with the question"
    )
    parser.add_argument("--reference-field", metavar="NAME", help="the one with the correct answer")
    parser.add_argument(
        "--dataset", metavar="NAME", help="Hugging Face dataset: name, local folder or table file"
    )
    parser.add_argument("--split", metavar="NAME", help="split of the dataset, if it has several")
    parser.add_argument("--subset", metavar="NAME", help="configuration of the dataset")
    parser.add_argument(
        "--tagger",
        metavar="NAME",
        help="frozen tagger: a folder, a packaged name or a Hub repository (owner/name[@revision]; "
        "default: the packaged one)",
    )
    parser.add_argument(
        "--taxonomy", metavar="NAME", help="show types of this taxonomy: a name or a YAML file"
    )
    parser.add_argument(
        "--tokenizer", metavar="NAME", help="count tokens too, with this model's tokenizer"
    )
    parser.add_argument("--html", type=Path, metavar="NEWFILE", help="write a page to browse")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object a trace instead of the view"
    )
    parser.add_argument(
        "--output", type=Path, metavar="NEWFILE", help="write the JSON objects to this new file"
    )
    parser.add_argument(
        "--workers",
        type=whole_number("whole number", 1, MOST_WORKERS),
        metavar="N",
        help="tag in this many processes, one core each; the output is the same (default: 1)",
    )
    add_config(parser, None, "limit, view (steps, strips, table), show, kind, batch, segmenter")


def run(args: argparse.Namespace) -> None:
    """Tag and print, batch by batch as the traces are read."""
    inputs, overrides = _parted([*args.inputs, *args.overrides])
    settings = _settings(args, overrides)
    one_thread_if_small_tagger(settings.tagger)
    from itertools import islice

    from launch.progress import progress_of_stream
    from launch.tagging.notes import Seen, check_tagged, read_notes
    from launch.tagging.output import Printer, most_printed
    from launch.tagging.stream import batches_of
    from launch.tagging.work import BatchTagger, TagJob
    from launch.tagging.workers import tagged_batches
    from tagger.display.visible import visible
    from tagger.location import tagger_folder
    from tagger.thinking.families import named_delimiters
    from tagger.traces.files import Tally
    from tagger.traces.rows import Fields
    from tagger.units import calibration_note

    for path in (args.output, args.html):
        check_new(path)
    if args.output and args.html and args.output.resolve() == args.html.resolve():
        raise UserError(f"--output and --html both name {args.output}; name two files.")
    tally = Tally()
    named = settings.delimiters
    pair = named_delimiters(named.open, named.close) if named else None
    fields = Fields(args.field, args.question_field, args.reference_field, pair)
    name, traces = _source(args, inputs, settings, fields, tally)
    view = settings.view or ("table" if args.html else "steps")
    most = 0 if args.json else most_printed(view, settings.show)
    work = BatchTagger(
        TagJob(
            tagger=str(tagger_folder(settings.tagger).resolve()),
            taxonomy=settings.taxonomy,
            segmenter=settings.segmenter,
            lines=args.json or args.output is not None,
            items=args.html is not None,
            tally=not args.json,
            tokenizer=args.tokenizer,
            shown=most,
            marked=view == "steps",
        )
    )
    tagger = work.tagger
    note, check = calibration_note(tagger), _check_type(tagger, settings.taxonomy)
    printer = Printer(view, most, tagger, silent=args.json)
    seen = Seen()

    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(new_file(args.output)) if args.output else None
        page_file = stack.enter_context(new_file(args.html)) if args.html else None
        page = _page(page_file, name, tagger, check, note) if page_file is not None else None
        report = stack.enter_context(
            progress_of_stream(
                lambda: (tally.bytes_read, tally.bytes_total), lambda: not printer.busy
            )
        )
        batches = batches_of(islice(traces, settings.limit), settings.batch)
        stream = tagged_batches(work, batches, settings.workers)
        for batch in stack.enter_context(contextlib.closing(stream)):
            for line in batch.lines:
                if args.json:
                    print(line)
                if sink is not None:
                    sink.write(line + "\n")
            for shown in batch.shown:
                printer.show(shown)
            if page is not None:
                for item in batch.items:
                    page.add_item(item)
            if batch.tally is not None:
                printer.count(batch.tally)
            seen.add(batch)
            for steps in batch.steps:
                report(steps)
        if settings.limit != 0:
            check_tagged(tally, name, fields)
        if page is not None:
            page.close()
    printer.close()
    aside = sys.stderr if args.json else sys.stdout
    if args.html:
        print(f"Page: {args.html} ({args.html.stat().st_size / 1e6:.1f} MB)", file=aside)
    for said in [*read_notes(tally, fields), *([note] if note else []), *seen.notes()]:
        print(visible(f"suffice: {said}"), file=sys.stderr)


def _parted(words: list[str]) -> tuple[list[str], list[str]]:
    """Inputs and ``KEY=VALUE`` settings; what exists as a file is an input."""
    settings = [w for w in words if _SETTING.match(w) and not Path(w).exists()]
    return [w for w in words if w not in settings], settings


def _settings(args: argparse.Namespace, overrides: list[str]) -> TagSettings:
    options = {name: getattr(args, name) for name in ("tagger", "taxonomy", "workers")}
    if args.delimiters:
        options["delimiters"] = dict(zip(("open", "close"), args.delimiters, strict=True))
    from tagger.traces.files import KINDS

    settings = settings_of(TagSettings, args.config, overrides, **options)
    if settings.view is not None and settings.view not in VIEWS:
        raise unknown_name("view", settings.view, VIEWS)
    if settings.kind not in KINDS:
        raise unknown_name("kind of file", settings.kind, KINDS)
    for key in ("view", "show"):
        if args.json and getattr(settings, key) is not None:
            raise UserError(f"{key} has no effect with --json, which prints no view; leave it out.")
    return settings


def _source(
    args: argparse.Namespace,
    inputs: list[str],
    settings: TagSettings,
    fields: Fields,
    tally: Tally,
) -> tuple[str, Iterator[SourceTrace]]:
    """Name of the input and its traces; what is not there is found out at once."""
    from tagger.traces.files import find_inputs, read_files

    if args.dataset:
        if inputs:
            raise UserError(f"Give either --dataset or files, not both ({inputs[0]!r}).")
        from tagger.traces.datasets import DatasetColumn

        column = DatasetColumn(args.dataset, args.split, args.subset, fields)
        return args.dataset, column.read(tally)
    if args.split or args.subset:
        raise UserError("--split and --subset belong to --dataset; name one.")
    if not inputs:
        raise UserError("Name a file, a folder, - or --dataset; see suffice tag --help.")
    if "-" in inputs and sys.stdin.isatty():
        print("Reading traces from standard input; end with Ctrl-D.", file=sys.stderr)
    name = "standard input" if inputs == ["-"] else ", ".join(inputs)
    return name, read_files(find_inputs(inputs), fields, tally, settings.kind)


def _check_type(tagger: StepTagger, taxonomy: str | None) -> str | None:
    """The type of verification steps, None if there is none."""
    from tagger.taxonomies.files import load_type_map
    from tagger.taxonomies.taxonomy import REASONTYPE

    verify = REASONTYPE.get("VERIFY").name
    if taxonomy is not None:
        return load_type_map(taxonomy).from_reasontype[verify]
    return verify if verify in tagger.taxonomy.names else None


def _page(out: IO[str], name: str, tagger: StepTagger, check: str | None, note: str) -> Any:
    from importlib import metadata

    from tagger.display.page import PageAbout, PageWriter
    from tagger.traces.rows import whole_characters

    about = PageAbout(
        title=f"Steps of {whole_characters(name)}",
        taxonomy=tagger.taxonomy,
        fingerprint=tagger.fingerprint,
        version=metadata.version("suffice"),
        date=time.strftime("%Y-%m-%d"),
        check=check,
        note=note,
    )
    return PageWriter(out, about)


COMMAND = Command(
    name="tag",
    summary="give types to the steps of existing traces",
    example='echo \'{"thinking": "3 + 4 is 7.\\n\\nWait, is it?"}\' | suffice tag -',
    configure=configure,
    run=run,
)
