"""``suffice rewards explain``: formula, source, parameters and values of a reward term."""

from __future__ import annotations

import argparse

from launch.command import Command
from launch.commands.config import paragraph
from launch.commands.rewards.bounds import bounds_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "term", metavar="TERM", help="name of a term, as `suffice rewards list` has it"
    )


def run(args: argparse.Namespace) -> None:
    """Print the documentation of the term."""
    from rewards.terms.registry import term_bounds, term_kind, term_text
    from tagger.config.explain import key_docs

    kind = term_kind(args.term)
    bounds = term_bounds(args.term, {})
    print(f"{args.term}\n\n{term_text(args.term)}\n")
    print(
        f"Unweighted, at the default parameters: correct rollouts {bounds_text(bounds.correct)}, "
        f"incorrect rollouts {bounds_text(bounds.incorrect)}."
    )
    if kind.compares(kind.params()):
        print("It compares the rollouts of a prompt: grpo.num_generations must be 2 or more.")
    if kind.may_not_apply:
        print("It does not apply to every rollout; where it does not, the other terms decide.")
    docs = list(key_docs(kind.params, f"reward.terms.{args.term}."))
    for doc in docs:
        print(f"\n{paragraph(doc)}")
    if not docs:
        print("\nIt has no parameters.")


COMMAND = Command(
    name="rewards explain",
    summary="explain a reward term: formula, source, parameters, the values it can have",
    example="suffice rewards explain step_count",
    configure=configure,
    run=run,
)
