"""``suffice rewards explain``: formula, source, parameters of a term, aggregation or weight."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from launch.command import Command
from launch.commands.config import paragraph
from launch.commands.rewards.bounds import bounds_text
from launch.commands.rewards.entries import AGGREGATIONS, TERMS, WEIGHTS, sections_of, text_of

if TYPE_CHECKING:
    from tagger.config.settings import Settings

Facts = tuple[list[str], "type[Settings]", str]
"""Sentences behind the documentation, the class of the parameters, what their keys begin with."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "name",
        metavar="NAME",
        help="name of a term, an aggregation or a weight, as `suffice rewards list` has it",
    )


def run(args: argparse.Namespace) -> None:
    """Print the documentation; of both if a term and a weight share the name."""
    found = [explained(section, args.name) for section in sections_of(args.name)]
    print("\n\n\n".join(found))


def explained(section: str, name: str) -> str:
    """The documentation of an entry of `launch.commands.rewards.entries`, with its parameters."""
    from tagger.config.explain import key_docs

    sentences, params, prefix = _FACTS[section](name)
    keys = [paragraph(doc) for doc in key_docs(params, prefix)] or ["It has no parameters."]
    return "\n\n".join([name, text_of(section, name), "\n".join(sentences), *keys])


def _of_term(name: str) -> Facts:
    from rewards.terms.registry import term_bounds, term_kind

    kind, bounds = term_kind(name), term_bounds(name, {})
    sentences = [
        f"Unweighted, at the default parameters: correct rollouts {bounds_text(bounds.correct)}, "
        f"incorrect rollouts {bounds_text(bounds.incorrect)}."
    ]
    if kind.compares(kind.params()):
        sentences.append(
            "It compares the rollouts of a prompt: grpo.num_generations must be 2 or more."
        )
    if kind.may_not_apply:
        sentences.append(
            "It does not apply to every rollout; where it does not, the other terms decide."
        )
    return sentences, kind.params, f"reward.terms.{name}."


def _of_aggregation(name: str) -> Facts:
    from rewards.aggregation.registry import method_kind

    sentence = (
        "An aggregation, how terms become advantages: "
        f"reward.aggregation={name}, or a mapping of kind: {name} and parameters."
    )
    return [sentence], method_kind(name).PARAMS, "reward.aggregation."


def _of_weight(name: str) -> Facts:
    from rewards.weights import CONTROLLERS
    from rewards.weights.schedules.schedule import Schedule

    kind = CONTROLLERS[name]
    follows = "by step alone" if issubclass(kind, Schedule) else "by what the run shows"
    sentence = (
        f"A weight of a term that goes {follows}: reward.terms.TERM.weight is a mapping of "
        f"schedule: {name} and parameters (docs/rewards.md, Weight control)."
    )
    return [sentence], kind, "reward.terms.TERM.weight."


_FACTS: Mapping[str, Callable[[str], Facts]] = {
    TERMS: _of_term,
    AGGREGATIONS: _of_aggregation,
    WEIGHTS: _of_weight,
}

COMMAND = Command(
    name="rewards explain",
    summary="explain a reward term, an aggregation or a weight: formula, source, parameters",
    example="suffice rewards explain step_count",
    configure=configure,
    run=run,
)
