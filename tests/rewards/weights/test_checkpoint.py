"""A controller that is saved, loaded and continued goes where it would have gone."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import torch

from rewards.stack import RewardStack, build_stack
from rewards.weights import Evaluated
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import rollout, table

WEIGHTS: dict[str, dict[str, Any]] = {
    "length_dual": {"share": 0.8, "rollouts": "correct", "start": 0.004},
    "accuracy_floor": {"control": 0.9, "floor": 0.5, "window": 4, "start": 0.004},
    "accuracy_drop": {"window": 3, "warmup": 2},
    "price": {"tokens_per_point": 20},
}


def stack(**changes: Any) -> RewardStack:
    terms: dict[str, Any] = {
        name: {"kind": "step_count", "weight": {"schedule": name, **params, **changes}}
        for name, params in WEIGHTS.items()
    }
    return build_stack({"correctness": {}, **terms}, REASONTYPE, True, evaluates=True)


def train(reward: RewardStack, steps: range) -> list[tuple[list[float], dict[str, float]]]:
    """Weights and metrics of some steps; the noise depends on the step alone."""
    found = []
    for step in steps:
        noise = random.Random(step)
        rows = [
            rollout(
                float(noise.random() < 0.6),
                float(noise.randrange(5, 200)),
                count__VERIFY=float(noise.randrange(4)),
                tokens__VERIFY=float(noise.randrange(90)),
            )
            for _ in range(12)
        ]
        facts, groups = table(rows), torch.arange(3).repeat_interleave(4)
        terms = reward.table(facts, groups)
        if step % 5 == 0:
            reward.observe_evaluation(Evaluated(step, noise.random(), 50.0, 40))
        found.append((reward.weights(step).tolist(), {}))
        reward.observe(facts, groups, terms, step)
        found.append((reward.weights(step).tolist(), reward.metrics()))
    return found


@pytest.mark.parametrize("at", [2, 7, 11])
def test_a_resumed_stack_continues_exactly(at: int) -> None:
    whole, first, second = stack(), stack(), stack()
    wanted = train(whole, range(20))
    assert train(first, range(at)) == wanted[: 2 * at]
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    second.trend.load_state_dict(json.loads(json.dumps(first.trend.state_dict())))
    assert train(second, range(at, 20)) == wanted[2 * at :]
    assert len({tuple(weights) for weights, _ in wanted}) > 20  # they do move


def test_each_controller_reports_constraint_and_slack() -> None:
    reward = stack()
    ((_, _), (_, metrics)) = train(reward, range(9))[-2:]
    assert {f"{key}/{name}" for key in ("constraint", "slack") for name in WEIGHTS} <= set(metrics)
    assert "facts/length_correct_correlation" in metrics
    assert all(value == value for value in metrics.values())


def test_a_checkpoint_of_other_parameters_is_refused() -> None:
    with pytest.raises(UserError, match=r"^reward\.terms\.\w+\.weight: .* resume with"):
        stack(ceiling=0.09).load_state_dict(stack().state_dict())
    fixed = build_stack(
        {"correctness": {}, **{name: {"kind": "step_count"} for name in WEIGHTS}}, REASONTYPE, True
    )
    with pytest.raises(UserError, match="resume with the config"):
        fixed.load_state_dict(stack().state_dict())
    with pytest.raises(UserError, match="resume with the config"):
        stack().load_state_dict(fixed.state_dict())
