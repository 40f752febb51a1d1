"""Trimmed log-probabilities equal those of the whole batch, and skip its padding."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.policy.log_probs import ROWS, trimmed

PROMPT = 3


def batch(lengths: list[int]) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Ids that all differ, their mask, and the width of the completions."""
    width = max(1, *lengths)
    ids = torch.arange(len(lengths) * (PROMPT + width)).reshape(len(lengths), -1).float()
    mask = torch.ones_like(ids)
    for row, length in enumerate(lengths):
        mask[row, PROMPT + length :] = 0
    return ids, mask, width


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.booleans())
def test_trimmed_gives_every_row_its_own_numbers_in_order(lengths: list[int], both: bool) -> None:
    seen: list[torch.Tensor] = []

    def compute(ids: torch.Tensor, mask: torch.Tensor, width: int) -> list[torch.Tensor | None]:
        seen.append(mask)
        found = (ids * mask)[:, -width:]
        return [found, 2 * found if both else None, None]

    ids, mask, width = batch(lengths)
    log_probs, entropies = trimmed(compute, ids, mask, width)
    whole = (ids * mask)[:, -width:]
    assert torch.equal(log_probs, whole)
    assert (entropies is None) is not both
    assert entropies is None or torch.equal(entropies, 2 * whole)
    assert max(len(part) for part in seen) <= ROWS


def test_trimmed_leaves_padding_of_short_rows_out() -> None:
    widths: list[tuple[int, ...]] = []

    def compute(ids: torch.Tensor, mask: torch.Tensor, width: int) -> list[torch.Tensor]:
        widths.append((*ids.shape, width))
        return [ids[:, -width:]]

    trimmed(lambda *a: [*compute(*a), None], *batch([2] * ROWS + [9] + [4] * (ROWS - 1)))
    assert widths == [(ROWS, PROMPT + 9, 9), (ROWS, PROMPT + 2, 2)]
