"""The kit's own engine: completions sampled many at once, with or without a monitor.

The loop is our own because it drops finished rows, needs no copy of the cache a step, and keys
the uniforms of every row by (seed, prompt, sample, position): the arms of a comparison then draw
the same tokens until a monitor parts them. Rounding depends on the batch a row runs in, so a draw
that falls within about 1e-7 of the border between two tokens may part them too; the same call made
twice is bit-identical.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import numpy as np
import torch

from rl.sampling.batched import BatchedEngine
from rl.sampling.decoding import DecodingBatch, SamplingSettings, check_logits, sample_tokens
from rl.sampling.engine import Completion, MonitorFactory, Progress
from rl.sampling.grouped_attention import grouped_attention
from rl.sampling.rows import Row

__all__ = ["Completion", "MonitorFactory", "Progress", "Sampler", "SamplingSettings"]


class Sampler(BatchedEngine):
    """Samples completions of rendered prompts from one model; rows leave as they end."""

    SHARES_PREFIXES: ClassVar[bool] = True

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Evaluation mode, no gradients and fast attention, for the length of a call."""
        with super()._running(), grouped_attention(self.model):
            yield

    def _run(self, rows: list[Row], settings: SamplingSettings) -> Iterator[list[Row]]:
        """Decode one batch; yield the rows as they end."""
        started = time.perf_counter()
        batch = DecodingBatch(self.model, [row.prefix for row in rows], self._pad)
        uniforms = torch.from_numpy(np.stack([row.uniforms for row in rows])).to(self.model.device)
        for position in range(settings.max_new_tokens):
            check_logits(batch.logits, self._name, position + 1)
            drawn = sample_tokens(batch.logits, uniforms[:, position], settings).tolist()
            for row, token in zip(rows, drawn, strict=True):
                _take(row, token, self.end_ids)
            last = position + 1 == settings.max_new_tokens
            living = [] if last else [slot for slot, row in enumerate(rows) if not row.ended]
            ended = rows if last else [row for row in rows if row.ended]
            now = time.perf_counter()
            for row in rows:
                row.seconds += (now - started) / len(rows)
            started = now
            if ended:
                yield ended
                started = time.perf_counter()
            if not living:
                return
            if len(living) < len(rows):
                slots = _fill_holes(living)
                batch.keep(slots)
                uniforms = uniforms[torch.tensor(slots, device=uniforms.device)]
                rows = [rows[slot] for slot in slots]
            batch.step([row.ids[-1] for row in rows])


def _take(row: Row, drawn: int, end_ids: frozenset[int]) -> None:
    """Append the drawn token, or the one that the monitor forces in its place."""
    forced = row.monitor.forced_token if row.monitor is not None else None
    token = drawn if forced is None else forced
    row.ids.append(token)
    row.ended = token in end_ids
    if row.monitor is not None and not row.ended:
        row.monitor.feed_token(token)


def _fill_holes(living: Sequence[int]) -> list[int]:
    """Order living slots so that as few as possible move: the last ones fill the holes."""
    count = len(living)
    stay = {slot for slot in living if slot < count}
    movers = iter(slot for slot in living if slot >= count)
    return [slot if slot in stay else next(movers) for slot in range(count)]
