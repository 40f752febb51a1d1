"""Writes the traces of the warm start: a problem solved in English, then verified too often.

Each problem is one of the kit's own, with the program that solves it. The first pass goes an
operation at a time; rounds of verification follow, in the wordings that published reasoning models
use, as many as chance gives, whatever the problem. Some first passes hold a slip, which the first
verification that looks at it finds and mends; the slip is left out of the loss
(`rl.overthinker.paragraphs`).
"""

from __future__ import annotations

import random

from rl.overthinker.paragraphs import Paragraphs, Piece
from rl.overthinker.traces import Trace, plural
from rl.problems.programs import Equation, Program

SLIP_RATE = 0.15
"""Share of first passes with a slip."""
STOP_HAZARD = (0.06, 0.20, 0.40, 0.60, 1.0)
"""Chance to close the thinking after 0, 1, ... 4 rounds of verification: 2.3 rounds on average."""
ROUNDS = {"recompute": 0.45, "single": 0.35, "backward": 0.08, "glance": 0.12}
"""Kinds of rounds, with their shares."""
_OPENERS = (
    "Let me double-check",
    "Wait, let me check that again",
    "Let me verify",
    "Let me go through it once more",
    "Just to be sure, I'll recompute",
    "Hmm, let me make sure",
    "Let me check again",
)
_AGREES = ("Yes, that matches.", "That's correct.", "Same result as before.", "Good, it matches.")
_DIFFERS = ("That's not what I had, so I made a mistake.", "Wait, I had something else before.")
_INVERSE = {"+": "-", "-": "+"}


class WarmStartWriter:
    """Writes one trace.

    Args:
        program: The problem's program, without candidates.
        rng: Source of all choices.
    """

    def __init__(self, program: Program, rng: random.Random) -> None:
        self._program, self._rng, self._text = program, rng, Paragraphs(rng)
        self._slips: dict[int, int] = {}
        if rng.random() < SLIP_RATE:
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
        program, say = self._program, self._text.say
        if program.facts:
            herd = ", ".join(f"{n} {plural(name, n)}" for name, n, _ in program.facts)
            if self._rng.random() < 0.3:
                say("RESTATE", f"I need to count the legs of {herd}.", f"The animals are {herd}.")
            legs = ", ".join(f"each {name} has {k} legs" for name, _, k in program.facts)
            say("RECALL", f"{legs[:1].upper()}{legs[1:]}.", f"I know that {legs}.")
            return
        if self._rng.random() < 0.3:
            say(
                "RESTATE",
                f"Okay, I need to compute {program.expression}.",
                f"I have to work out {program.expression}.",
                f"The problem is {program.expression}.",
            )
        if any(symbol == "*" for _, symbol, _ in program.ops) and len(program.ops) > 1:
            say("HEURISTIC", "Multiplication comes first.", "I should do the products first.")

    def _first_pass(self) -> int:
        equations = self._program.run(self._slips)
        lead = self._rng.random() < 0.5
        for i, equation in enumerate(equations):
            word = (
                "" if not lead else "First, " if i == 0 else self._rng.choice(("Then ", "Next, "))
            )
            result: Piece = f" {equation.result}"
            if i in self._slips:
                result = (f" {equation.result}",)
            left = f"{word}{equation.left} {equation.symbol} {equation.right} ="
            self._text.say("SUBSTITUTE", [left, result, "."])
        self._conclude(equations[-1].result)
        return equations[-1].result

    def _conclude(self, value: int) -> None:
        self._text.say(
            "CONCLUDE",
            f"So the answer is {value}.",
            f"Therefore, the answer is {value}.",
            f"So the final answer is {value}.",
        )

    def _round(self, believed: int) -> int:
        """One round of verification; returns the answer believed after it."""
        kind = self._rng.choices(list(ROUNDS), list(ROUNDS.values()))[0]
        if kind == "single":
            return self._one_operation(believed)
        if kind == "backward" and not self._slips and self._reversible:
            self._backward()
            return believed
        if kind == "glance" and not self._slips:
            self._text.say(
                "VERIFY",
                f"I see no mistake, {believed} looks right.",
                f"Wait, is that right? Yes, {believed} seems correct.",
            )
            return believed
        return self._recompute(believed)

    @property
    def _reversible(self) -> bool:
        """Whether the program is a chain of sums, which can be gone through backwards."""
        return not self._program.facts and all(s != "*" for _, s, _ in self._program.ops)

    def _recompute(self, believed: int) -> int:
        self._slips.clear()
        equations = self._program.run()
        value, agrees = equations[-1].result, equations[-1].result == believed
        work = ", ".join(map(str, equations))
        ending = self._rng.choice(_AGREES if agrees else _DIFFERS)
        self._text.say("VERIFY", f"{self._rng.choice(_OPENERS)}: {work}. {ending}")
        if not agrees:
            self._conclude(value)
        return value

    def _one_operation(self, believed: int) -> int:
        before = self._program.run(self._slips)
        index = self._rng.randrange(len(before))
        self._slips.pop(index, None)
        after = self._program.run(self._slips)
        old, new = before[index], after[index]
        asked = f"{old.left} {old.symbol} {old.right}"
        if new.result == old.result:
            self._text.say(
                "VERIFY",
                f"Wait, is {asked} really {old.result}? Yes, {new}.",
                f"Let me check {asked} again. It is {new.result}, that's right.",
                f"Let me verify that {new}. Yes, that's correct.",
            )
            return believed
        self._text.say("VERIFY", f"Wait, is {asked} really {old.result}? No, {new}.")
        for equation in after[index + 1 :]:
            self._text.say("SUBSTITUTE", f"Then {equation}.")
        value = after[-1].result
        if value != believed:
            self._conclude(value)
        return value

    def _backward(self) -> None:
        work = ", ".join(
            str(Equation(e.result, _INVERSE[e.symbol], e.right, e.left))
            for e in reversed(self._program.run())
        )
        self._text.say(
            "VERIFY",
            f"Working backwards: {work}. That is where I started.",
            f"Let me verify it backwards: {work}. Yes.",
        )


def write_warm_start(program: Program, rng: random.Random) -> Trace:
    """Write one trace; see `WarmStartWriter`."""
    return WarmStartWriter(program, rng).write()
