"""Whether every reference of a set is accepted by its own checker, and what the set looks like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rl.problems.problem import Problem, score_answer

FORMS: dict[str, Callable[[str], str]] = {
    "bare": lambda reference: reference,
    "boxed": lambda reference: f"\\boxed{{{reference}}}",
}
"""The answers that a reference is turned into; a checker that refuses one pays nothing for it."""


@dataclass(frozen=True)
class Refused:
    """A reference that its own checker refuses as an answer.

    Attributes:
        problem: The problem.
        forms: Those of `FORMS` that are refused.
    """

    problem: Problem
    forms: tuple[str, ...]


def refused_references(problems: Sequence[Problem]) -> list[Refused]:
    """Give every problem its own reference as the answer.

    Args:
        problems: The problems.

    Returns:
        Those of which a form is refused, in order.
    """
    found = []
    for problem in problems:
        forms = tuple(
            name
            for name, form in FORMS.items()
            if not score_answer(problem, form(problem.reference))
        )
        if forms:
            found.append(Refused(problem, forms))
    return found


def summary(problems: Sequence[Problem]) -> list[str]:
    """Lines that describe a set: bands, families, lengths in characters, questions asked twice."""
    lines = [f"problems: {len(problems)}"]
    for label, values in (
        ("bands", [p.band for p in problems]),
        ("families", [p.family for p in problems]),
    ):
        counts = Counter(value or "none" for value in values).most_common()
        if len(counts) > 1 or counts[0][0] != "none":
            lines.append(f"{label}: " + ", ".join(f"{name} {count}" for name, count in counts))
    for label, lengths in (
        ("question", [len(p.question) for p in problems]),
        ("reference", [len(p.reference) for p in problems]),
    ):
        lines.append(
            f"characters of a {label}: {min(lengths)} to {max(lengths)}, median {median(lengths):g}"
        )
    repeated = len(problems) - len({p.question for p in problems})
    if repeated:
        lines.append(f"questions that stand there before: {repeated}")
    return lines
