"""``suffice tagger split``: split traces by question, into rows to train on and rows held out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from launch.command import Command, add_output, add_seed, output_folder
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.training.split_rows import KeyedRow


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "files",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="traces, labelled or not, as suffice tag reads them",
    )
    parser.add_argument(
        "--share",
        type=float,
        metavar="S",
        help="share of the questions to hold out, drawn by hash (default: 0.2)",
    )
    parser.add_argument(
        "--train-only",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="files that are trained on as well: a question of theirs is never held out",
    )
    parser.add_argument(
        "--test",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="instead of a share: hold out what shares a question, or its first 200 characters, "
        "with these files",
    )
    add_seed(parser, unset="0")
    add_output(parser, "split")


def run(args: argparse.Namespace) -> None:
    """Read, split and write both parts."""
    from tagger.files import new_folder, write_rows
    from tagger.training.split_rows import hold_out_known, hold_out_share

    if args.test and (args.train_only or args.share is not None or args.seed is not None):
        raise UserError("--test says what is held out; leave out --share, --seed and --train-only.")
    share = 0.2 if args.share is None else args.share
    if not 0 < share < 1:
        raise UserError(f"--share is {share:g}; it must be above 0 and below 1.")
    _refuse_double([*args.files, *args.train_only, *args.test])
    output = output_folder(args.output, "split")
    rows = _filled(args.files)
    if args.test:
        parts = hold_out_known(rows, _filled(args.test))
    else:
        known = _filled(args.train_only) if args.train_only else []
        parts = hold_out_share(rows, share, args.seed or 0, known)
    with new_folder(output) as draft:
        for name, part in (("train", parts.train), ("held_out", parts.held_out)):
            with (draft / f"{name}.jsonl").open("w", encoding="utf-8", newline="\n") as lines:
                write_rows(lines, (row.values for row in part))
    print(
        f"Wrote {len(parts.train)} rows to {output / 'train.jsonl'} and {len(parts.held_out)} to "
        f"{output / 'held_out.jsonl'}; they share no question."
    )


def _filled(paths: list[Path]) -> list[KeyedRow]:
    """The rows of some files, of which each must have one: an empty file is the wrong one."""
    from tagger.training.split_rows import read_keyed_rows

    found = []
    for path in paths:
        rows = read_keyed_rows([path])
        if not rows:
            raise UserError(f"{path} holds no row; give traces, or leave it out.")
        found += rows
    return found


def _refuse_double(paths: list[Path]) -> None:
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            raise UserError(f"{path} is named twice; name each file once.")
        seen.add(path.resolve())


COMMAND = Command(
    name="tagger split",
    summary="split traces by question, for training and testing",
    example="suffice tagger split labels.jsonl.gz --share 0.2 --output split",
    configure=configure,
    run=run,
)
