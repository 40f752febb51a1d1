"""Laws of every term with every option: order of rows, groups apart, bounds, documents."""

from __future__ import annotations

import pickle
import re
from collections.abc import Sequence
from functools import cache
from math import isfinite, isnan

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.facts.columns import MAY_BE_ABSENT
from rewards.facts.published import NGRAM_SIZES
from rewards.terms.base import RewardTerm, StatefulTerm
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
from tests.rewards.terms.every import (
    APART,
    CONFIGS,
    Config,
    settings_of,
    trained,
    whole_batch,
)
from tests.rewards.terms.rollouts import NAMES, rollout, table

STATEFUL = {"length_budget", "accuracy_aware", "laser_d", "laser_de"}

COUNTS = st.integers(0, 40).map(float)
SHARES = st.sampled_from([0.0, 0.25, 0.7, 1.0])
FLAGS = st.booleans().map(float)


@st.composite
def rollouts(draw: st.DrawFn) -> dict[str, float]:
    """A rollout whose facts do not contradict each other in what terms read."""
    thinking = draw(st.integers(0, 900))
    verifies = draw(COUNTS) if thinking else 0.0
    words, places, ended = draw(COUNTS), draw(COUNTS), draw(FLAGS)
    repeated, after = draw(SHARES), draw(SHARES)
    steps = verifies + (draw(COUNTS) if thinking else 0.0)
    return rollout(
        draw(FLAGS),
        float(thinking + draw(st.integers(1, 100))),
        ended=ended,
        finished=ended,
        format_ok=draw(FLAGS),
        answered=draw(FLAGS),
        thinking_tokens=float(thinking),
        answer_tokens=1.0,
        answer_step=draw(st.sampled_from([-1.0, 0.0, 3.0])),
        steps=steps,
        keywords=words,
        keywords_completion=words + 1,
        reflections=places,
        budget=draw(st.sampled_from([-1.0, 100.0, 1000.0])),
        reference_accuracy=draw(st.sampled_from([-1.0, 0.0, 0.5, 1.0])),
        forecast_solve_rate=draw(st.sampled_from([-1.0, 0.5, 1.0])),
        forecast_budget=draw(st.sampled_from([-1.0, 0.0, 0.5])),
        folded=draw(FLAGS),
        **{f"repeated_{n}grams": repeated for n in NGRAM_SIZES},
        steps_from_0=verifies,
        steps_from_64=steps - verifies,
        count__VERIFY=verifies,
        count_after__VERIFY=float(int(after * verifies)),
        count_completion__VERIFY=verifies + 1,
        count_after_completion__VERIFY=float(int(after * verifies)) + 1,
        tokens__VERIFY=float(draw(st.integers(0, thinking))),
        tokens_after__VERIFY=float(int(after * thinking)),
    )


BATCHES = st.lists(st.lists(rollouts(), min_size=1, max_size=4), min_size=1, max_size=3)
Batches = list[list[dict[str, float]]]
LAW = settings(max_examples=20, deadline=None)


@cache
def every() -> list[tuple[Config, RewardTerm]]:
    """Every term with every option, those that learn after a batch of training."""
    return [(config, trained(config)) for config in CONFIGS]


def gathered(batch: Batches, numbers: Sequence[int] = range(9)) -> tuple[torch.Tensor, ...]:
    """Facts and group numbers of a batch."""
    of_rows = [numbers[n] for n, group in enumerate(batch) for _ in group]
    return table([row for group in batch for row in group]), torch.tensor(of_rows)


def alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)


def test_every_term_tells_some_rollouts_apart_in_the_settings_of_these_laws() -> None:
    """A law that is tried where a term is the same for all would hold of anything."""
    facts, numbers = gathered(APART)
    for config, term in every():
        found = term(facts, numbers)
        found = found[~found.isnan()]
        assert float(found.max() - found.min()) > 1e-4, config


# All terms share each drawn batch: drawing costs far more than computing a term.
@LAW
@given(batch=BATCHES, data=st.data())
def test_terms_do_not_depend_on_the_order_of_rows(batch: Batches, data: st.DataObject) -> None:
    facts, numbers = gathered(batch)
    order = data.draw(st.permutations(range(len(facts))))
    for config, term in every():
        found = term(facts, numbers)
        assert found.shape == (len(facts),) and found.dtype == torch.float32, config
        assert alike(term(facts[order], numbers[order]), found[order]), config


@LAW
@given(batch=BATCHES, data=st.data())
def test_terms_learn_the_same_from_a_batch_in_any_order(
    batch: Batches, data: st.DataObject
) -> None:
    facts, numbers = gathered(batch)
    order = data.draw(st.permutations(range(len(facts))))
    learning = [config for config, term in every() if isinstance(term, StatefulTerm)]
    assert {name for name, _ in learning} == STATEFUL
    for config in learning:
        one, other = trained(config), trained(config)
        assert isinstance(one, StatefulTerm) and isinstance(other, StatefulTerm)
        one.observe(facts, numbers)
        other.observe(facts[order], numbers[order])
        assert alike(one(facts, numbers), other(facts, numbers)), config


@LAW
@given(batch=BATCHES, numbers=st.permutations(range(9)))
def test_terms_do_not_depend_on_how_whole_groups_are_spread_over_processes(
    batch: Batches, numbers: list[int]
) -> None:
    """Each group alone, under any number, gets what it gets in the gathered table."""
    facts, gathered_numbers = gathered(batch, numbers)
    parts = [gathered([group]) for group in batch]
    for config, term in every():
        if not whole_batch(config):
            alone = torch.cat([term(*part) for part in parts])
            assert alike(alone, term(facts, gathered_numbers)), config


@LAW
@given(batch=BATCHES)
def test_terms_keep_their_bounds_and_are_nan_only_where_they_say_so(batch: Batches) -> None:
    facts, numbers = gathered(batch)
    correct = facts[:, NAMES.index("correct")] > 0
    for (name, params), term in every():
        bounds = term_bounds(name, params)
        for right, value in zip(correct.tolist(), term(facts, numbers).tolist(), strict=True):
            if isnan(value):
                assert term_kind(name).may_not_apply, name
                continue
            least, most = bounds.correct if right else bounds.incorrect
            assert isfinite(value) and least - 1e-5 <= value <= most + 1e-5, (name, params)


@LAW
@given(batch=BATCHES)
def test_terms_that_say_they_compare_nothing_see_each_rollout_by_itself(batch: Batches) -> None:
    facts, numbers = gathered(batch)
    alone = torch.arange(len(facts))
    for (name, params), term in every():
        if not compares(name, params):
            assert alike(term(facts, alone), term(facts, numbers)), (
                f"{name} {params} looks at the other rollouts of a group; add compares= to its KIND"
            )


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
    said, found = term_kind(name).reads, []
    for params in ({}, *settings_of(name)):
        read = columns_read(build_term(name, params, REASONTYPE), facts, torch.tensor([0, 0]))
        assert read is not None
        found.append(set(read) & set(MAY_BE_ABSENT))
    assert set().union(*found) == set(said), f"name them in reads= of {name}'s KIND, and no others"
    for column, when in said.items():
        depends = when.startswith("with ")
        assert depends != (column in found[0]), f"{name} reads {column!r} {when or 'always'}"
