"""What a training would refuse of a reward, said rather than refused: for looking at rewards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from rewards.idle import refuse_idle
from rewards.stack import RewardStack
from rl.training.advantages.choice import aggregation_keys, check_aggregation, reward_stack
from rl.training.config import RewardConfig
from rl.training.grpo_config import DEFAULTS
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import Taxonomy

_OF_TRL = {"num_generations": 8, "multi_objective_aggregation": "sum_then_normalize"}
"""Defaults of `GRPOConfig`, whose import takes seconds and whose checks are of the machine too."""


def objections(
    reward: RewardConfig,
    grpo: Mapping[str, Any],
    stack: RewardStack,
    taxonomy: Taxonomy,
    evaluates: bool = False,
) -> list[str]:
    """Why a training refuses a reward, a sentence for each reason; none if it does not.

    Args:
        reward: The section ``reward``.
        grpo: The section ``grpo``.
        stack: The reward, built without its ranking being checked.
        taxonomy: Of the tagger.
        evaluates: Whether the policy is evaluated during training (``eval_problems``).

    Raises:
        UserError: An unknown aggregation or parameter, as in training: it names nothing to look at.
    """
    values = _OF_TRL | DEFAULTS | dict(grpo) | aggregation_keys(reward.aggregation, grpo)
    if not isinstance(values["num_generations"], int):
        values["num_generations"] = _OF_TRL["num_generations"]
    checks: tuple[Callable[[], object], ...] = (
        lambda: reward_stack(reward, grpo, taxonomy, evaluates),
        # Stands behind the check of the ranking there, and would not be reached.
        lambda: refuse_idle(stack.terms),
        lambda: check_aggregation(reward, stack, SimpleNamespace(**values)),
    )
    found = [_refusal(check) for check in checks]
    return list(dict.fromkeys(sentence for sentence in found if sentence))


def _refusal(check: Callable[[], object]) -> str:
    try:
        check()
    except UserError as error:
        return str(error)
    return ""
