"""`price`: the weight from tokens per point of accuracy."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rewards.stack import RewardStack, build_stack
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import rollout, table


def stack(correctness: Any = 1.0, **step_count: Any) -> RewardStack:
    price = {"schedule": "price", "tokens_per_point": 20, **step_count.pop("price", {})}
    terms = {"correctness": {"weight": correctness}, "step_count": {"weight": price, **step_count}}
    return build_stack(terms, REASONTYPE)


def observe(reward: RewardStack, *rows: dict[str, float]) -> float:
    facts, groups = table(rows), torch.zeros(len(rows), dtype=torch.long)
    reward.observe(facts, groups, reward.table(facts, groups), 0)
    return float(reward.weights(1)[1])


def test_price_of_a_token_is_a_share_of_a_point() -> None:
    tokens = {"unit": "tokens", "types": {"VERIFY": {"cap": 300}}}
    assert float(stack(**tokens).weights(0)[1]) == pytest.approx(0.01 / 20)
    assert float(stack(correctness=2.0, **tokens).weights(0)[1]) == pytest.approx(0.02 / 20)
    assert observe(stack(**tokens), rollout(1, 9, count__VERIFY=1)) == pytest.approx(0.0005)


def test_price_of_a_step_follows_the_length_of_the_charged_ones() -> None:
    reward = stack()
    assert float(reward.weights(0)[1]) == pytest.approx(0.0005 * 15)  # before any was seen
    first = [
        rollout(1, 99, count__VERIFY=2, tokens__VERIFY=30, count__META=9, tokens__META=900),
        rollout(0, 99, count__VERIFY=1, tokens__VERIFY=30),
    ]
    assert observe(reward, *first) == pytest.approx(0.0005 * 20)
    assert observe(reward, rollout(1, 9)) == pytest.approx(0.0005 * 20)  # without a step
    # Of the two batches the later one counts 1, the earlier exp(-1 / 20) = 0.9512294.
    steps, tokens = 1.5 * 0.9512294 + 2, 30 * 0.9512294 + 20
    last = observe(reward, rollout(1, 9, count__VERIFY=2, tokens__VERIFY=20))
    assert last == pytest.approx(0.0005 * tokens / steps)
    metrics = reward.metrics()
    assert metrics["constraint/step_count"] == pytest.approx(last)
    assert metrics["slack/step_count"] == pytest.approx(0.1 - last)


def test_price_of_several_types_takes_their_common_length() -> None:
    reward = stack(types={"VERIFY": {}, "META": {}}, price={"ceiling": 0.05})
    rows = [rollout(1, 9, count__VERIFY=1, tokens__VERIFY=10, count__META=3, tokens__META=50)]
    assert observe(reward, *rows) == pytest.approx(0.0005 * 15)


def test_price_of_a_step_follows_those_of_the_scope_that_is_charged() -> None:
    row = rollout(
        1, 99, count__VERIFY=1, tokens__VERIFY=10, count_completion__VERIFY=2,
        tokens_completion__VERIFY=60, count_after__META=1, tokens_after__META=18,
    )  # fmt: skip
    assert observe(stack(scope="completion"), row) == pytest.approx(0.0005 * 30)
    assert observe(stack(scope="thinking"), row) == pytest.approx(0.0005 * 10)
    types = {"VERIFY": {}, "META": {"scope": "after_answer"}}
    both = stack(scope="completion", types=types, price={"ceiling": 0.05})
    assert observe(both, row) == pytest.approx(0.0005 * 26)


def test_price_is_cut_at_the_ceiling() -> None:
    reward = stack(price={"tokens_per_point": 1, "ceiling": 0.12})
    assert float(reward.weights(0)[1]) == pytest.approx(0.12)
    assert reward.terms[1].weight.span(0) == (0.0, 0.12)


def test_price_of_a_step_is_the_same_whatever_the_weight_of_its_type() -> None:
    half = stack(types={"VERIFY": {"weight": 0.5, "cap": 4}})
    assert float(half.weights(0)[1]) == pytest.approx(2 * 0.0005 * 15)
    rows, one = table([rollout(1, 9, count__VERIFY=1)]), torch.zeros(1, dtype=torch.long)
    charged = half.table(rows, one)[:, 1] * half.weights(0)[1]
    assert float(charged) == pytest.approx(-0.0005 * 15)


def test_price_is_not_refused_for_whom_the_gate_lets_off_or_for_types_without_a_weight() -> None:
    assert stack(gate="group_solved").names[1] == "step_count"
    reward = stack(types={"VERIFY": {"cap": 4}, "META": {"weight": 0.0}})
    assert float(reward.weights(0)[1]) == pytest.approx(0.0005 * 15)


@pytest.mark.parametrize(
    "step_count",
    [
        {"shape": "clipped"},
        {"shape": "z_score"},
        {"combine": "multiply"},
        {"types": {"VERIFY": {}, "META": {"weight": 0.5}}},
    ],
)
def test_price_is_refused_where_steps_do_not_cost_the_same(step_count: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="'step_count' does not charge them in a straight line"):
        stack(**step_count)


def test_price_needs_a_term_that_counts() -> None:
    price = {"schedule": "price", "tokens_per_point": 20}
    step = {"kind": "length_excess", "target": 100, "cap": 8, "weight": price}
    with pytest.raises(UserError, match="does not say whether it counts steps or tokens"):
        build_stack({"correctness": {}, "charge": step}, REASONTYPE)
    # At most 1 in all is not 1 for each token, whatever the unit is said to be.
    share = {"weight": {**price, "unit": "tokens"}}
    for term in ("after_answer_share", "length_excess", "laser"):
        with pytest.raises(UserError, match=f"{term!r} does not charge them in a straight line"):
            build_stack({"correctness": {}, term: share}, REASONTYPE)
    with pytest.raises(UserError, match="the term 'shuffled_tags' counts steps; leave it out"):
        build_stack({"correctness": {}, "shuffled_tags": share}, REASONTYPE)
    with pytest.raises(UserError, match="'length_sigmoid' does not charge them in a straight"):
        build_stack({"correctness": {}, "length_sigmoid": {"weight": price}}, REASONTYPE)
    with pytest.raises(UserError, match="'step_count' counts steps; leave it out"):
        stack(price={"unit": "tokens"})
    with pytest.raises(UserError, match="step_tokens of .* no effect with a term that counts tok"):
        stack(price={"step_tokens": 30}, unit="tokens")
    with pytest.raises(UserError, match="tokens_per_point .* is missing"):
        build_stack({"correctness": {"weight": {"schedule": "price"}}}, REASONTYPE)
