"""What each method is right for: the property its documentation names."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rewards.aggregation.base import ScoredRollouts
from rewards.aggregation.contribution import changes_by_term
from rewards.aggregation.rdpo import whiten
from tests.rewards.aggregation.batches import batches, charged
from tests.rewards.aggregation.methods import built

FEW = settings(max_examples=20, deadline=None)


# Weights


@FEW
@given(batch=batches(), term=st.sampled_from([1, 2]))
def test_weights_keep_their_size_without_scaling(batch: ScoredRollouts, term: int) -> None:
    weights = torch.tensor([1.0, 0.1, 0.2]).double()
    none, once, twice = (weights.clone() for _ in range(3))
    none[term], twice[term] = 0.0, 2 * weights[term]
    for name in ("sum, none", "among_correct"):
        a, b, c = (built(name).advantages(replace(batch, weights=w)) for w in (none, once, twice))
        torch.testing.assert_close(c - a, 2 * (b - a))


ALL_CORRECT = ((1, 0), (1, 1), (1, 3), (1, 4))


@pytest.mark.parametrize(
    ("name", "ratio"),
    [
        ("sum, none", 2),
        ("sum, group", 1),
        ("normalize_then_sum", 1),
        ("among_correct", 2),
        ("among_correct, deviation", 2),
        ("gfpo", 1),
        ("gfpo, efficiency", 2),
    ],
)
def test_in_an_all_correct_group_the_weight_cancels_under_group_scaling_alone(
    name: str, ratio: float
) -> None:
    """Twice the weight gives the same, or twice the, advantages."""
    once, twice = (built(name).advantages(charged(*ALL_CORRECT, weight=w)) for w in (0.1, 0.2))
    assert float(once.abs().max()) > 0.01
    torch.testing.assert_close(twice, ratio * once, rtol=0.01, atol=1e-3)


def test_in_an_all_correct_group_next_to_a_mixed_one_batch_keeps_the_weight() -> None:
    def parts(name: str, weight: float) -> float:
        """The span within the all-correct group, in that of correctness of the other."""
        groups = [0] * 4 + [1] * 4
        mixed = ((1, 0), (0, 0), (1, 0), (0, 0))
        found = built(name).advantages(charged(*ALL_CORRECT, *mixed, weight=weight, groups=groups))
        return float((found[:4].max() - found[:4].min()) / (found[4:].max() - found[4:].min()))

    assert parts("batch", 0.1) == pytest.approx(0.4) and parts("batch", 0.2) == pytest.approx(0.8)
    assert parts("sum, batch", 0.2) == pytest.approx(0.8)
    assert parts("sum, group", 0.1) == pytest.approx(parts("sum, group", 0.2), rel=0.01)


def test_a_rare_count_gets_the_full_weight_under_normalize_then_sum_alone() -> None:
    """Among eight correct rollouts one has a verification step, and some problem is hard."""
    rare = [(1, 1)] + [(1, 0)] * 7 + [(1, 0)] * 4 + [(0, 0)] * 4
    groups = [0] * 8 + [1] * 8

    def price(name: str) -> float:
        """What the step costs, in what a correct answer earns."""
        found = built(name).advantages(charged(*rare, groups=groups))
        return float((found[1] - found[0]) / (found[8] - found[15]))

    for name in ("sum, none", "among_correct", "batch"):
        assert price(name) == pytest.approx(0.1), name
    # z-scores are 2.83 apart for the count and 1.87 for correctness
    assert price("normalize_then_sum") == pytest.approx(0.1 * 2.83 / 1.87, rel=0.01)
    twice_as_rare = charged(*((c, 2 * s) for c, s in rare), groups=groups)
    once, twice = (
        built("normalize_then_sum").advantages(b)
        for b in (charged(*rare, groups=groups), twice_as_rare)
    )
    torch.testing.assert_close(once, twice, rtol=0.01, atol=1e-3)


# Who is compared with whom


@FEW
@given(batch=batches(), charge=st.floats(-8, 0))
def test_among_correct_keeps_shaped_terms_from_incorrect_rollouts(
    batch: ScoredRollouts, charge: float
) -> None:
    method, terms = built("among_correct"), batch.terms.clone()
    terms[~batch.correct, 1:] = charge
    terms[batch.correct, 1:] = 2 * terms[batch.correct, 1:]
    changed = method.advantages(replace(batch, terms=terms))
    torch.testing.assert_close(changed[~batch.correct], method.advantages(batch)[~batch.correct])


@pytest.mark.parametrize("incorrect", [1, 2, 5])
def test_among_correct_does_not_dilute_the_baseline(incorrect: int) -> None:
    """A lone correct rollout is charged nothing; under a plain sum it pays for the company."""
    rows = [(1, 4)] + [(0, 0)] * incorrect
    lone, free = (charged(*rows, weight=w) for w in (0.1, 0.0))
    for name, cost in (("among_correct", 0.0), ("sum, none", 0.4 * incorrect / len(rows))):
        method = built(name)
        assert float(method.advantages(free)[0] - method.advantages(lone)[0]) == pytest.approx(cost)


@FEW
@given(batch=batches(), weight=st.sampled_from([0.01, 0.5, 5.0]))
def test_drpo_never_sets_a_correct_rollout_below_zero(batch: ScoredRollouts, weight: float) -> None:
    batch = replace(batch, weights=torch.tensor([1.0, weight, weight]).double())
    found = built("drpo").advantages(batch)
    assert bool((found[batch.correct] >= 0).all()) and bool((found[~batch.correct] <= 0).all())
    shaped = batch.weighted[:, 1:].sum(dim=1)
    right = batch.correct.nonzero().flatten().tolist()
    for i in right:
        for j in right:
            if batch.groups[i] == batch.groups[j] and shaped[i] <= shaped[j]:
                assert found[i] <= found[j] + 1e-12


def test_a_plain_sum_sets_a_long_correct_rollout_below_zero() -> None:
    batch = charged((1, 8), (1, 0), (1, 0), (0, 0))
    assert float(built("sum, none").advantages(batch)[0]) < 0
    assert float(built("drpo").advantages(batch)[0]) > 0


@FEW
@given(batch=batches(), bonus=st.floats(-3, 3))
def test_gfpo_rollouts_that_are_not_kept_move_nothing(batch: ScoredRollouts, bonus: float) -> None:
    method = built("gfpo")
    kept = method.kept(batch)
    assert kept is not None
    counts = torch.zeros(4).index_add_(0, batch.groups, kept.float())
    assert bool((counts[batch.groups] == 2).all())
    terms = batch.terms + (~kept).double()[:, None] * bonus
    longer = batch.tokens + (~kept).double() * 1000
    changed = replace(batch, terms=terms, tokens=longer)
    again = method.kept(changed)
    assert again is not None and bool((again == kept).all())
    torch.testing.assert_close(method.advantages(changed), method.advantages(batch))


@FEW
@given(batch=batches())
def test_rdpo_counts_a_copy_of_a_term_less_than_twice(batch: ScoredRollouts) -> None:
    batch = replace(batch, weights=torch.tensor([1.0, 0.1, 0.0]).double())
    alone = changes_by_term(built("rdpo"), batch)["steps"]
    assume(alone > 1e-6)
    terms = batch.terms.clone()
    terms[:, 0] = 0.0  # the charge alone, once and twice
    once = built("rdpo").advantages(replace(batch, terms=terms))
    terms = terms.clone()
    terms[:, 2] = terms[:, 1]
    both = replace(batch, terms=terms, weights=torch.tensor([1.0, 0.1, 0.1]).double())
    torch.testing.assert_close(built("rdpo").advantages(both), 2**0.5 * once)


@FEW
@given(st.lists(st.tuples(*[st.integers(-5, 5)] * 3), min_size=4, max_size=12))
def test_rdpo_whitens(rows: list[tuple[int, int, int]]) -> None:
    found = whiten(torch.tensor(rows).double())
    moments = found.T @ found / len(rows)
    torch.testing.assert_close(moments @ moments, moments)  # the identity on a subspace
    torch.testing.assert_close(moments, moments.T)
