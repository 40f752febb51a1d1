"""Writes the second edition's traces: English paragraphs, typed by construction.

A trace restates, plans, works, states an answer, and then verifies it again and again; how many
rounds are written depends on nothing, for the overthinker does not know when verifying pays. Work
is written carefully, an operation a step, or tersely, two at once, whatever the problem. On a
search the first answer is a guess.

Mistakes are in the text so that the model learns to find and mend them, and are left out of the
loss so that it does not learn to make them: those it makes are of what it cannot do in one pass,
two operations at once or a search at first sight.
"""

from __future__ import annotations

import random

from rl.overthinker.guesses import write_search
from rl.overthinker.paragraphs import Paragraphs, Piece
from rl.overthinker.traces import Trace, plural
from rl.problems.programs import Equation, Operand, Program

MISTAKE_RATE = {"easy": 0.10, "medium": 0.20, "hard": 0.30, "beyond": 0.35}
"""Share of first passes with a written mistake, by band."""
TERSE_SHARE = 0.5
"""Share of traces whose work is terse."""
STOP_HAZARD = (0.06, 0.14, 0.26, 0.38, 0.50, 0.65, 1.0)
"""Chance to close the thinking after 0, 1, ... 6 rounds of verifying."""
SEARCH_HAZARD = (0.03, 0.06, 0.12, 0.25, 0.40, 0.60, 1.0)
"""The same for searches, which need more rounds; it, too, is blind to what the tests say."""


class ChainWriter:
    """Writes one trace of a chain of operations.

    Args:
        program: The problem's program.
        band: Its difficulty band; sets the rate of mistakes.
        rng: Source of all choices.
    """

    def __init__(self, program: Program, band: str, rng: random.Random) -> None:
        self._program, self._rng, self._text = program, rng, Paragraphs(rng)
        self._terse = rng.random() < TERSE_SHARE
        self._slips: dict[int, int] = {}
        if rng.random() < MISTAKE_RATE[band]:
            self._slips[rng.randrange(len(program.ops))] = rng.choice((-10, -2, -1, 1, 2, 10))

    def write(self) -> Trace:
        """Write the trace."""
        self._opening()
        first = believed = self._first_pass()
        rounds = 0
        while self._rng.random() >= STOP_HAZARD[rounds]:
            believed = self._round(believed)
            rounds += 1
        return self._text.trace(believed, first, rounds)

    def _opening(self) -> None:
        program = self._program
        if program.facts:
            herd = ", ".join(f"{n} {plural(name, n)}" for name, n, _ in program.facts)
            self._text.say(
                "RESTATE",
                f"We have {herd}.",
                f"I need to count the legs of {herd}.",
                f"The list is {herd}.",
            )
            legs = ", ".join(f"{name} {k}" for name, _, k in program.facts)
            self._text.say("RECALL", f"Legs of each: {legs}.", f"I recall the legs: {legs}.")
            return
        self._text.say(
            "RESTATE",
            f"I need to work out {program.expression}.",
            f"The problem asks for {program.expression}.",
            f"We have {program.expression}.",
        )
        if any(symbol == "*" for _, symbol, _ in program.ops) and len(program.ops) > 1:
            self._text.say("HEURISTIC", "Products come first.", "Multiply first, then add up.")
        elif len(program.ops) > 1:
            self._text.say("HEURISTIC", "I will go from left to right.", "Step by step, then.")

    def _first_pass(self) -> int:
        equations = self._program.run(self._slips)
        for count, (parts, slipped) in enumerate(self._work(equations)):
            lead = self._rng.choice(("", "", "", "First, ")) if count == 0 else ""
            left, result = parts
            shown: Piece = (f" {result}",) if slipped else f" {result}"
            self._text.say("SUBSTITUTE", [f"{lead}{left} =", shown, "."])
        self._conclude(equations[-1].result)
        return equations[-1].result

    def _work(self, equations: list[Equation]) -> list[tuple[tuple[str, int], bool]]:
        """Left sides and results of the first pass, and whether a result is a mistake."""
        ops, rows, i = self._program.ops, [], 0
        while i < len(ops):
            e = equations[i]
            pair = self._terse and i + 1 < len(ops) and _follows(ops[i + 1], i)
            if pair:
                then = equations[i + 1]
                rows.append(
                    (
                        (f"{e.left} {e.symbol} {e.right} {then.symbol} {then.right}", then.result),
                        i in self._slips or i + 1 in self._slips,
                    )
                )
            else:
                rows.append(((f"{e.left} {e.symbol} {e.right}", e.result), i in self._slips))
            i += 2 if pair else 1
        return rows

    def _conclude(self, value: int) -> None:
        self._text.say(
            "CONCLUDE", f"So the answer is {value}.", f"That gives {value} as the answer."
        )

    def _round(self, believed: int) -> int:
        """One round of verifying; returns the answer believed after it."""
        kind = self._rng.choices(
            ("announced", "silent", "self_talk", "single", "confirm", "alternative"),
            (0.40, 0.22, 0.15, 0.10, 0.06, 0.07),
        )[0]
        if kind == "self_talk":
            self._text.doubt()
            kind = "announced" if self._rng.random() < 0.5 else "silent"
        if kind == "alternative" and len(self._program.facts) < 2:
            kind = "announced"
        if kind == "single":
            return self._check_one(believed)
        if kind == "confirm" and not self._slips:
            self._text.confirm(believed)
            return believed
        return self._recompute(believed, kind)

    def _recompute(self, believed: int, kind: str) -> int:
        self._slips.clear()
        equations = self._program.run()
        value = equations[-1].result
        work = ", ".join(str(e) for e in equations)
        if kind == "alternative":
            self._text.say("ALTERNATIVE", f"Another way is to count group by group: {work}.")
        elif kind == "silent":
            self._text.say("VERIFY", f"{work}.")
        else:
            self._text.say(
                "VERIFY", f"{self._text.opener()}: {work}. {self._ending(value == believed)}"
            )
        if value != believed:
            self._conclude(value)
        return value

    def _ending(self, agrees: bool) -> str:
        return self._rng.choice(
            ("That matches.", "Good.", "Same result.", "Correct.")
            if agrees
            else ("That is not what I had.", "So I made a mistake.", "This differs from before.")
        )

    def _check_one(self, believed: int) -> int:
        before = self._program.run(self._slips)
        index = self._rng.randrange(len(before))
        self._slips.pop(index, None)
        after = self._program.run(self._slips)
        old, new = before[index], after[index]
        question = f"Is {old.left} {old.symbol} {old.right} really {old.result}?"
        if new.result == old.result:
            self._text.say("VERIFY", f"{question} Yes, {new}.")
            return believed
        self._text.say("VERIFY", f"{question} No, {new}.")
        for equation in after[index + 1 :]:
            if equation not in before:
                self._text.say("SUBSTITUTE", f"{equation}.")
        value = after[-1].result
        if value != believed:
            self._conclude(value)
        return value


def _follows(op: tuple[Operand, str, Operand], index: int) -> bool:
    """Whether an operation takes the result of operation `index` and a literal."""
    left, symbol, right = op
    return left == ("r", index) and isinstance(right, int) and symbol != "*"


def write_second(program: Program, band: str, rng: random.Random) -> Trace:
    """Write one trace of the second edition.

    Args:
        program: The problem's program.
        band: Its difficulty band; sets the rate of written mistakes in chains.
        rng: Source of all choices.
    """
    if program.candidates:
        return write_search(program, SEARCH_HAZARD, rng)
    return ChainWriter(program, band, rng).write()
