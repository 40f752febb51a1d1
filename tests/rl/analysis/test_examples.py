"""Example traces of problems with and without a band."""

from __future__ import annotations

from rl.analysis.examples import choose_examples
from tests.rl.making import sample


def test_examples_of_problems_without_a_band_name_none() -> None:
    base = [sample(name, band="all", correct=True) for name in "abc"]
    trained = [sample(name, band="all", correct=name != "c") for name in "abc"]
    (found, *_) = choose_examples(base, trained)
    assert found["reason"] == "problem, both correct: the median saving"
    assert [e["reason"] for e in choose_examples(base, [])] == ["median length"]
    easy = [sample("a", band="easy", correct=True)]
    assert choose_examples(easy, easy)[0]["reason"].startswith("easy problem, both correct")
