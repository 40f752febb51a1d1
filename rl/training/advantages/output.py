"""Advantages of a method of ours into what TRL hands to its loss and its logs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import torch

from rewards.aggregation.base import Aggregation, ScoredRollouts


def put_advantages(
    output: dict[str, Any],
    logged: deque[float],
    method: Aggregation[Any],
    scored: ScoredRollouts,
    first: int,
    gather: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    """Replace TRL's advantages, those it logs too, and mask what the loss must not count.

    Rollouts that the method does not keep lose their completion mask, as under TRL's
    ``mask_truncated_completions``, and the tokens that the batch's loss is divided by are counted
    again.

    Args:
        output: What TRL's ``_generate_and_score_completions`` returned; changed in place.
        logged: TRL's log of advantages, that of this batch at its end; changed in place.
        method: The method.
        scored: The rollouts of all processes.
        first: Row of this process's first rollout among them.
        gather: Gathers a tensor from all processes.
    """
    found = method.advantages(scored)
    mine = slice(first, first + len(output["advantages"]))
    output["advantages"] = found[mine].to(output["advantages"])
    for _ in range(min(len(found), len(logged))):
        logged.pop()
    logged.extend(found.tolist())
    kept = method.kept(scored)
    if kept is None:
        return
    mask = output["completion_mask"]
    output["completion_mask"] = mask = mask * kept[mine].to(mask).unsqueeze(1)
    counted = mask * output["tool_mask"] if "tool_mask" in output else mask
    output["num_items_in_batch"] = gather(counted.sum()).sum()
