"""Micro-batches cut short: rows sorted within a step, masked columns left out, nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from rl.training.advantages.padding import rows_may_move, sort_rows, without_padding
from rl.training.config import config_from_dict
from rl.training.run import run_training
from tests.world import GRPO, World


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


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({}, True),
        ({"loss_type": "bnpo"}, False),
        ({"top_entropy_quantile": 0.5}, False),
        ({"_entropy_bonus_enabled": True}, False),
        ({"aux_loss_enabled": True}, False),
    ],
)
def test_rows_may_move_only_where_no_micro_batch_counts(
    changed: dict[str, Any], wanted: bool
) -> None:
    plain = {"loss_type": "dapo", "top_entropy_quantile": 1.0}
    plain |= {"_entropy_bonus_enabled": False, "aux_loss_enabled": False}
    assert rows_may_move(SimpleNamespace(**(plain | changed))) is wanted


@pytest.mark.parametrize(
    "grpo",
    [
        {"steps_per_generation": 3},  # the second step takes rows of two draws
        {"top_entropy_quantile": 0.5},
    ],
)
def test_trim_padding_leaves_the_losses_of_a_run_as_they_are(
    world: World, tmp_path: Path, grpo: dict[str, Any]
) -> None:
    rhythm = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2}
    rhythm |= {"max_steps": 2, "save_steps": 3, "max_completion_length": 90}

    def rows(name: str, trim: bool) -> list[dict[str, float]]:
        changes = {"grpo": GRPO | rhythm | grpo, "trim_padding": trim}
        result = run_training(config_from_dict(world.config(tmp_path / name, **changes)))
        return [json.loads(x) for x in Path(result.metrics_path).read_text().splitlines()]

    whole, cut = rows("whole", False), rows("cut", True)
    assert [r["loss"] for r in cut] == pytest.approx([r["loss"] for r in whole], abs=1e-6)
    assert [r["grad_norm"] for r in cut] == pytest.approx([r["grad_norm"] for r in whole], rel=1e-4)
