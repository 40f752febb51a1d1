"""``suffice tagger push``: upload a tagger to the Hugging Face Hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from launch.command import Command, add_push


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("tagger", metavar="FOLDER", help="tagger folder, or a packaged name")
    add_push(parser)


def run(args: argparse.Namespace) -> None:
    """Load, verify, upload."""
    from tagger.frozen import FrozenTagger, tagger_folder
    from tagger.storage import CARD_FILE

    folder = tagger_folder(Path(args.tagger))  # local: a path, even one of the form owner/name
    tagger = FrozenTagger.load(folder)
    card = folder / CARD_FILE
    commit = tagger.push_to_hub(
        args.repo,
        card=card.read_text(encoding="utf-8") if card.is_file() else "",
        revision=args.revision,
        commit_message=args.message,
        private=args.private or None,
    )
    print(
        f"Uploaded {folder} to {commit.commit_url}, fingerprint {tagger.fingerprint[:12]}.\n"
        f"Use it by tagger={args.repo} or, this very commit, tagger={args.repo}@{commit.oid}."
    )


COMMAND = Command(
    name="tagger push",
    summary="upload a tagger to the Hugging Face Hub",
    example="suffice tagger push runs/tagger-1 owner/step-tagger",
    configure=configure,
    run=run,
)
