"""The packaged overthinker does what makes it one, on a small sample.

pytest tests/rl/overthinker/test_model.py

500 fresh problems are measured by `suffice overthinker build`; the figures stand in the model's
card. Here 80 problems are enough to notice another model, so shares get a tolerance of 10 points,
about two standard errors of a share at that size.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from rl.overthinker.measure import OverthinkerFigures, figures_of, measured_samples
from rl.overthinker.values import band_values
from tagger.frozen import FrozenTagger

pytestmark = pytest.mark.slow

MEETS = OverthinkerFigures(
    samples=500,
    first_accuracy=0.75,
    accuracy=0.87,
    verification_share=0.6,
    verification_steps=3.4,
    unfinished=0.01,
    tokens=150.0,
)


def test_every_target_is_noticed_when_missed() -> None:
    assert MEETS.shortfalls() == []
    missed = [
        replace(MEETS, first_accuracy=0.6),
        replace(MEETS, first_accuracy=0.9, accuracy=0.97),
        replace(MEETS, accuracy=0.8),
        replace(MEETS, verification_share=0.4),
        replace(MEETS, verification_steps=1.9),
        replace(MEETS, unfinished=0.03),
    ]
    assert all(len(figures.shortfalls()) == 1 for figures in missed)


def test_the_packaged_model_overthinks() -> None:
    samples = measured_samples("overthinker", FrozenTagger.load(), problems=80, samples=1, seed=3)
    assert figures_of(samples).shortfalls(slack=0.10) == []


def test_the_second_packaged_model_guesses_searches_and_mends_its_guesses() -> None:
    samples = measured_samples(
        "overthinker-2", FrozenTagger.load(), problems=40, samples=1, seed=3, bands=["search"]
    )
    (search,) = band_values(samples)
    assert 0.25 < search.first_accuracy < 0.70
    assert search.accuracy > 0.75
    assert search.step_value > 0.05
