"""The method of aggregation a run asks for, and what contradicts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rewards.aggregation.base import Aggregation
from rewards.aggregation.normalize_then_sum import NormalizeThenSum, NormalizeThenSumParams
from rewards.aggregation.registry import NAMES, build_aggregation, kind_of, method_kind
from rewards.aggregation.sum_then_normalize import SumThenNormalize, SumThenNormalizeParams
from rewards.idle import refuse_idle
from rewards.ranking import refuse_charge_above_correctness
from rewards.stack import RewardStack, build_stack
from rewards.weights import acts
from rl.training.config import RewardConfig
from tagger.errors import UserError, unknown_name
from tagger.taxonomies.taxonomy import Taxonomy

_OF_TRL = tuple(name for name in NAMES if method_kind(name).OF_TRL)
_TRL_KEY, _SCALE = "multi_objective_aggregation", "scale_rewards"


def aggregation_keys(
    aggregation: str | Mapping[str, Any] | None, grpo: Mapping[str, Any]
) -> dict[str, Any]:
    """Fields of `GRPOConfig` that ``reward.aggregation`` sets, checked against those given.

    Args:
        aggregation: The key ``reward.aggregation``.
        grpo: The ``grpo`` section of the config.

    Raises:
        UserError: An unknown method or parameter, or a key of ``grpo`` that contradicts it or
            would have no effect.
    """
    given = grpo.get(_TRL_KEY)
    if given not in (None, *_OF_TRL):
        raise unknown_name(f"value of grpo.{_TRL_KEY}", str(given), _OF_TRL)
    if aggregation is None:
        kind = given
    else:
        kind = kind_of(aggregation)
        build_aggregation(aggregation)
        if given is not None and given != kind:
            raise UserError(
                f"reward.aggregation is {kind!r} and grpo.{_TRL_KEY} {given!r}; keep "
                "reward.aggregation alone."
            )
    if kind not in (None, "sum_then_normalize") and _SCALE in grpo:
        raise UserError(
            f"grpo.{_SCALE} has no effect under the aggregation {kind!r}, which scales in its own "
            f"way; leave grpo.{_SCALE} out."
        )
    of_trl = aggregation is not None and method_kind(str(kind)).OF_TRL
    return {_TRL_KEY: kind} if of_trl else {}


def chosen_aggregation(
    aggregation: str | Mapping[str, Any] | None, arguments: Any
) -> Aggregation[Any]:
    """The method of a run.

    Args:
        aggregation: The key ``reward.aggregation``; None for the one TRL's arguments name.
        arguments: TRL's `GRPOConfig`.

    Raises:
        UserError: As `build_aggregation`.
    """
    if aggregation is not None and not method_kind(kind_of(aggregation)).OF_TRL:
        return build_aggregation(aggregation)
    if getattr(arguments, _TRL_KEY) == "normalize_then_sum":
        return NormalizeThenSum(NormalizeThenSumParams())
    return SumThenNormalize(SumThenNormalizeParams(), scale=getattr(arguments, _SCALE))


def reward_stack(
    reward: RewardConfig, grpo: Mapping[str, Any], taxonomy: Taxonomy, evaluates: bool = False
) -> RewardStack:
    """Build the reward of a run, and check what can be checked of its aggregation so early.

    Args:
        reward: The section ``reward``.
        grpo: The section ``grpo``.
        taxonomy: Of the tagger.
        evaluates: Whether the policy is evaluated during training (``eval_problems``).

    Raises:
        UserError: As `build_stack`, `refuse_idle` and `aggregation_keys`.
    """
    aggregation_keys(reward.aggregation, grpo)
    name = grpo.get(_TRL_KEY) if reward.aggregation is None else kind_of(reward.aggregation)
    by_reward = name is None or method_kind(str(name)).RANKS_BY_REWARD
    allow = reward.allow_charge_above_correctness or not by_reward
    stack = build_stack(reward.terms, taxonomy, allow, evaluates)
    refuse_idle(stack.terms)
    return stack


def check_aggregation(reward: RewardConfig, stack: RewardStack, arguments: Any) -> Aggregation[Any]:
    """The method of a run; one that cannot work, or ranks rollouts otherwise, is refused.

    Args:
        reward: The section ``reward``.
        stack: What `reward_stack` built.
        arguments: TRL's `GRPOConfig`.

    Raises:
        UserError: The remedy is named.
    """
    method, size = chosen_aggregation(reward.aggregation, arguments), arguments.num_generations
    method.check(stack.names, stack.correctness, size)
    paying = [
        term.name
        for term, pays in zip(stack.terms, stack.correctness, strict=True)
        if pays and acts(term.weight)
    ]
    if method.OF_CORRECTNESS and not paying:
        raise UserError(
            "Under this reward.aggregation every advantage is a multiple of the weight of "
            "correctness, which is 0 at every step; give correctness a weight, e.g. 1.0."
        )
    if reward.allow_charge_above_correctness or method.RANKS_BY_REWARD:
        return method
    of_correctness = dict(zip(stack.names, stack.correctness, strict=True))
    if not method.BOUNDED:
        shaped = [t.name for t in stack.terms if not of_correctness[t.name] and acts(t.weight)]
        if shaped:
            raise UserError(
                f"Under this reward.aggregation nothing bounds what {' and '.join(shaped)} can "
                "take from a correct rollout; set reward.allow_charge_above_correctness: true to "
                "accept that."
            )
        return method
    refuse_charge_above_correctness(
        {t.name: (t.weight, t.bounds) for t in stack.terms},
        lambda name, weight, bounds: method.margin(
            name, weight, bounds, of_correctness[name], size
        ),
    )
    return method
