"""Micro-batches cut short: rows sorted within a step, masked columns left out, nothing else."""

from __future__ import annotations

import torch

from rl.training.advantages.padding import sort_rows, without_padding


def batch(lengths: list[int], width: int = 6) -> dict[str, torch.Tensor]:
    """Rows whose token ids and advantage are their length; prompts of 2 tokens in 3 columns."""
    mask = torch.tensor([[1] * n + [0] * (width - n) for n in lengths])
    rows = torch.tensor(lengths)
    return {
        "prompt_ids": rows[:, None].repeat(1, 3),
        "prompt_mask": torch.tensor([[0, 1, 1]]).repeat(len(lengths), 1),
        "completion_ids": rows[:, None] * mask,
        "completion_mask": mask,
        "advantages": rows.float(),
        "num_items_in_batch": torch.tensor(99),
    }


def test_sort_rows_keeps_rows_whole_and_steps_apart() -> None:
    found = sort_rows([batch([5, 1]), batch([4, 2]), batch([6, 3]), batch([2, 1])], window=2)
    assert [b["advantages"].tolist() for b in found] == [[1, 2], [4, 5], [1, 2], [3, 6]]
    for b in found:
        lengths = [int(n) for n in b["advantages"]]
        expected = batch(lengths)
        assert b.keys() == expected.keys()
        assert all(torch.equal(b[key], expected[key]) for key in expected)


def test_without_padding_leaves_out_what_every_row_masks() -> None:
    short = without_padding(batch([4, 2]) | {"old_per_token_logps": torch.zeros(2, 6)})
    assert short["prompt_ids"].tolist() == [[4, 4], [2, 2]]
    assert short["completion_ids"].tolist() == [[4, 4, 4, 4], [2, 2, 0, 0]]
    assert short["completion_mask"].shape == short["old_per_token_logps"].shape == (2, 4)
    assert short["advantages"].tolist() == [4, 2] and short["num_items_in_batch"] == 99


def test_without_padding_keeps_one_column_of_rows_that_are_masked_whole() -> None:
    masked = batch([3, 2])
    masked["completion_mask"] = torch.zeros_like(masked["completion_mask"])
    assert without_padding(masked)["completion_ids"].tolist() == [[3], [2]]
    per_token = batch([1, 2]) | {"advantages": torch.ones(2, 6)}
    assert without_padding(per_token)["advantages"].shape == (2, 2)
