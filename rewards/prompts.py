"""What a reward function reads off the prompts it is handed: questions and groups."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from tagger.errors import UserError


def last_question(prompt: Any) -> str:
    """What a prompt asks: the last user turn of a conversation, or the prompt itself."""
    if isinstance(prompt, str):
        return prompt
    turns = [m["content"] for m in prompt if m.get("role") == "user"]
    return str(turns[-1]) if turns else ""


def group_numbers(prompts: Sequence[Any], size: int | None) -> list[int]:
    """The group of each completion: runs of one prompt, cut every `size` where that is given.

    Args:
        prompts: Of each completion; those of one group follow each other.
        size: Completions of a prompt (``num_generations``); None if unknown.

    Returns:
        A number for each prompt, counted from 0.

    Raises:
        UserError: A run is no multiple of `size`.

    >>> group_numbers(["a", "a", "a", "a", "b", "b"], 2)
    [0, 0, 1, 1, 2, 2]
    """
    numbers: list[int] = []
    for _, members in groupby(prompts):
        run = len(list(members))
        if run % (size or run):
            raise UserError(
                f"A prompt has {run} completions in this process, not {size}: its group is in "
                "parts; make per_device_train_batch_size a multiple of num_generations, or "
                "train with StepGRPOTrainer, which gathers groups first."
            )
        first = numbers[-1] + 1 if numbers else 0
        numbers += [first + place // (size or run) for place in range(run)]
    return numbers
