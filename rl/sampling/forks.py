"""Arms that part from one draft: it is read once, and each continues from where its rule fires.

The keys and values of a token depend on what is before it alone, so those of a draft serve every
row that begins with part of it. This needs a cache that keeps all positions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from rl.sampling.decoding import DecodingBatch
from rl.sampling.drafts import DraftedBatch
from rl.sampling.kv_cache import gathered_cache
from rl.sampling.rows import Row


class ForkedBatch(DecodingBatch):
    """Rows that go on from within drafts that have been read."""

    def __init__(
        self, source: DraftedBatch, slots: Sequence[int], rows: Sequence[Row], pad_id: int
    ) -> None:
        """Copy what has been read, and read what monitors forced.

        Args:
            source: Has read the drafts to their end.
            slots: Where in it each row's draft is.
            rows: What they have written: part of the draft, and what was forced then.
            pad_id: As for `DecodingBatch`.
        """
        self._begin(source.model, [[*row.prefix, *row.ids] for row in rows], pad_id)
        width = self._ids.shape[1]
        # At least the last token of each is read again, for its logits.
        read = width - 1 - max(len(row.ids) - row.unverified for row in rows)
        taken = torch.tensor(slots, device=self._ids.device)
        ours, theirs = (mask.shape[1] - mask.sum(dim=1) for mask in (self.mask, source.mask))
        columns = torch.arange(max(0, read), device=taken.device) + (theirs[taken] - ours)[:, None]
        columns = columns.clamp(0, source.mask.shape[1] - 1)  # what is padding here is masked
        self.cache = gathered_cache(source.cache, taken, columns)
        self.logits = self._read(max(0, read), width, 1)[:, -1]
