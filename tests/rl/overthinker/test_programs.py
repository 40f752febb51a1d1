"""Programs: the arithmetic under the traces.

pytest tests/rl/overthinker/test_programs.py
"""

from __future__ import annotations

import pytest

from rl.problems.programs import Equation, program_for


@pytest.mark.parametrize(
    ("family", "metadata", "equations"),
    [
        (
            "chain_sum",
            {"expression": "4 - 1 + 7"},
            [Equation(4, "-", 1, 3), Equation(3, "+", 7, 10)],
        ),
        (
            "basic_arithmetic",
            {"expression": "5 - 2 * 3"},
            [Equation(2, "*", 3, 6), Equation(5, "-", 6, -1)],
        ),
        (
            "basic_arithmetic",
            {"expression": "2 * 3 * 4 + 1"},
            [Equation(2, "*", 3, 6), Equation(6, "*", 4, 24), Equation(24, "+", 1, 25)],
        ),
        (
            "leg_counting",
            {"animals": {"cow": 2, "spider": 1, "snake": 3}},
            [
                Equation(2, "*", 4, 8),
                Equation(1, "*", 8, 8),
                Equation(3, "*", 0, 0),
                Equation(8, "+", 8, 16),
                Equation(16, "+", 0, 16),
            ],
        ),
    ],
)
def test_program_computes_in_a_careful_order(
    family: str, metadata: dict[str, object], equations: list[Equation]
) -> None:
    assert program_for(family, metadata).run() == equations


def test_a_mistake_carries_through_to_the_answer() -> None:
    program = program_for("chain_sum", {"expression": "4 - 1 + 7"})
    assert program.run({0: 2}) == [Equation(4, "-", 1, 5), Equation(5, "+", 7, 12)]
