"""``suffice tagger annotate``: labels for own traces, from any OpenAI-compatible endpoint."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from launch.command import Command, add_config
from tagger.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from tagger.annotation.plan import Job
    from tagger.annotation.run import Outcome, Standing


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "traces",
        type=Path,
        metavar="TRACES",
        help='as suffice tag reads: a row has "thinking", "completion", "text" or "steps", and '
        'may have "question" and "id"',
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="LABELS",
        help="new label file, e.g. labels.jsonl; every answer goes to labels.raw.jsonl next to it",
    )
    parser.add_argument("--model", metavar="NAME", help="the model, as the endpoint calls it")
    parser.add_argument(
        "--base-url", metavar="URL", help="the endpoint, e.g. http://127.0.0.1:8000/v1"
    )
    parser.add_argument(
        "--guide", metavar="FILE", help="labelling guide (default: the packaged one)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="resume from the raw log; nothing is asked twice"
    )
    parser.add_argument(
        "--yes", action="store_true", help="start without asking after the estimate"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show the estimate and the first prompt, ask nothing"
    )
    add_config(
        parser,
        None,
        "taxonomy, context, steps, concurrency, limit, prompt_price, answer_price, max_cost, "
        "max_tokens, max_requests, key_env, ... (docs/annotation.md lists all)",
    )


def run(args: argparse.Namespace) -> None:
    """Check, estimate, ask, write."""
    from rich.console import Console

    from launch.progress import progress_of_parts
    from tagger.annotation.client import Endpoint, OpenAIEndpoint, api_key
    from tagger.annotation.run import annotate, check_output, standing_of
    from tagger.annotation.schema import answer_schema

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    check_output(args.output, args.resume)
    job = _job(args)
    standing = standing_of(job, args.output, args.resume)
    _show_standing(job, standing, console)
    if args.dry_run:
        for message in job.messages(job.tasks[0].window):
            print(f"--- {message['role']} ---\n{message['content']}\n")
        return
    key = api_key(job.settings)
    schema = answer_schema(job.taxonomy)
    OpenAIEndpoint.check()
    if standing.estimate.requests:
        _agree(standing, args.yes)

    def make_endpoint() -> Endpoint:
        return OpenAIEndpoint(job.settings, key, schema)

    with progress_of_parts() as told:
        outcome = annotate(
            job,
            args.output,
            make_endpoint,
            told=lambda done, total: told("requests", done, total),
            say=console.print,
        )
    _show_outcome(outcome, args.output)
    _end(outcome, args.output, console)


def _job(args: argparse.Namespace) -> Job:
    """Read settings, guide and traces."""
    from launch.settings import settings_of
    from tagger.annotation.plan import make_job, read_traces_to_label
    from tagger.annotation.prompt import load_guide
    from tagger.annotation.settings import AnnotateSettings
    from tagger.segmentation import get_segmenter
    from tagger.taxonomies.files import load_taxonomy

    settings = settings_of(
        AnnotateSettings,
        args.config,
        args.overrides,
        model=args.model,
        base_url=args.base_url,
        guide=args.guide,
    )
    taxonomy = load_taxonomy(settings.taxonomy)
    guide = load_guide(settings.guide, taxonomy)
    segmenter = get_segmenter(settings.segmenter)
    traces = read_traces_to_label(args.traces, segmenter, settings.limit, settings.only_labelled)
    return make_job(traces, settings, taxonomy, guide)


def _show_standing(job: Job, standing: Standing, console: Console) -> None:
    from tagger.annotation.cost import RULE

    rest, spent = standing.estimate, standing.ledger
    steps = sum(len(task.window.asked) for task in job.tasks)
    console.print(
        f"Traces: {len(job.traces)}; steps to label: {steps}; requests: {len(job.tasks)}."
    )
    if spent.requests:
        console.print(
            f"Earlier runs: {spent.requests} requests, {_tokens(spent.prompt_tokens)} prompt and "
            f"{_tokens(spent.answer_tokens)} answer tokens, {_cost(spent.cost)}; "
            f"{standing.answers} answers are reused, {standing.unused} belong to no request."
        )
    console.print(
        f"Estimate: {rest.requests} requests, {_tokens(rest.prompt_tokens)} prompt and "
        f"{_tokens(rest.answer_tokens)} answer tokens, {_cost(rest.cost)}, "
        "if every first answer can be used."
    )
    console.print(f"Rule: {RULE}. Hidden thinking of the model is not in it.", style="dim")


def _agree(standing: Standing, yes: bool) -> None:
    """Have the user agree to the estimate.

    Raises:
        UserError: Nobody is there to ask, or the answer is no.
    """
    over = standing.over_budget
    if not sys.stdin.isatty():
        if over:
            raise UserError(
                f"The estimate passes {over}, and nobody is there to ask; raise it, or label "
                "fewer traces with limit=N."
            )
        if not yes:
            raise UserError("Nobody is there to agree to the estimate; add --yes.")
        return
    if over:
        print(f"The estimate passes {over}; the run will stop there.", file=sys.stderr)
    if yes and not over:
        return
    print("Continue? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        raise UserError("Nothing was asked, because you did not agree to the estimate.")


def _show_outcome(outcome: Outcome, output: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    tally, ledger = outcome.tally, outcome.ledger
    console = Console(highlight=False, soft_wrap=True)
    if tally.labelled:
        table = Table(title=f"{tally.labelled} labelled steps of {tally.traces} traces")
        table.add_column("type")
        table.add_column("steps", justify="right")
        for tag, count in tally.types.items():
            if count:
                table.add_row(tag, str(count))
        console.print(table)
        console.print(f"Labels: {output}")
    console.print(
        f"Without a label: {tally.nonsense} steps whose answers could not be used, "
        f"{tally.open} not answered for."
    )
    console.print(
        f"Spent in all: {ledger.requests} requests, {_tokens(ledger.prompt_tokens)} prompt and "
        f"{_tokens(ledger.answer_tokens)} answer tokens, {_cost(ledger.cost)}."
    )


def _end(outcome: Outcome, output: Path, console: Console) -> None:
    """Say how to resume, if anything is left to do.

    Raises:
        UserError: The run stopped early, or left requests without an answer.
        KeyboardInterrupt: The user stopped it.
    """
    from tagger.annotation.raw_log import raw_log_of

    kept = f"every answer is kept in {raw_log_of(output)}; run the same command with --resume"
    if outcome.interrupted:
        console.print(f"{kept[:1].upper()}{kept[1:]} to continue.")
        raise KeyboardInterrupt
    if outcome.stopped:
        raise UserError(f"{outcome.stopped}; {kept} to continue.")
    if outcome.tally.open:
        raise UserError(
            f"{outcome.tally.open} steps got no answer, because their requests failed; {kept} to "
            "ask for them again."
        )


def _tokens(count: int) -> str:
    return f"{count:,}"


def _cost(cost: float | None) -> str:
    return (
        "cost unknown (set prompt_price and answer_price)" if cost is None else f"cost {cost:.4f}"
    )


COMMAND = Command(
    name="tagger annotate",
    summary="label the steps of own traces with a language model",
    example="suffice tagger annotate traces.jsonl --output labels.jsonl \\\n"
    "      --base-url http://127.0.0.1:8000/v1 --model my-model --dry-run",
    configure=configure,
    run=run,
)
