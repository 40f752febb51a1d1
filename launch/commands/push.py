"""``suffice push``: upload an exported policy to the Hugging Face Hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from launch.command import Command, add_push


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="folder that `suffice export` wrote"
    )
    add_push(parser)


def run(args: argparse.Namespace) -> None:
    """Check and upload."""
    from rl.export.push import left_behind, push_policy

    commit = push_policy(
        args.folder,
        args.repo,
        revision=args.revision,
        commit_message=args.message,
        private=args.private or None,
    )
    for name in left_behind(args.folder):
        print(f"{name} is no part of a policy and was not uploaded.")
    print(
        f"Uploaded {args.folder} to {commit.commit_url}.\n"
        f"Use it by model={args.repo} or, this very commit, model={args.repo} "
        f"revision={commit.oid}."
    )


COMMAND = Command(
    name="push",
    summary="upload an exported policy to the Hugging Face Hub",
    example="suffice push exported/first owner/policy --private",
    configure=configure,
    run=run,
)
