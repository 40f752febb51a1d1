"""Problems that the policies of a sweep are compared on, but were trained on too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rl.problems.overlap import find_overlap, listed
from rl.problems.problem import Problem


def training_overlaps(
    compared: Mapping[str, Sequence[Problem]], trained: Iterable[Sequence[Problem]]
) -> tuple[dict[str, Any], list[str]]:
    """Look for the problems of each split among the training problems of all runs.

    Args:
        compared: Problems by split.
        trained: Training problems, one list for each set that runs are trained on.

    Returns:
        By split, how many problems are the ``same`` word for word and how many ``reworded``, of how
        many ``training_problems``, with a ``text``, empty if none; and warnings, a sentence for
        each split that shares some, with the first pairs.
    """
    training = list({(p.id, p.question): p for problems in trained for p in problems}.values())
    found, warnings = {}, []
    for split, problems in compared.items():
        overlap = find_overlap(problems, training, split)
        if overlap.text:
            warnings.append(f"{overlap.text} {listed([*overlap.same, *overlap.reworded])}.")
        found[split] = {
            "training_problems": len(training),
            "same": len(overlap.same),
            "reworded": len(overlap.reworded),
            "text": overlap.text,
        }
    return found, warnings
