"""Problems that the policies of a sweep are compared on, but were trained on too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rl.problems.overlap import find_overlap, listed, selected_on
from rl.problems.problem import Problem


def training_overlaps(
    compared: Mapping[str, Sequence[Problem]],
    trained: Iterable[Sequence[Problem]],
    evaluated: Iterable[Sequence[Problem]] = (),
) -> tuple[dict[str, Any], list[str]]:
    """Look for the problems of each split among the training problems of all runs.

    Args:
        compared: Problems by split.
        trained: Training problems, one list for each set that runs are trained on.
        evaluated: Those that runs are evaluated on while they train.

    Returns:
        By split, how many problems are the ``same`` word for word and how many ``reworded``, of how
        many ``training_problems``, with a ``text``, empty if none; and warnings, a sentence for
        each split that shares some, with the first pairs. Of test problems both say how many the
        best checkpoints are chosen on.
    """
    training, selecting = (
        list({(p.id, p.question): p for problems in sets for p in problems}.values())
        for sets in (trained, evaluated)
    )
    found, warnings = {}, []
    for split, problems in compared.items():
        overlap = find_overlap(problems, training, split)
        if overlap.text:
            warnings.append(f"{overlap.text} {listed([*overlap.same, *overlap.reworded])}.")
        chosen = selected_on(problems, selecting) if split == "test" else ""
        warnings += [chosen] if chosen else []
        found[split] = {
            "training_problems": len(training),
            "same": len(overlap.same),
            "reworded": len(overlap.reworded),
            "text": " ".join(filter(None, (overlap.text, chosen))),
        }
    return found, warnings
