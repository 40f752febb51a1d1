"""Problem sets by name: a generated one, or a file."""

from __future__ import annotations

import random
from pathlib import Path

from rl.problems.files import read_problems
from rl.problems.problem import Problem
from tagger.errors import UserError

OVERTHINKER = "overthinker"


def load_problems(
    source: str, split: str = "train", size: int | None = None, seed: int = 0
) -> list[Problem]:
    """Load a problem set.

    Args:
        source: ``overthinker``, or a file, see `read_problems`.
        split: Split of a generated source; files hold one split each.
        size: Number of problems; the whole file if None (a generated source needs a number).
        seed: Seed of the draw; a file is sampled without replacement, in a random order, if
            `size` is given.

    Returns:
        The problems.

    Raises:
        UserError: Missing or malformed source, or more problems asked for than there are.
    """
    if size is not None and size < 1:
        raise UserError(f"problems.size is {size}; it must be at least 1.")
    if source == OVERTHINKER:
        from rl.problems.overthinker import make_problems

        if size is None:
            raise UserError("problems.size is missing; the overthinker's problems are generated.")
        return make_problems(split, size, seed)
    problems = read_problems(Path(source))
    if size is None:
        return problems
    if size > len(problems):
        raise UserError(
            f"problems.size is {size}, but {source} holds {len(problems)} problems; ask for fewer."
        )
    return random.Random(f"problems/{seed}").sample(problems, size)
