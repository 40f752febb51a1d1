"""The overthinker's problems: splits, bands, references.

pytest tests/rl/overthinker/test_problems.py
"""

from __future__ import annotations

import pytest

from rl.problems.overthinker import BANDS, make_problems
from rl.problems.programs import program_for
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
