"""Writes the overthinker's traces: English paragraphs that carry their step types by construction.

A trace restates, plans, computes, states an answer, and then checks it again and again. The first
pass contains a mistake at a rate that grows with the band; a check that looks at the mistake finds
it most of the time, but some mistakes are blind spots that no check sees. How many rounds are
written depends on nothing: the overthinker does not know when checking pays.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from rl.problems.programs import Equation, Program

MISTAKE_RATE = {"easy": 0.10, "medium": 0.24, "hard": 0.42}
BLIND_SPOT_RATE = 0.3
"""Share of mistakes that no check finds."""
FIND_RATE = 0.75
"""Chance that a check which recomputes a findable mistake sees it."""
SLIP_RATE = 0.02
"""Chance that a full recomputation makes a mistake of its own."""
STOP_HAZARD = (0.04, 0.09, 0.16, 0.25, 0.34, 0.45, 0.55, 0.70, 1.0)
"""Chance to close the thinking after 0, 1, ... 8 rounds of checking."""


@dataclass(frozen=True)
class Trace:
    """A written trace.

    Attributes:
        steps: ``(paragraph, ReasonType tag)`` in order.
        answer: The value given at the end.
        first_answer: The value first stated.
        rounds: Rounds of checking.
        unlearned: Spans of `completion` that are read only, left out of the loss.
    """

    steps: tuple[tuple[str, str], ...]
    answer: int | str
    first_answer: int | str
    rounds: int
    unlearned: tuple[tuple[int, int], ...] = ()

    @property
    def thinking(self) -> str:
        """The paragraphs, joined by blank lines."""
        return "\n\n".join(text for text, _ in self.steps)

    @property
    def completion(self) -> str:
        """What the model is taught to write after the prefilled opening delimiter."""
        return f"{self.thinking}\n</think>\n\nThe answer is \\boxed{{{self.answer}}}."


def plural(name: str, count: int) -> str:
    """The form reasoning-gym's questions use."""
    return name if count == 1 else f"{name}s"


class TraceWriter:
    """Writes one trace of one problem.

    Args:
        program: The problem's program.
        band: Its difficulty band; sets the mistake rate.
        rng: Source of all choices.
    """

    def __init__(self, program: Program, band: str, rng: random.Random) -> None:
        self._program = program
        self._rng = rng
        self._steps: list[tuple[str, str]] = []
        self._mistakes: dict[int, int] = {}
        self._blind: set[int] = set()
        if rng.random() < MISTAKE_RATE[band]:
            index = rng.randrange(len(program.ops))
            self._mistakes[index] = self._slip()
            if rng.random() < BLIND_SPOT_RATE:
                self._blind.add(index)

    def write(self) -> Trace:
        """Write the trace."""
        self._opening()
        believed = self._first_pass()
        first = believed
        rounds = 0
        while self._rng.random() >= STOP_HAZARD[rounds]:
            believed = self._round(believed)
            rounds += 1
        return Trace(tuple(self._steps), believed, first, rounds)

    def _say(self, tag: str, *wordings: str) -> None:
        self._steps.append((self._rng.choice(wordings), tag))

    def _slip(self) -> int:
        return self._rng.choice((-10, -2, -1, -1, 1, 1, 2, 10))

    def _opening(self) -> None:
        program = self._program
        if program.family == "leg_counting":
            herd = ", ".join(f"{n} {plural(name, n)}" for name, n, _ in program.facts)
            self._say(
                "RESTATE",
                f"We have {herd}.",
                f"I need to count the legs of {herd}.",
                f"The list is {herd}.",
            )
            legs = ", ".join(f"{name} {k}" for name, _, k in program.facts)
            self._say("RECALL", f"Legs of each: {legs}.", f"I recall the legs: {legs}.")
            return
        self._say(
            "RESTATE",
            f"I need to work out {program.expression}.",
            f"The problem asks for {program.expression}.",
            f"We have {program.expression}.",
        )
        if any(symbol == "*" for _, symbol, _ in program.ops) and len(program.ops) > 1:
            self._say("HEURISTIC", "Products come first.", "Multiply first, then add up.")
        elif len(program.ops) > 1:
            self._say("HEURISTIC", "I will go from left to right.", "Step by step, then.")

    def _first_pass(self) -> int:
        equations = self._program.run(self._mistakes)
        for i, equation in enumerate(equations):
            lead = self._rng.choice(("", "", "", "First, ")) if i == 0 else ""
            self._say("SUBSTITUTE", f"{lead}{equation}.")
        answer = equations[-1].result
        self._conclude(answer)
        return answer

    def _conclude(self, value: int) -> None:
        self._say("CONCLUDE", f"So the answer is {value}.", f"That gives {value} as the answer.")

    def _round(self, believed: int) -> int:
        """One round of checking; returns the answer believed after it."""
        kind = self._rng.choices(
            ("announced", "silent", "self_talk", "single", "backwards", "confirm", "alternative"),
            (0.34, 0.22, 0.15, 0.10, 0.07, 0.05, 0.07),
        )[0]
        if kind == "self_talk":
            self._say("META", "Hmm, am I sure?", "Wait.", "Hold on a moment.", "Am I too quick?")
            kind = "announced" if self._rng.random() < 0.5 else "silent"
        if kind == "backwards" and not self._can_reverse(believed):
            kind = "announced"
        if kind == "alternative" and len(self._program.facts) < 2:
            kind = "announced"
        if kind == "single":
            return self._check_one(believed)
        if kind == "backwards":
            self._check_backwards()
            return believed
        if kind == "confirm":
            self._say(
                "VERIFY",
                f"Everything fits, {believed} looks right.",
                f"I see no mistake, {believed} holds.",
            )
            return believed
        return self._recompute(believed, kind)

    def _look(self, index: int) -> None:
        """A check looks at operation `index`: it finds a findable mistake most of the time."""
        if index in self._mistakes and index not in self._blind and self._rng.random() < FIND_RATE:
            del self._mistakes[index]

    def _recompute(self, believed: int, kind: str) -> int:
        for index in list(self._mistakes):
            self._look(index)
        if not self._mistakes and self._rng.random() < SLIP_RATE:
            self._mistakes[self._rng.randrange(len(self._program.ops))] = self._slip()
        equations = self._program.run(self._mistakes)
        value = equations[-1].result
        if kind == "alternative":
            self._alternative(equations)
        else:
            self._say("VERIFY", *self._wordings(equations, kind, value == believed))
        if value != believed:
            self._conclude(value)
        return value

    def _wordings(self, equations: list[Equation], kind: str, agrees: bool) -> list[str]:
        work = ", ".join(str(e) for e in equations)
        if kind == "silent":
            return [f"{work}."]
        openers = (
            "Let me double-check",
            "Let me verify this",
            "Checking again",
            "Let me go over it once more",
            "I will recompute to be safe",
        )
        endings = (
            ("That matches.", "Good.", "Same result.", "Correct.")
            if agrees
            else ("That is not what I had.", "So I made a mistake.", "This differs from before.")
        )
        return [f"{self._rng.choice(openers)}: {work}. {self._rng.choice(endings)}"]

    def _alternative(self, equations: list[Equation]) -> None:
        work = ", ".join(str(e) for e in equations)
        self._say("ALTERNATIVE", f"Another way is to count group by group: {work}.")

    def _check_one(self, believed: int) -> int:
        before = self._program.run(self._mistakes)
        index = self._rng.randrange(len(before))
        self._look(index)
        after = self._program.run(self._mistakes)
        old, new = before[index], after[index]
        question = f"Is {old.left} {old.symbol} {old.right} really {old.result}?"
        if new.result == old.result:
            self._say("VERIFY", f"{question} Yes, {new}.")
            return believed
        self._say("VERIFY", f"{question} No, {new}.")
        for equation in after[index + 1 :]:
            if equation not in before:
                self._say("SUBSTITUTE", f"{equation}.")
        value = after[-1].result
        if value != believed:
            self._conclude(value)
        return value

    def _can_reverse(self, believed: int) -> bool:
        """Going backwards is written only for a correct chain of sums."""
        simple = all(symbol != "*" for _, symbol, _ in self._program.ops)
        return simple and not self._mistakes and believed == self._program.results()[-1]

    def _check_backwards(self) -> None:
        inverse = {"+": "-", "-": "+"}
        equations = [
            Equation(e.result, inverse[e.symbol], e.right, e.left)
            for e in reversed(self._program.run())
        ]
        work = ", ".join(str(e) for e in equations)
        self._say("VERIFY", f"Going backwards: {work}. Back at the start.")


def write_trace(program: Program, band: str, rng: random.Random) -> Trace:
    """Write one trace; see `TraceWriter`."""
    return TraceWriter(program, band, rng).write()
