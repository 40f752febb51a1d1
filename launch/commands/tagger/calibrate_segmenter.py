"""``suffice tagger calibrate-segmenter``: the threshold of the segmenter by confidence."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Interval

from launch.command import Command, add_config
from launch.settings import settings_of
from tagger.config.settings import Settings
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.training.segmenter.token_scores import ScoredTrace, Threshold


@dataclass(frozen=True)
class CalibrateSegmenterSettings(Settings):
    """Settings of a calibration.

    Attributes:
        share: Share of tokens that become break points.
        min_chars: Of the segmenter written: shorter steps join the next one.
        limit: Most traces to read; None reads all.
        batch_size: Traces the model reads at once.
        max_tokens: Only so many tokens of each thinking are scored; None scores all that fit the
            model's context.
    """

    share: Annotated[float, Interval(gt=0, lt=1)] = 0.02
    min_chars: Annotated[int, Ge(1)] = 1
    limit: Annotated[int, Ge(1)] | None = None
    batch_size: Annotated[int, Ge(1)] = 4
    max_tokens: Annotated[int, Ge(1)] | None = None


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "traces",
        metavar="FILE",
        help='JSONL, plain or .gz: rows with "token_logprobs" (and "tokens"), or with an '
        'OpenAI-like "logprobs"; with --model, rows with "thinking" (and "question")',
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="folder or Hub name of the model whose log-probabilities are computed; name it "
        "as well where the rows bring them, to have it written down",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("segmenter.yaml"),
        metavar="NEWFILE",
        help="new YAML or JSON file for the segmenter (default: segmenter.yaml)",
    )
    parser.add_argument(
        "--scores",
        type=Path,
        metavar="NEWFILE",
        help="also write the tokens and their log-probabilities to this new JSONL file",
    )
    add_config(parser, None, "share, min_chars, limit, batch_size, max_tokens")


def run(args: argparse.Namespace) -> None:
    """Pool the probabilities, find the threshold, write the segmenter and show the table."""
    from tagger.files import write_new
    from tagger.segmentation import get_segmenter
    from tagger.training.segmenter.token_scores import find_threshold

    settings = settings_of(CalibrateSegmenterSettings, args.config, args.overrides)
    _check(args.output, args.scores)
    scored = _scored(args.traces, args.model, settings)
    threshold = find_threshold(scored, settings.share)
    segmenter = get_segmenter("confidence", tau=threshold.tau, min_chars=settings.min_chars)
    if args.scores is not None:
        lines = ({"id": t.id, "tokens": t.tokens, "token_logprobs": t.logprobs} for t in scored)
        write_new(args.scores, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in lines))
    about = {
        "made_by": "suffice tagger calibrate-segmenter",
        "model": args.model or "not named",
        "traces_from": str(args.traces),
        "share_wanted": threshold.wanted,
        "share": threshold.share,
        "tokens": threshold.tokens,
        "traces": threshold.traces,
        "mean_step_tokens": round(threshold.mean_step, 2),
    }
    write_new(args.output, _as_text(args.output, segmenter.settings, about))
    _show(scored, threshold)
    print(f"Wrote {args.output}; name it where a config asks for a segmenter.")


def _check(*outputs: Path | None) -> None:
    """Everything that can be wrong before anything is read."""
    from tagger.files import check_new

    suffix = outputs[0].suffix if outputs[0] is not None else ""
    if suffix not in (".yaml", ".yml", ".json"):
        raise UserError(f"--output {outputs[0]} must end in .yaml, .yml or .json.")
    for path in outputs:
        check_new(path)


def _scored(
    file: str, model_name: str | None, settings: CalibrateSegmenterSettings
) -> list[ScoredTrace]:
    """Log-probabilities from the file if its first row brings them, else from the model."""
    from itertools import islice

    from tagger.traces.labelled import read_rows, read_traces
    from tagger.traces.opener import piped
    from tagger.training.segmenter.token_scores import read_scored

    if piped(file):
        raise UserError("Traces to calibrate on must be a file; a pipe can be read only once.")
    first = next(iter(read_rows(file)), None)
    if first is None:
        raise UserError(f"{file} holds no traces.")
    brings_scores = "token_logprobs" in first[1] or "logprobs" in first[1]
    if brings_scores or model_name is None:
        return list(islice(read_scored(file), settings.limit))
    traces = list(islice(read_traces(file), settings.limit))

    from launch.progress import progress_of_parts
    from tagger.training.segmenter.teacher_forcing import load_scorer, score_traces

    model, tokenizer = load_scorer(model_name)
    with progress_of_parts() as told:
        return list(
            score_traces(
                traces,
                model,
                tokenizer,
                settings.batch_size,
                settings.max_tokens,
                lambda done: told("scoring traces", done, len(traces)),
            )
        )


def _as_text(path: Path, settings: dict[str, Any], about: dict[str, Any]) -> str:
    content = {"segmenter": "confidence", **settings, "about": about}
    if path.suffix == ".json":
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    import yaml

    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _show(scored: Sequence[ScoredTrace], chosen: Threshold) -> None:
    """The threshold chosen between two looser and tighter ones."""
    from rich.console import Console
    from rich.table import Table

    from tagger.training.segmenter.token_scores import find_threshold

    shares = sorted({0.005, 0.01, 0.02, 0.05, 0.1, chosen.wanted})
    table = Table(title=f"{chosen.tokens} tokens of {chosen.traces} traces")
    for name in ("share wanted", "tau", "break points", "steps", "tokens a step", "steps a trace"):
        table.add_column(name, justify="right")
    for share in shares:
        try:
            found = chosen if share == chosen.wanted else find_threshold(scored, share)
        except UserError:  # too few tokens for so small a share
            continue
        table.add_row(
            f"{share:.1%}",
            f"{found.tau:.4g}",
            f"{found.share:.2%}",
            str(found.steps),
            f"{found.mean_step:.1f}",
            f"{found.steps / found.traces:.1f}",
            style="bold" if found is chosen else None,
        )
    Console().print(table)


COMMAND = Command(
    name="tagger calibrate-segmenter",
    summary="find the threshold of the segmenter by confidence for a model",
    example="suffice tagger calibrate-segmenter traces.jsonl --model my-model limit=50",
    configure=configure,
    run=run,
)
