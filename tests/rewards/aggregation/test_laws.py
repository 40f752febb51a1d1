"""Laws of every method: order of rows, sums, spread, ranks, what is logged, documents."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.aggregation.base import ScoredRollouts
from rewards.aggregation.contribution import changes_by_term, without_spread
from rewards.aggregation.registry import NAMES, method_text
from tests.rewards.aggregation.batches import batches, scored
from tests.rewards.aggregation.methods import METHODS, built

ZERO_SUM = [name for name in METHODS if name not in ("normalize_then_sum", "batch, tokens")]
OVER_THE_BATCH = ("sum, batch", "normalize_then_sum", "batch", "batch, tokens", "rdpo")
FEW = settings(max_examples=12, deadline=None)


def in_order(batch: ScoredRollouts, order: list[int]) -> ScoredRollouts:
    rows = torch.tensor(order)
    return replace(
        batch,
        terms=batch.terms[rows],
        groups=batch.groups[rows],
        correct=batch.correct[rows],
        tokens=batch.tokens[rows],
    )


def described(batch: ScoredRollouts, values: torch.Tensor) -> list[tuple[float, ...]]:
    """Rows with their values, in an order that is that of no batch.

    Of the terms their sum: of rows that are alike but for what has no weight, GFPO keeps the first.
    """
    total = batch.total.nan_to_num(nan=-9.0)
    parts = [batch.groups.double(), batch.tokens.double(), total.double(), values.double()]
    return sorted(tuple(row) for row in torch.stack(parts, dim=1).tolist())


@pytest.mark.parametrize("name", METHODS)
@FEW
@given(batch=batches(), data=st.data())
def test_advantages_do_not_depend_on_the_order_of_rows(
    name: str, batch: ScoredRollouts, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(batch))))
    shuffled = in_order(batch, order)
    found, again = (described(b, built(name).advantages(b)) for b in (batch, shuffled))
    torch.testing.assert_close(torch.tensor(again), torch.tensor(found), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", METHODS)
@FEW
@given(batch=batches())
def test_advantages_are_finite_and_sum_to_zero_where_they_should(
    name: str, batch: ScoredRollouts
) -> None:
    found = built(name).advantages(batch)
    assert found.shape == (len(batch),) and bool(found.isfinite().all())
    sums = torch.zeros(4).double().index_add_(0, batch.groups, found)
    if name in ZERO_SUM:
        assert float(sums.abs().max()) < 1e-6
    elif name == "normalize_then_sum":
        assert float(found.sum().abs()) < 1e-6
    else:
        assert float((found * batch.tokens).sum().abs()) < 1e-6 * float(batch.tokens.sum())


@pytest.mark.parametrize("name", [name for name in METHODS if name not in OVER_THE_BATCH])
@FEW
@given(batch=batches())
def test_methods_that_compare_a_group_do_not_look_at_other_groups(
    name: str, batch: ScoredRollouts
) -> None:
    """So it does not matter which groups a process holds."""
    method = built(name)
    alone = [
        method.advantages(in_order(batch, (batch.groups == g).nonzero().flatten().tolist()))
        for g in range(int(batch.groups.max()) + 1)
    ]
    torch.testing.assert_close(torch.cat(alone), method.advantages(batch))


@pytest.mark.parametrize("name", METHODS)
@FEW
@given(batch=batches(groups=1))
def test_a_group_without_spread_in_any_term_has_equal_advantages(
    name: str, batch: ScoredRollouts
) -> None:
    same = replace(
        batch,
        terms=batch.terms[:1].expand(4, -1),
        correct=batch.correct[:1].expand(4),
    )
    assert without_spread(built(name).advantages(same), same.groups).tolist() == [True]


@pytest.mark.parametrize("name", METHODS)
@FEW
@given(batch=batches(), wrong=st.booleans())
def test_a_rollout_to_which_no_term_applies_moves_nothing(
    name: str, batch: ScoredRollouts, wrong: bool
) -> None:
    terms = batch.terms.clone()
    terms[0] = float("nan")
    batch = replace(batch, terms=terms, correct=batch.correct & torch.tensor([not wrong]))
    assert float(built(name).advantages(batch)[0]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", [n for n in METHODS if built(n).RANKS_BY_REWARD])
@FEW
@given(batch=batches())
def test_a_method_that_says_so_ranks_by_reward(name: str, batch: ScoredRollouts) -> None:
    method = built(name)
    found, kept = method.advantages(batch), method.kept(batch)
    among = torch.ones_like(batch.correct) if kept is None else kept
    for i in among.nonzero().flatten().tolist():
        for j in among.nonzero().flatten().tolist():
            if batch.groups[i] == batch.groups[j] and batch.total[i] >= batch.total[j]:
                assert found[i] >= found[j] - 1e-9


# What is logged


@FEW
@given(batch=batches())
def test_a_terms_change_is_its_centred_part_where_advantages_are_linear(
    batch: ScoredRollouts,
) -> None:
    found = changes_by_term(built("sum, none"), batch)
    for k, name in enumerate(batch.names):
        part = batch.weighted[:, k]
        centred = part - batch.by_group.mean(part, torch.ones_like(batch.correct))
        assert found[name] == pytest.approx(float(centred.abs().mean()), abs=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_a_term_of_weight_0_changes_nothing(name: str) -> None:
    batch = scored([[1, -2, -5], [1, -1, -3], [0, 0, -9], [1, 0, -1]], [1.0, 0.1, 0.0])
    assert changes_by_term(built(name), batch)["tokens"] == 0


def test_groups_without_spread_by_hand() -> None:
    groups = torch.tensor([7, 7, 3, 3])
    assert without_spread(torch.tensor([1.0, 1.0, 0.0, 1.0]), groups).tolist() == [False, True]


@pytest.mark.parametrize("name", NAMES)
def test_a_method_documents_itself(name: str) -> None:
    text = method_text(name)
    assert text.splitlines()[0].endswith(".")
    for part in ("Source:", "Right for:", "Property", "Example:"):
        assert part in text, f"{name} lacks {part!r}"
    assert re.search(rf"^    aggregation: .*{name}", text, re.MULTILINE)
