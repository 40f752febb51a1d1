"""What labels give: biases of counts and of probabilities, and the temperature of a mapping."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.training.by_labels.fit import (
    LEAST_LABELS,
    count_biases,
    moved,
    probability_biases,
    unit_temperature,
)


def test_count_biases_none_where_counts_are_as_labelled() -> None:
    types = np.repeat([0, 1], 40)
    assert not count_biases(np.log(np.eye(2)[types] * 0.8 + 0.1), types).any()


def test_count_biases_leave_rare_types_alone() -> None:
    types = np.repeat([0, 1], [100, LEAST_LABELS - 1])
    scores = np.log(np.tile([0.4, 0.6], (len(types), 1)))
    assert count_biases(scores, types)[1] == 0.0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_count_biases_bring_counts_nearer(seed: int) -> None:
    draw = np.random.default_rng(seed)
    types = draw.choice(3, size=600, p=[0.6, 0.3, 0.1])
    scores = draw.normal(size=(600, 3)) + 1.5 * np.eye(3)[types] + np.array([-2.0, 0.0, 2.0])
    wanted = np.bincount(types, minlength=3)

    def worst(bias: np.ndarray) -> float:
        found = np.bincount((scores + bias).argmax(axis=1), minlength=3)
        return float((np.abs(found - wanted) / wanted).max())

    bias = count_biases(scores, types)
    assert worst(bias) <= 0.1 < worst(np.zeros(3))
    assert abs(bias.mean()) < 1e-9, "a shift of all types changes nothing"


def test_unit_temperature_softens_what_is_too_sure() -> None:
    # Two own types become one: logits of 4 say 0.98, and 3 of 4 labels agree.
    logits = np.tile([4.0, 0.0, -50.0], (40, 1))
    onto = np.array([[1, 0], [0, 1], [0, 1]])
    types = np.repeat([0, 1], [30, 10])
    # The best temperature solves exp(4 / T) = 3: T = 4 / log 3 = 3.64.
    assert unit_temperature(logits, types, onto) == pytest.approx(4 / np.log(3), rel=0.03)


def test_probability_biases_solve_the_equation_of_the_smallest_loss() -> None:
    # Without information, 30 of 40 labels of the first type: by symmetry the biases are b and -b,
    # and 40 / (1 + exp(-2 b)) - 30 + b = 0 is where the loss with its prior is least.
    types = np.repeat([0, 1], [30, 10])
    (one, other), loss = probability_biases(np.log(np.full((40, 2), 0.5)), types)
    assert one == pytest.approx(-other) and 0 < one < np.log(3) / 2
    assert 40 / (1 + np.exp(-2 * one)) - 30 + one == pytest.approx(0, abs=1e-3)
    p = 1 / (1 + np.exp(-2 * one))
    assert loss == pytest.approx(-0.75 * np.log(p) - 0.25 * np.log(1 - p) + one**2 / 40, abs=1e-6)


def test_probability_biases_types_without_labels_keep_a_probability() -> None:
    scores = np.log(np.tile([0.2, 0.2, 0.6], (500, 1)))
    bias, _ = probability_biases(scores, np.repeat([0, 1], 250))
    p = np.exp(moved(scores, bias))
    assert p.sum(axis=1) == pytest.approx(1) and 0 < p[0, 2] < 0.02
    assert p[0, 0] == pytest.approx(p[0, 1]) and p[0, 0] > 0.49


def test_count_biases_of_two_samples_take_the_mean_of_their_counts() -> None:
    scores = np.log(np.array([[0.6, 0.4]] * 400 + [[0.4, 0.6]] * 400 + [[0.3, 0.7]] * 200))
    scores += np.linspace(0, 0.2, 1000)[:, None] * [0, 1]
    types = np.array([0] * 300 + [1] * 500 + [0] * 100 + [1] * 100)
    samples = np.array([0] * 800 + [1] * 200)
    found = (scores + count_biases(scores, types, 0.01, [0], False, samples)).argmax(axis=1) == 0
    shares = [found[samples == i].sum() / (types[samples == i] == 0).sum() for i in (0, 1)]
    assert np.mean(shares) == pytest.approx(1.0, abs=0.01)
    pooled = (scores + count_biases(scores, types, 0.01, [0], False)).argmax(axis=1) == 0
    assert pooled.sum() == pytest.approx(400, rel=0.01) != found.sum()


def test_count_biases_pool_samples_of_which_one_has_too_few_labels() -> None:
    scores = np.log(np.linspace(0.2, 0.8, 400))[:, None] * [1, 0]
    types = np.array([0] * 120 + [1] * 280)
    counts = [(scores + count_biases(scores, types, 0.01, [0], False)).argmax(axis=1).tolist()]
    for first in (29, 250, 60):  # labels of the first type: 29 and 91, all and none, 60 and 60
        samples = np.array([0] * first + [1] * (400 - first))
        bias = count_biases(scores, types, 0.01, [0], False, samples)
        counts.append((scores + bias).argmax(axis=1).tolist())
    pooled, few, none, enough = (found.count(0) for found in counts)
    assert [few, none, pooled] == pytest.approx([120] * 3, abs=1.2)
    assert enough != pooled
