"""Laws of every term: order of rows, groups apart, who is paid, documents."""

from __future__ import annotations

import pickle
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rewards.terms.registry import MODULES, build_term, term_bounds, term_kind, term_text
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import NAMES, rollout, table

COUNTS = st.integers(0, 40).map(float)


@st.composite
def rollouts(draw: st.DrawFn) -> dict[str, float]:
    """A rollout whose facts do not contradict each other in what terms read."""
    thinking = draw(st.integers(0, 900))
    verifies = draw(COUNTS)
    return rollout(
        float(draw(st.booleans())),
        float(thinking + draw(st.integers(1, 100))),
        ended=float(draw(st.booleans())),
        thinking_tokens=float(thinking),
        answer_tokens=1.0,
        steps=verifies + draw(COUNTS),
        keywords=draw(COUNTS),
        keywords_completion=draw(COUNTS),
        reflections=draw(COUNTS),
        budget=draw(st.sampled_from([-1.0, 100.0, 1000.0])),
        reference_accuracy=draw(st.sampled_from([-1.0, 0.0, 0.5, 1.0])),
        repeated_3grams=draw(st.sampled_from([0.0, 0.25, 1.0])),
        steps_from_0=verifies,
        count__VERIFY=verifies,
        tokens__VERIFY=float(draw(st.integers(0, thinking))),
        tokens_after__VERIFY=float(draw(st.integers(0, thinking))),
    )


BATCHES = st.lists(st.lists(rollouts(), min_size=1, max_size=4), min_size=1, max_size=3)


@pytest.mark.parametrize("name", MODULES)
@given(batch=BATCHES, data=st.data())
def test_a_term_does_not_depend_on_the_order_of_rows(
    name: str, batch: list[list[dict[str, float]]], data: st.DataObject
) -> None:
    rows = [row for group in batch for row in group]
    groups = [number for number, group in enumerate(batch) for _ in group]
    order = data.draw(st.permutations(range(len(rows))))
    facts, numbers = table(rows), torch.tensor(groups)
    term = build_term(name, {}, REASONTYPE)
    found = term(facts, numbers)
    assert found.shape == (len(rows),) and found.dtype == torch.float32
    shuffled = build_term(name, {}, REASONTYPE)(facts[list(order)], numbers[list(order)])
    torch.testing.assert_close(shuffled, found[list(order)], equal_nan=True)


@pytest.mark.parametrize("name", MODULES)
@given(batch=BATCHES)
def test_a_term_keeps_its_bounds_and_pays_no_incorrect_rollout_unless_it_says_so(
    name: str, batch: list[list[dict[str, float]]]
) -> None:
    rows = [row for group in batch for row in group]
    groups = [number for number, group in enumerate(batch) for _ in group]
    found = build_term(name, {}, REASONTYPE)(table(rows), torch.tensor(groups)).tolist()
    bounds = term_bounds(name, {})
    for row, value in zip(rows, found, strict=True):
        if value != value:
            assert term_kind(name).may_not_apply
            continue
        least, most = bounds.correct if row["correct"] > 0 else bounds.incorrect
        assert least - 1e-5 <= value <= most + 1e-5


@pytest.mark.parametrize("name", MODULES)
def test_a_term_pickles_and_documents_itself(name: str) -> None:
    text = term_text(name)
    assert text.splitlines()[0].endswith(".")
    if name not in ("correctness", "format", "step_count"):
        for part in ("Source:", "Incorrect rollouts:", "Example:"):
            assert part in text, f"{name} lacks {part!r}"
        assert re.search(rf"^    {name}: ", text, re.MULTILINE)
        assert term_kind(name).source
    term = build_term(name, {}, REASONTYPE)
    again = pickle.loads(pickle.dumps(term))
    facts = table([rollout(1, 10, count__VERIFY=2), rollout(0, 20)])
    groups = torch.tensor([0, 0])
    torch.testing.assert_close(again(facts, groups), term(facts, groups), equal_nan=True)
    assert len(NAMES) == facts.shape[1]
