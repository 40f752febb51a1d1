"""Which checker a problem calls for, and what the embedded families' scorers take."""

from __future__ import annotations

import sys

import pytest

from rewards.answers.checkers import (
    _scorer,
    check_equivalent,
    check_reasoning_gym,
    checker_for,
)


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
        ("leg_counting", r"\boxed{30.0}", "30", False),
        ("basic_arithmetic", r"\boxed{7}", "7", True),
        ("basic_arithmetic", r"\boxed{77}", "7", False),
    ],
)
def test_check_reasoning_gym_of_the_embedded_families(
    family: str, answer: str, reference: str, right: bool
) -> None:
    metadata = {"source_dataset": family}
    assert checker_for(metadata) is check_reasoning_gym
    assert check_reasoning_gym(answer, reference, metadata) is right


@pytest.mark.parametrize("name", [None, "", "gsm8k", 3, ["chain_sum"], {}])
def test_checker_for_a_foreign_data_set_is_equivalence(name: object) -> None:
    assert checker_for({"source_dataset": name}) is check_equivalent


def test_checker_for_without_reasoning_gym(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    _scorer.cache_clear()
    try:
        assert checker_for({"source_dataset": "countdown"}) is check_equivalent
        assert checker_for({"source_dataset": "chain_sum"}) is check_reasoning_gym
    finally:
        _scorer.cache_clear()
