"""``suffice tagger check-stream``: streaming must give the labels of the finished text."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launch.command import Command
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.evaluation.stream_check import StreamCheck


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--traces",
        required=True,
        metavar="FILE",
        help='as suffice tag reads: a row has "thinking", "completion", "text" or "steps"',
    )
    parser.add_argument(
        "--tokenizer",
        nargs="+",
        default=["overthinker"],
        metavar="NAME",
        help="folders or Hub names of tokenizers that cut the traces (default: overthinker)",
    )
    parser.add_argument(
        "--tagger",
        metavar="NAME",
        help="folder, packaged name or Hub repository (owner/name[@revision]) of the frozen tagger "
        "(default: the packaged one)",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N traces")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--output", type=Path, metavar="NEWFILE", help="write the JSON here too")


def run(args: argparse.Namespace) -> None:
    """Replay, compare and say how many steps differ; exit code 1 if any does."""
    from launch.progress import progress_of_parts
    from launch.tagging.tokenizers import load_any_tokenizer
    from tagger.evaluation.stream_check import check_stream
    from tagger.files import check_new, write_new
    from tagger.frozen import FrozenTagger
    from tagger.traces.labelled import read_traces

    if args.limit is not None and args.limit < 1:
        raise UserError(f"--limit is {args.limit}; it must be at least 1.")
    check_new(args.output)
    tagger = FrozenTagger.load(args.tagger)
    traces = list(islice(read_traces(args.traces), args.limit))
    if not traces:
        raise UserError(f"{args.traces} holds no trace; nothing can be checked.")
    tokenizers = {name: load_any_tokenizer(name) for name in args.tokenizer}
    found = []
    with progress_of_parts() as progress:
        for name, (tokenizer, delimiters) in tokenizers.items():
            tokenizer.model_max_length = 10**12  # nothing is cut off, so nothing to warn of
            told = partial(_tell, progress, name, len(traces))
            check = check_stream(tagger, traces, tokenizer, delimiters, name, progress=told)
            found.append(check)
    result = _as_json(args.traces, tagger, found)
    if args.output is not None:
        write_new(args.output, json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    if args.json:
        print(json.dumps(result, indent=2))
    else:
        _show(result, found)
    if result["differences"]:
        raise SystemExit(1)


def _tell(progress: Callable[[str, int, int], None], name: str, total: int, done: int) -> None:
    progress(name, done, total)


def _as_json(traces: str, tagger: Any, found: list[StreamCheck]) -> dict[str, Any]:
    from launch.commands.tagger.evidence import tagger_provenance

    return {
        "traces": traces,
        "tagger": tagger.fingerprint,
        "segmenter": tagger.segmenter.name,
        "differences": sum(check.differing for check in found),
        "tokenizers": [check.as_dict() for check in found],
        **tagger_provenance(),
    }


def _show(result: dict[str, Any], found: list[StreamCheck]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table(title="Streaming against the finished text")
    table.add_column("tokenizer")
    for name in ("traces", "steps", "tokens", "altered text", "differences"):
        table.add_column(name, justify="right")
    for check in found:
        numbers = (check.traces, check.steps, check.tokens, check.altered, check.differing)
        table.add_row(escape(check.tokenizer), *(f"{n:,}" for n in numbers))
    console.print(table)
    for check in found:
        for d in check.examples:
            console.print(
                f"{check.tokenizer}: trace {d.trace}, step {d.step}, {d.kind}: streamed "
                f"{d.streamed}, {d.against} {d.expected}",
                markup=False,
                highlight=False,
            )
    console.print(f"tagger {result['tagger'][:12]}", style="dim")


COMMAND = Command(
    name="tagger check-stream",
    summary="check that streaming gives the labels of the finished text, token by token",
    example="suffice tagger check-stream --traces traces.jsonl --tokenizer overthinker",
    configure=configure,
    run=run,
)
