"""Problems as short straight-line programs: what is computed, in which order.

A program can be run with mistakes put in, backwards, or in part; the trace writer turns such
runs into English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from rl.problems.arithmetic import LEGS

Operand = int | tuple[str, int]
"""A literal, or ``("r", i)``: the result of operation i."""


@dataclass(frozen=True, slots=True)
class Equation:
    """One carried-out operation, ``left symbol right = result``."""

    left: int
    symbol: str
    right: int
    result: int

    def __str__(self) -> str:
        return f"{self.left} {self.symbol} {self.right} = {self.result}"


def apply(symbol: str, left: int, right: int) -> int:
    """Compute one operation of ``+ - *``."""
    if symbol == "+":
        return left + right
    if symbol == "-":
        return left - right
    return left * right


@dataclass(frozen=True)
class Program:
    """Operations in the order a careful person works them out.

    Attributes:
        family: Name of the family.
        ops: ``(left, symbol, right)`` each; the last one's result is the answer.
        facts: For leg counting, ``(animal, count, legs)`` in the order of the question.
        expression: For the arithmetic families, the expression as asked.
        candidates: For a search, the program of each letter; it has no `ops` of its own.
        target: And the value that one of them gives.
    """

    family: str
    ops: tuple[tuple[Operand, str, Operand], ...]
    facts: tuple[tuple[str, int, int], ...] = field(default=())
    expression: str = ""
    candidates: tuple[tuple[str, Program], ...] = ()
    target: int = 0

    def run(self, mistakes: dict[int, int] | None = None) -> list[Equation]:
        """Carry out all operations, adding ``mistakes[i]`` to the result of operation i."""
        mistakes = mistakes or {}
        results: list[int] = []
        equations: list[Equation] = []
        for i, (left, symbol, right) in enumerate(self.ops):
            a = left if isinstance(left, int) else results[left[1]]
            b = right if isinstance(right, int) else results[right[1]]
            value = apply(symbol, a, b) + mistakes.get(i, 0)
            results.append(value)
            equations.append(Equation(a, symbol, b, value))
        return equations

    def results(self) -> list[int]:
        """Results of all operations, without mistakes."""
        return [equation.result for equation in self.run()]


def _chain(tokens: list[str]) -> tuple[tuple[Operand, str, Operand], ...]:
    """Products first, then left to right."""
    ops: list[tuple[Operand, str, Operand]] = []
    terms: list[Operand] = [int(tokens[0])]
    signs: list[str] = []
    for symbol, literal in zip(tokens[1::2], tokens[2::2], strict=True):
        if symbol == "*":
            ops.append((terms[-1], "*", int(literal)))
            terms[-1] = ("r", len(ops) - 1)
        else:
            signs.append(symbol)
            terms.append(int(literal))
    total = terms[0]
    for symbol, term in zip(signs, terms[1:], strict=True):
        ops.append((total, symbol, term))
        total = ("r", len(ops) - 1)
    return tuple(ops)


def _legs(facts: tuple[tuple[str, int, int], ...]) -> tuple[tuple[Operand, str, Operand], ...]:
    ops: list[tuple[Operand, str, Operand]] = [(count, "*", legs) for _, count, legs in facts]
    total: Operand = ("r", 0)
    for i in range(1, len(facts)):
        ops.append((total, "+", ("r", i)))
        total = ("r", len(ops) - 1)
    return tuple(ops)


def program_for(family: str, metadata: dict[str, Any]) -> Program:
    """Read the program of an arithmetic problem.

    Args:
        family: ``chain_sum``, ``basic_arithmetic``, ``leg_counting`` or ``which_gives``.
        metadata: The entry's metadata.

    Returns:
        The program; running it without mistakes gives the entry's answer.
    """
    if family == "leg_counting":
        facts = tuple((name, n, LEGS[name]) for name, n in metadata["animals"].items())
        return Program(family, _legs(facts), facts=facts)
    if family == "which_gives":
        return Program(
            family,
            (),
            candidates=tuple(
                (k, _arithmetic(family, v)) for k, v in metadata["candidates"].items()
            ),
            target=int(metadata["target"]),
        )
    return _arithmetic(family, metadata["expression"])


def _arithmetic(family: str, expression: str) -> Program:
    tokens = re.findall(r"\d+|[-+*]", expression)
    return Program(family, _chain(tokens), expression=expression)
