"""The overthinker's problems: splits, bands, references.

pytest tests/rl/overthinker/test_problems.py
"""

from __future__ import annotations

import hashlib

import pytest

from rl.problems.overthinker import ALL_BANDS, BANDS, OverthinkerSettings, make_problems
from rl.problems.problem import score_answer
from rl.problems.programs import program_for
from rl.problems.registry import load_problems
from tagger.errors import UserError


def test_splits_share_no_question_and_the_seed_fixes_the_list() -> None:
    splits = {s: make_problems(s, 120, seed=1) for s in ("train", "calibration", "test")}
    questions = {s: {p.question for p in problems} for s, problems in splits.items()}
    assert all(len(q) == 120 for q in questions.values())
    assert not questions["train"] & questions["test"]
    assert not questions["train"] & questions["calibration"]
    assert not questions["calibration"] & questions["test"]
    assert make_problems("test", 120, seed=1) == splits["test"]
    assert make_problems("test", 120, seed=2) != splits["test"]
    assert [p.band for p in splits["test"][:6]] == [*BANDS, *BANDS]
    assert {p.family for p in splits["test"]} == {"chain_sum", "leg_counting", "basic_arithmetic"}


def test_references_are_what_the_programs_compute() -> None:
    for problem in make_problems("train", 200, seed=3):
        program = program_for(problem.family, problem.metadata)
        assert str(program.results()[-1]) == problem.reference


def test_unknown_names_and_impossible_sizes_are_told_in_a_sentence() -> None:
    with pytest.raises(UserError, match="'test'"):
        make_problems("tset", 3, seed=0)
    with pytest.raises(UserError, match="did you mean 'easy'"):
        make_problems("test", 3, seed=0, bands=("esay",))


def test_the_first_editions_problems_are_what_they_were() -> None:
    lines = [f"{p.question}|{p.reference}" for p in make_problems("test", 300, seed=0)]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert digest[:16] == "85b363169b7d8361"


def test_a_search_asks_for_the_one_expression_that_gives_the_target() -> None:
    for problem in make_problems("test", 60, seed=4, bands=("search",)):
        program = program_for(problem.family, problem.metadata)
        values = {letter: chain.results() for letter, chain in program.candidates}
        assert list(values) in (["A", "B"], ["A", "B", "C"])
        assert len({v[-1] for v in values.values()}) == len(values)
        assert all(0 <= v <= 20 for chain in values.values() for v in chain)
        assert [k for k, v in values.items() if v[-1] == program.target] == [problem.reference]
        for letter, text in problem.metadata["candidates"].items():
            assert f"{letter}: {text}" in problem.question
            assert eval(text) == values[letter][-1]
        assert score_answer(problem, f"The answer is \\boxed{{{problem.reference}}}.")


def test_bands_of_the_second_edition_are_drawn_where_they_are_named() -> None:
    named = load_problems("overthinker", "test", 10, 0, settings={"bands": list(ALL_BANDS)})
    assert [p.band for p in named[:5]] == list(ALL_BANDS)
    longest = make_problems("test", 40, seed=0, bands=("beyond",))
    assert {p.family for p in longest} == {
        "chain_sum", "leg_counting", "basic_arithmetic", "which_gives"
    }  # fmt: skip
    assert all(len(p.metadata["candidates"]) == 4 for p in longest if p.family == "which_gives")
    assert OverthinkerSettings().bands == list(BANDS)
    for bad in ([], ["easy", "easy"]):
        with pytest.raises(UserError, match="each once"):
            OverthinkerSettings(bands=bad)
