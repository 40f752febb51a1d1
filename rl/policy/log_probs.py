"""Log-probabilities of completions without computing most of their padding.

A batch of rollouts is as wide as its longest, and a CPU pays for every masked position as for any
other: at a mean of 130 tokens and a longest of 260, half of an update. Rows of like length are
computed together instead, each group only as wide as its own longest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn.functional import pad

ROWS = 16
"""Rows computed together: fewer trim more, and cost more calls."""


def trimmed(
    compute: Callable[[torch.Tensor, torch.Tensor, int], Sequence[Any]],
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    width: int,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Compute a batch in groups of rows of like length.

    Only padding on the right is left out, so that every token keeps its position: the numbers are
    those of the whole batch but for rounding.

    Args:
        compute: Takes ids and mask of some rows, shape (rows, positions), and how many of the last
            positions are a completion's; gives their log-probabilities and, or None, entropies,
            shape (rows, positions of the longest completion).
        input_ids: Prompts, padded on the left, and completions, padded on the right; shape
            (rows, prompt positions + `width`).
        attention_mask: 1 for tokens, 0 for padding; shape as `input_ids`.
        width: Positions of the longest completion.

    Returns:
        Those of all rows in their order; 0 where a completion has ended.
    """
    rows, prompt = input_ids.shape[0], input_ids.shape[1] - width
    if rows <= ROWS:  # untouched, so that sums run in the order of TRL's
        log_probs, entropies, *_ = compute(input_ids, attention_mask, width)
        return log_probs, entropies
    places = torch.arange(1, width + 1, device=attention_mask.device)
    lengths = (attention_mask[:, prompt:] * places).amax(dim=1).clamp(min=1)
    order = lengths.argsort(descending=True, stable=True)
    parts: list[torch.Tensor] = []
    more: list[torch.Tensor] = []
    for chosen in order.split(ROWS):
        longest = int(lengths[chosen].max())
        end = prompt + longest
        found, entropy, *_ = compute(input_ids[chosen, :end], attention_mask[chosen, :end], longest)
        parts.append(pad(found, (0, width - longest)))
        if entropy is not None:
            more.append(pad(entropy, (0, width - longest)))
    back = order.argsort()
    return torch.cat(parts)[back], torch.cat(more)[back] if more else None
