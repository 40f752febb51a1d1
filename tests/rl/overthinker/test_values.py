"""What tokens are worth, from samples counted by hand.

pytest tests/rl/overthinker/test_values.py
"""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import pytest

from rl.overthinker.values import BandValues, Style, band_values, shortfalls, style_of, values_table
from tests.rl.making import sample, step

WORK = "Reasoning"


def test_a_verification_step_is_worth_what_it_mends_less_what_it_spoils() -> None:
    samples = [
        sample("a", first_answer_correct=False, correct=True, verification_steps=3),
        sample("b", first_answer_correct=False, correct=True, verification_steps=1),
        sample("c", first_answer_correct=True, correct=False, verification_steps=1),
        sample("d", first_answer_correct=None, correct=False, verification_steps=0),
        sample("e", band="hard", verification_steps=0),
    ]
    easy, hard = band_values(samples)
    assert (easy.band, easy.rollouts, hard.band, hard.rollouts) == ("easy", 4, "hard", 1)
    assert (easy.first_accuracy, easy.accuracy) == (0.25, 0.5)
    assert easy.mended == pytest.approx(2 / 3)
    assert easy.spoiled == 1.0
    assert easy.verification_steps == 1.25
    assert easy.step_value == pytest.approx(0.25 / 1.25)
    assert isnan(hard.step_value)
    assert hard.to_dict()["step_value"] is None
    assert "| hard | 100.0% | 100.0% | 100 | 0.00 | – | 0.0% | – | – | – |" in values_table([hard])


def test_styles_are_read_from_the_work_before_the_first_answer() -> None:
    careful = sample("a", steps=(step("4 - 1 = 3.", WORK), step("3 + 7 = 10.", WORK)))
    terse = sample("b", steps=(step("First, 4 - 1 + 7 = 10.", WORK), step("10 + 2 = 12.", WORK)))
    short = sample("c", steps=(step("4 - 1 = 3.", WORK), step("So the answer is 3.", WORK)))
    verified = sample("d", steps=(step("4 - 1 = 3.", WORK), step("4 - 1 + 7 = 10.")))
    assert [style_of(s) for s in (careful, terse, short, verified)] == [
        "careful", "terse", None, None
    ]  # fmt: skip
    (values,) = band_values([careful, replace(careful, first_answer_correct=False), terse])
    assert values.careful == Style(2, 0.5, 20)
    assert values.terse == Style(1, 1.0, 20)


def test_each_missed_target_of_the_second_edition_is_named() -> None:
    good = [
        BandValues(band, 100, 0.5, 0.9, 120, 2.0, 0.8, 0.0, 0.2, Style(50, 0.9, 40),
                   Style(50, 0.7, 30))
        for band in ("easy", "hard", "search")
    ]  # fmt: skip
    assert shortfalls(good) == []
    easy, hard, search = good
    missed = {
        "first answers on search": [easy, hard, replace(search, first_accuracy=0.8)],
        "accuracy on search": [easy, hard, replace(search, accuracy=0.8)],
        "a verification step on search": [easy, hard, replace(search, step_value=0.04)],
        "careful work on hard": [easy, replace(hard, terse=Style(50, 0.85, 30)), search],
        "0.50 verification steps on easy": [replace(easy, verification_steps=0.5), hard, search],
    }
    for beginning, rows in missed.items():
        (text,) = shortfalls(rows)
        assert text.startswith(beginning)
