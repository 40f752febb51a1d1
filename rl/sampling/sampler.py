"""The kit's own engine: completions sampled many at once, with or without a monitor.

The loop is our own because it drops finished rows, needs no copy of the cache a step, and keys
the uniforms of every row by (seed, prompt, sample, position): the arms of a comparison then draw
the same tokens until a monitor parts them. Rounding depends on the batch a row runs in, so a draw
that falls within about 1e-7 of the border between two tokens may part them too; the same call made
twice is bit-identical.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import numpy as np
import torch

from rl.sampling.batched import BatchedEngine
from rl.sampling.decoding import DecodingBatch, SamplingSettings, check_logits, sample_tokens
from rl.sampling.drafts import (
    WINDOW,
    DraftedBatch,
    batches_of,
    cut_back,
    propose,
    vocabulary_of,
)
from rl.sampling.engine import Completion, Drafts, MonitorFactory, Progress
from rl.sampling.grouped_attention import grouped_attention
from rl.sampling.memory import split_batches, tokens_that_fit
from rl.sampling.rows import Row, RowKey

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
        prefixes = [[*row.prefix, *row.ids] for row in rows]
        batch = DecodingBatch(self.model, prefixes, self._pad)
        yield from self._continue(batch, rows, settings, started)

    def _continue(
        self, batch: DecodingBatch, rows: list[Row], settings: SamplingSettings, started: float
    ) -> Iterator[list[Row]]:
        """Decode rows that have been read, each from what it has written.

        Args:
            batch: Has read them.
            rows: By its slots.
            settings: How tokens are drawn.
            started: When reading began.
        """
        uniforms = torch.from_numpy(np.stack([row.uniforms for row in rows])).to(self.model.device)
        limit = settings.max_new_tokens
        while True:
            written = [len(row.ids) for row in rows]
            check_logits(batch.logits, self._name, min(written) + 1)
            places = torch.tensor(written, device=uniforms.device)[:, None]
            noise = uniforms.gather(1, places)[:, 0]
            drawn = sample_tokens(batch.logits, noise, settings).tolist()
            for row, token in zip(rows, drawn, strict=True):
                row.take(token, self.end_ids)
            living = [slot for slot, row in enumerate(rows) if _goes_on(row, limit)]
            ended = [row for row in rows if not _goes_on(row, limit)]
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

    def _decode_drafted(
        self,
        keys: Sequence[RowKey],
        make: Callable[[RowKey], Row],
        prefixes: Sequence[Sequence[int]],
        drafts: Drafts,
        batch_size: int,
        settings: SamplingSettings,
    ) -> Generator[list[Row]]:
        """Decode with drafts, see `rl.sampling.drafts`; counts what is read as if without."""
        limit, vocabulary = settings.max_new_tokens, vocabulary_of(self.model)
        fitting = self.max_batch_tokens or tokens_that_fit(self.model)
        lengths = [len(prefixes[prompt]) for prompt, _ in keys]
        for batch in split_batches(lengths, [limit] * len(keys), batch_size, fitting):
            read = {tuple(prefixes[p]) for p, _ in keys[batch.start : batch.stop]}
            self._read += sum(map(len, read))
        ordered = sorted(keys, key=lambda key: len(prefixes[key[0]]) + len(drafts.get(key, ())))
        with self._running():
            for first in range(0, len(ordered), WINDOW * batch_size):
                rows = [make(key) for key in ordered[first : first + WINDOW * batch_size]]
                for row in rows:
                    draft = drafts.get((row.prompt_index, row.sample), ())
                    propose(row, draft, self.end_ids, limit, vocabulary)
                cut: list[Row] = []
                for some in batches_of(rows, limit, batch_size, fitting):
                    cut += yield from self._run_drafted(some, make, settings)
                for some in batches_of(cut, limit, batch_size, fitting):
                    yield from self._run(some, settings)

    def _run_drafted(
        self, rows: list[Row], make: Callable[[RowKey], Row], settings: SamplingSettings
    ) -> Generator[list[Row], None, list[Row]]:
        """Read and check a batch of drafts, and decode on; yield the rows as they end.

        Returns:
            Those whose draft is wrong and that have not ended, cut back.
        """
        started = time.perf_counter()
        batch = DraftedBatch(self.model, rows, self._pad, settings, self._name)
        ended, cut, living = [], [], []
        for slot, row in enumerate(rows):
            if slot in batch.wrong:
                fresh = make((row.prompt_index, row.sample))
                row = cut_back(fresh, row, *batch.wrong[slot], self.end_ids)
            if not _goes_on(row, settings.max_new_tokens):
                ended.append(row)
            elif slot in batch.wrong:
                cut.append(row)
            else:
                living.append(slot)
        slots = _fill_holes(living)
        going = [rows[slot] for slot in slots]
        now = time.perf_counter()
        for row in (*ended, *cut, *going):
            row.seconds += (now - started) / len(rows)
        if ended:
            yield ended
        if going:
            started = time.perf_counter()
            batch.keep(slots)
            yield from self._continue(batch, going, settings, started)
        return cut


def _goes_on(row: Row, limit: int) -> bool:
    """Whether a row is to write more."""
    return not row.ended and len(row.ids) < limit


def _fill_holes(living: Sequence[int]) -> list[int]:
    """Order living slots so that as few as possible move: the last ones fill the holes."""
    count = len(living)
    stay = {slot for slot in living if slot < count}
    movers = iter(slot for slot in living if slot >= count)
    return [slot if slot in stay else next(movers) for slot in range(count)]
