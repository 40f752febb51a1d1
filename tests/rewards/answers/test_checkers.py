"""Which checker a problem calls for, and what the checkers are given."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from rewards.answers.checkers import check_equivalent, check_reasoning_gym, checker_for
from rewards.answers.gym import _scorer


@pytest.mark.parametrize(
    ("family", "answer", "reference", "right"),
    [
        ("chain_sum", r"\boxed{12}", "12", True),
        ("chain_sum", r"\boxed{012}", "12", True),
        ("chain_sum", r"\boxed{12.0}", "12", True),
        ("chain_sum", r"\boxed{-3}", "-3", True),
        ("chain_sum", r"\boxed{13}", "12", False),
        ("chain_sum", "I do not know", "12", False),
        ("leg_counting", r"\boxed{30}", "30", True),
        ("leg_counting", r"\boxed{30.5}", "30", False),
        ("basic_arithmetic", r"\boxed{7}", "7", True),
        ("basic_arithmetic", r"\boxed{77}", "7", False),
    ],
)
def test_check_reasoning_gym_of_the_embedded_families(
    family: str, answer: str, reference: str, right: bool
) -> None:
    metadata = {"source_dataset": family, "source_index": 0}
    assert checker_for(metadata) is check_reasoning_gym
    assert check_reasoning_gym(answer, reference, metadata) is right


def test_checker_for_without_reasoning_gym(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    _scorer.cache_clear()
    names = ("countdown", "chain_sum")
    countdown, chain_sum = ({"source_dataset": name, "source_index": 0} for name in names)
    try:
        assert checker_for(countdown) is check_equivalent
        assert checker_for(chain_sum) is check_reasoning_gym
    finally:
        _scorer.cache_clear()


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"source_dataset": "gsm8k"},
        {"source_dataset": "chain_sum"},
        {"source_dataset": "gsm8k", "source_index": 3},
        {"source_dataset": None, "source_index": 3},
        {"source_dataset": ["chain_sum"], "source_index": 3},
        {"source_dataset": "chain_sum", "source_index": "3"},
        {"source_dataset": "chain_sum", "source_index": True},
    ],
)
def test_checker_for_takes_no_file_for_reasoning_gym(metadata: dict[str, object]) -> None:
    assert checker_for(metadata) is check_equivalent


def test_check_reasoning_gym_wants_full_marks() -> None:
    gym = {"source_dataset": "chain_sum", "source_index": 0}
    assert checker_for(gym) is check_reasoning_gym
    assert check_reasoning_gym(r"The answer is \boxed{12}.", "12", gym)
    assert check_reasoning_gym("The answer is 1,024 legs.", "1024", gym)
    assert not check_reasoning_gym(r"The answer is \boxed{12}.", "1", gym)
    assert not check_reasoning_gym(r"\boxed{11} or \boxed{12}", "12", gym)
    assert not check_reasoning_gym("I do not know", "1", gym)


def test_check_reasoning_gym_compares_where_the_scorer_misses_its_metadata() -> None:
    gym = {"source_dataset": "number_format", "source_index": 0}
    assert check_reasoning_gym(r"\boxed{12.5}", "12.5", gym)
    assert not check_reasoning_gym(r"\boxed{13}", "12.5", gym)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("spiral_matrix", "[exit(3)]"),
        ("string_insertion", "open('stolen', 'w')"),
        ("polynomial_multiplication", "().__class__"),
        ("countdown", "9**9**9**9"),
    ],
)
def test_check_reasoning_gym_runs_no_code_of_an_answer(name: str, answer: str) -> None:
    metadata = {"source_dataset": name, "source_index": 0, "numbers": [9], "target": 9}
    assert not check_reasoning_gym(rf"\boxed{{{answer}}}", "1 2 3", metadata)


@pytest.mark.parametrize("checker", [check_equivalent, check_reasoning_gym])
def test_checkers_pickle(checker: object) -> None:
    assert pickle.loads(pickle.dumps(checker)) is checker


def test_check_equivalent_loads_no_algebra_for_numbers() -> None:
    code = (
        "import sys\n"
        "from rewards.answers.checkers import checker_for\n"
        "check = checker_for({'source_dataset': 'gsm8k'})\n"
        "assert check('The answer is 42.', '42', {}) and not check('It is 41', '42', {})\n"
        "assert check(r'\\boxed{B}', 'B', {}) and check('<answer>5 km</answer>', '5000 m', {})\n"
        "assert not {'sympy', 'math_verify', 'reasoning_gym', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
