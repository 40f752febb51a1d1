"""What is to be known of the numbers of `suffice rewards score`, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rl.training.records.rescore import Scores

if TYPE_CHECKING:
    from rewards.stack import RewardStack


def notes(scores: Scores, stack: RewardStack) -> list[str]:
    """Groups of one rollout, terms that learn, weights that follow the run."""
    found = []
    alone = _alone(scores, [term.name for term in stack.terms if term.compares])
    if alone:
        found.append(alone)
    if scores.stateful:
        names, one = in_words(scores.stateful), len(scores.stateful) == 1
        found.append(
            f"{names} {'learns' if one else 'learn'} during training; this is the state "
            f"{'it begins' if one else 'they begin'} with."
        )
    if scores.controlled:
        names, one = in_words(scores.controlled), len(scores.controlled) == 1
        found.append(
            f"{f'The weight of {names} follows' if one else f'Weights of {names} follow'} the "
            f"run; {'this is the one it begins' if one else 'these are those they begin'} with."
        )
    return found


def default_used(path: Path, overrides: Sequence[str]) -> str:
    """That a config names no reward terms, so that those scored are the default; empty if it does.

    Args:
        path: The YAML file.
        overrides: Settings of the command line, which count as its own.
    """
    from rl.training.config import SECTION, RewardConfig
    from tagger.config.settings import apply_overrides, read_yaml

    values = read_yaml(path)
    values = values.get(SECTION, values)
    given = apply_overrides(values or {}, overrides).get("reward")
    if isinstance(given, Mapping) and "terms" in given:
        return ""
    lacks = "reward.terms" if given else "reward"
    return f"{path} has no {lacks}; the default is used: {in_words(list(RewardConfig().terms))}."


def in_words(names: Sequence[str]) -> str:
    """Names as a sentence has them.

    >>> in_words(["a", "b", "c"])
    'a, b and c'
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _alone(scores: Scores, comparing: Sequence[str]) -> str:
    """That terms which compare rollouts met groups with nothing to compare."""
    sizes = [len(members) for members in scores.groups()]
    lone = sizes.count(1)
    if not lone or not comparing:
        return ""
    return (
        f"{lone} of {len(sizes)} groups {'has' if lone == 1 else 'have'} one rollout; "
        f"{in_words(comparing)} {'compares' if len(comparing) == 1 else 'compare'} the rollouts of "
        "a group."
    )
