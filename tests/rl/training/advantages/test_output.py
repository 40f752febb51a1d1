"""Advantages of ours in TRL's output: the slice, the logs, the mask and the loss's divisor."""

from __future__ import annotations

from collections import deque

import pytest
import torch

from rewards.aggregation.registry import build_aggregation
from rl.training.advantages.output import put_advantages
from tests.rewards.aggregation.batches import scored

BATCH = scored(
    [[1.0], [0.0], [1.0], [0.0], [1.0], [1.0]], [1.0], [0, 0, 0, 1, 1, 1], [9, 2, 3, 4, 5, 6]
)


def output(rows: int) -> dict[str, torch.Tensor]:
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]])[:rows]
    return {
        "advantages": torch.full((rows,), 7.0),
        "completion_mask": mask,
        "num_items_in_batch": torch.tensor(18),
    }


def test_put_advantages_replaces_the_slice_of_the_process_and_the_end_of_the_log() -> None:
    theirs, logged = output(3), deque([0.5, *[7.0] * 6], maxlen=7)
    method = build_aggregation("among_correct")
    put_advantages(theirs, logged, method, BATCH, 3, lambda tensor: tensor)
    assert theirs["advantages"].dtype == torch.float32
    assert theirs["advantages"].tolist() == pytest.approx([-2 / 3, 1 / 3, 1 / 3])
    assert list(logged) == pytest.approx([0.5, 1 / 3, -2 / 3, 1 / 3, -2 / 3, 1 / 3, 1 / 3])
    assert int(theirs["num_items_in_batch"]) == 18 and int(theirs["completion_mask"].sum()) == 9


def test_put_advantages_masks_what_is_not_kept_and_counts_tokens_anew() -> None:
    theirs: dict[str, torch.Tensor] = output(3)
    method = build_aggregation({"kind": "gfpo", "keep": 2, "scale": "none"})
    everybody = 5  # kept tokens of the other process
    put_advantages(
        theirs, deque(maxlen=6), method, BATCH, 0,
        lambda tensor: torch.stack([tensor, torch.tensor(everybody)]),
    )  # fmt: skip
    assert theirs["advantages"].tolist() == [0, -0.5, 0.5]  # the longest of the group is dropped
    assert theirs["completion_mask"].tolist() == [[0] * 4, [1, 1, 0, 0], [1] * 4]
    assert theirs["completion_mask"].dtype == torch.long
    assert int(theirs["num_items_in_batch"]) == 6 + everybody
