"""Laws of every term: order of rows, groups apart, who is paid, documents."""

from __future__ import annotations

import pickle
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.facts.columns import MAY_BE_ABSENT
from rewards.terms.reads import columns_read
from rewards.terms.registry import (
    MODULES,
    build_term,
    compares,
    term_bounds,
    term_kind,
    term_text,
)
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


# All terms share each drawn batch: drawing costs far more than computing a term.
@settings(max_examples=50, deadline=None)
@given(batch=BATCHES, data=st.data())
def test_terms_do_not_depend_on_the_order_of_rows(
    batch: list[list[dict[str, float]]], data: st.DataObject
) -> None:
    rows = [row for group in batch for row in group]
    order = data.draw(st.permutations(range(len(rows))))
    facts = table(rows)
    numbers = torch.tensor([number for number, group in enumerate(batch) for _ in group])
    for name in MODULES:
        found = build_term(name, {}, REASONTYPE)(facts, numbers)
        assert found.shape == (len(rows),) and found.dtype == torch.float32, name
        shuffled = build_term(name, {}, REASONTYPE)(facts[list(order)], numbers[list(order)])
        same = torch.allclose(shuffled, found[list(order)], rtol=1e-5, atol=1e-6, equal_nan=True)
        assert same, name


@settings(max_examples=50, deadline=None)
@given(batch=BATCHES)
def test_terms_keep_their_bounds_and_pay_no_incorrect_rollout_unless_they_say_so(
    batch: list[list[dict[str, float]]],
) -> None:
    rows = [row for group in batch for row in group]
    facts = table(rows)
    numbers = torch.tensor([number for number, group in enumerate(batch) for _ in group])
    for name in MODULES:
        found = build_term(name, {}, REASONTYPE)(facts, numbers).tolist()
        bounds = term_bounds(name, {})
        for row, value in zip(rows, found, strict=True):
            if value != value:
                assert term_kind(name).may_not_apply, name
                continue
            least, most = bounds.correct if row["correct"] > 0 else bounds.incorrect
            assert least - 1e-5 <= value <= most + 1e-5, name


@settings(max_examples=50, deadline=None)
@given(batch=BATCHES)
def test_terms_that_say_they_compare_nothing_see_each_rollout_by_itself(
    batch: list[list[dict[str, float]]],
) -> None:
    facts = table([row for group in batch for row in group])
    numbers = torch.tensor([number for number, group in enumerate(batch) for _ in group])
    alone = torch.arange(len(facts))
    for name in MODULES:
        if compares(name, {}):
            continue
        term = build_term(name, {}, REASONTYPE)
        same = torch.allclose(term(facts, alone), term(facts, numbers), equal_nan=True)
        assert same, f"{name} looks at the other rollouts of a group; add compares= to its KIND"


@pytest.mark.parametrize("name", MODULES)
def test_a_term_pickles_and_documents_itself(name: str) -> None:
    text = term_text(name)
    assert text.splitlines()[0].endswith(".")
    if name not in ("correctness", "format"):
        for part in ("Source:", "Incorrect rollouts:", "Example:"):
            assert part in text, f"{name} lacks {part!r}"
        assert re.search(rf"^    {name}: ", text, re.MULTILINE)
        assert term_kind(name).source or name in ("step_count", "shuffled_tags")  # ours
    term = build_term(name, {}, REASONTYPE)
    again = pickle.loads(pickle.dumps(term))
    facts = table([rollout(1, 10, count__VERIFY=2), rollout(0, 20)])
    groups = torch.tensor([0, 0])
    torch.testing.assert_close(again(facts, groups), term(facts, groups), equal_nan=True)
    assert len(NAMES) == facts.shape[1]


@pytest.mark.parametrize("name", MODULES)
def test_a_term_says_which_columns_it_reads_that_may_be_absent(name: str) -> None:
    facts = table([rollout(1, 10), rollout(0, 20)])
    read = columns_read(build_term(name, {}, REASONTYPE), facts, torch.tensor([0, 0]))
    assert read is not None
    said = term_kind(name).reads
    assert set(said) <= set(MAY_BE_ABSENT)
    assert set(read) & set(MAY_BE_ABSENT) <= set(said), f"add them to reads= of {name}'s KIND"
