"""Micro-batches without idle padding: rows of like length share one, and empty columns go.

TRL pads every row to the longest completion of the whole generation batch and shuffles the rows
over the micro-batches. Losses that weigh each row, or each token, alike in every micro-batch do not
depend on how the rows of one optimizer step are spread over its micro-batches, nor on columns that
are masked in every row. So the rows of a step are sorted by length, and each micro-batch is cut to
its own longest row: with lengths as unequal as those of thinking, about a third of the columns.
Where something of the loss is counted by micro-batch, rows stay where they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import gcd
from typing import Any

import torch
from trl import GRPOTrainer

DEPENDENT_LOSSES = ("bnpo",)
"""Losses that divide by the tokens of a micro-batch, and so depend on which rows it holds."""
_TEXT = frozenset(
    {
        "prompt_ids", "prompt_mask", "completion_ids", "completion_mask", "advantages",
        "num_items_in_batch", "old_per_token_logps", "ref_per_token_logps",
        "sampling_per_token_logps", "importance_sampling_ratio", "tool_mask",
    }
)  # fmt: skip

Batch = dict[str, Any]


class ShortBatchTrainer(GRPOTrainer):
    """`GRPOTrainer` that can cut its micro-batches short.

    Args:
        trim_padding: Whether to.
        kwargs: Passed to `GRPOTrainer`.
    """

    _buffered_inputs: list[Batch]

    def __init__(self, trim_padding: bool = False, **kwargs: Any) -> None:
        self._trim_padding = trim_padding
        super().__init__(**kwargs)

    def _prepare_inputs(self, generation_batch: Batch) -> Batch:
        """As TRL's; trimmed, new rows are sorted by length and each micro-batch is cut."""
        if not self._trim_padding:
            return dict(super()._prepare_inputs(generation_batch))
        before = self._buffered_inputs
        inputs: Batch = super()._prepare_inputs(generation_batch)
        if not self.model.training or not all(_TEXT.issuperset(b) for b in self._buffered_inputs):
            return inputs
        if self._buffered_inputs is not before and rows_may_move(self):
            # A draw may begin within an optimizer step; what lies in one step, whatever the draw,
            # are so many micro-batches.
            served = self.args.steps_per_generation
            window = gcd(served, self.args.gradient_accumulation_steps)
            self._buffered_inputs = sort_rows(self._buffered_inputs, window)
        return without_padding(self._buffered_inputs[self._step % self.args.steps_per_generation])


def rows_may_move(trainer: Any) -> bool:
    """Whether the loss of a step is the same however its rows are spread over its micro-batches.

    Args:
        trainer: TRL's `GRPOTrainer` (1.16). By micro-batch it takes the quantile of entropy and the
            mean entropy of a bonus, and a router's auxiliary loss.
    """
    by_micro_batch = (
        trainer.loss_type in DEPENDENT_LOSSES
        or trainer.top_entropy_quantile < 1.0
        or trainer._entropy_bonus_enabled
        or trainer.aux_loss_enabled
    )
    return not by_micro_batch


def sort_rows(batches: Sequence[Batch], window: int) -> list[Batch]:
    """Sort the rows of each optimizer step by the length of their completion.

    Args:
        batches: Micro-batches of equal size, in order; tensors of one row each or of none.
        window: Micro-batches of one optimizer step.

    Returns:
        As many micro-batches of the same sizes.
    """
    found: list[Batch] = []
    for start in range(0, len(batches), window):
        step = batches[start : start + window]
        lengths = torch.cat([batch["completion_mask"].sum(1) for batch in step])
        order = lengths.argsort(stable=True).chunk(len(step))
        joined = {
            key: torch.cat([batch[key] for batch in step]) if value.dim() else value
            for key, value in step[0].items()
        }
        found += [
            {key: value[rows] if value.dim() else value for key, value in joined.items()}
            for rows in order
        ]
    return found


def without_padding(batch: Mapping[str, torch.Tensor]) -> Batch:
    """Leave out the columns that are masked in every row; one of each kind stays.

    Args:
        batch: Prompts, shape (rows, prompt tokens), padded on the left; everything else of shape
            (rows, completion tokens), padded on the right, or without a second dimension.
    """
    prompt = batch["prompt_mask"].any(0).nonzero()
    completion = batch["completion_mask"].any(0).nonzero()
    width = batch["completion_ids"].shape[1]
    first = int(prompt[0]) if len(prompt) else batch["prompt_ids"].shape[1] - 1
    last = int(completion[-1]) + 1 if len(completion) else 1
    short: Batch = {}
    for key, value in batch.items():
        if key in ("prompt_ids", "prompt_mask"):
            short[key] = value[:, first:]
        elif value.dim() == 2 and value.shape[1] == width:
            short[key] = value[:, :last]
        else:
            short[key] = value
    return short
