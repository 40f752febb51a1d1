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
from functools import partial
from typing import ClassVar

import numpy as np
import torch

from rl.sampling.batched import BatchedEngine
from rl.sampling.decoding import (
    DecodingBatch,
    SamplingSettings,
    check_logits,
    row_uniforms,
    sample_tokens,
)
from rl.sampling.drafts import (
    WINDOW,
    DraftedBatch,
    batches_of,
    cut_back,
    propose,
    vocabulary_of,
)
from rl.sampling.engine import Completion, Drafts, EngineCost, MonitorFactory, Progress
from rl.sampling.forks import ForkedBatch
from rl.sampling.grouped_attention import grouped_attention
from rl.sampling.kv_cache import can_gather, preallocated_cache
from rl.sampling.memory import split_batches, tokens_that_fit
from rl.sampling.rows import Row, RowKey, check_rows, row_order

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
        prefixes: Sequence[Sequence[int]],
        drafts: Drafts,
        keys: Sequence[RowKey],
        make: Callable[[RowKey], Row],
        lengths: Sequence[int],
        batch_size: int,
        settings: SamplingSettings,
    ) -> Generator[list[Row]]:
        """Decode with drafts, see `rl.sampling.drafts`; counts what is read as if without."""
        limit, vocabulary = settings.max_new_tokens, vocabulary_of(self.model)
        fitting = self.max_batch_tokens or tokens_that_fit(self.model)
        self._read += self._shared(prefixes, keys, batch_size)
        longer = {key: n + len(drafts.get(key, ())) for key, n in zip(keys, lengths, strict=True)}
        ordered = sorted(keys, key=lambda key: longer[key])
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

    def sample_each(
        self,
        prompts: Sequence[str],
        factories: Sequence[MonitorFactory],
        drafts: Drafts,
        samples_per_prompt: int = 1,
        seed: int = 0,
        batch_size: int = 256,
        progress: Progress | None = None,
    ) -> list[tuple[list[Completion], EngineCost]]:
        """Sample under several monitors, as `rl.sampling.engine.Engine.sample_each`.

        Where the cache keeps all positions, drafts are read once for all arms, else for each.
        """
        prefixes = [self.tokenizer.encode(p, add_special_tokens=False) for p in prompts]
        check_rows(prefixes, samples_per_prompt, batch_size)
        if len(factories) < 2 or not can_gather(preallocated_cache(self.model.config)):
            given = (prefixes, samples_per_prompt, seed, batch_size, self.settings)
            decode = partial(self._decode_drafted, prefixes, drafts)
            results = []
            for factory in factories:
                before, done = self.cost, self._generate(*given, factory, progress, decode)
                self._count(done, reread=False)
                results.append((done, self.cost - before))
            return results
        keys = row_order(prefixes, samples_per_prompt)
        places = range(len(prefixes)) if self.places is None else self.places
        limit = self.settings.max_new_tokens

        def make(key: RowKey, arm: int | None = None) -> Row:
            prompt, sample = key
            noise = row_uniforms(seed, places[prompt], sample, limit)
            monitor = None if arm is None else factories[arm](prompt, sample)
            return Row(prompt, sample, prefixes[prompt], noise, monitor, arm=arm or 0)

        found: list[dict[RowKey, Completion]] = [{} for _ in factories]
        ordered = sorted(keys, key=lambda key: len(prefixes[key[0]]) + len(drafts.get(key, ())))
        with self._running():
            for first in range(0, len(ordered), batch_size):
                some = ordered[first : first + batch_size]
                for row in self._run_arms(some, make, drafts, len(factories), batch_size):
                    found[row.arm][row.prompt_index, row.sample] = self._completion(row)
                if progress is not None:
                    progress(first + len(some), len(keys))
        results = []
        for arm in found:
            before, done = self.cost, [arm[key] for key in sorted(keys)]
            self._read = self._shared(prefixes, keys, batch_size)
            self._count(done, reread=False)
            results.append((done, self.cost - before))
        return results

    def _run_arms(
        self,
        keys: Sequence[RowKey],
        make: Callable[..., Row],
        drafts: Drafts,
        arms: int,
        batch_size: int,
    ) -> Iterator[Row]:
        """Read and check the drafts of some rows, and let every arm go on from them.

        Args:
            keys: The rows.
            make: Makes a row, with the monitor of an arm or without.
            drafts: What they probably write.
            arms: How many arms there are.
            batch_size: Most rows at once.
        """
        settings, limit = self.settings, self.settings.max_new_tokens
        vocabulary = vocabulary_of(self.model)
        # Two caches at once: that of the drafts and that of rows which go on from them.
        fitting = self.max_batch_tokens or tokens_that_fit(self.model)
        fitting = None if fitting is None else max(1, fitting // 2)
        readers: list[Row] = [make(key) for key in keys]
        for row in readers:
            draft = drafts.get((row.prompt_index, row.sample), ())
            propose(row, draft, self.end_ids, limit, vocabulary)
        alone: list[Row] = []
        for some in batches_of(readers, limit, batch_size, fitting):
            source = DraftedBatch(self.model, some, self._pad, settings, self._name)
            slots = {(row.prompt_index, row.sample): slot for slot, row in enumerate(some)}
            forks: list[Row] = []
            for key, slot in slots.items():
                agreed, drawn = source.wrong.get(slot, (limit, 0))
                for arm in range(arms):
                    row = make(key, arm)
                    propose(row, some[slot].ids, self.end_ids, limit, vocabulary)
                    if wrong := row.unverified > agreed:
                        row = cut_back(make(key, arm), row, agreed, drawn, self.end_ids)
                    if not _goes_on(row, limit):
                        yield row
                    else:
                        (alone if wrong or not source.complete else forks).append(row)
            for going in batches_of(forks, limit, batch_size, fitting):
                started = time.perf_counter()
                places = [slots[row.prompt_index, row.sample] for row in going]
                batch = ForkedBatch(source, places, going, self._pad)
                for ended in self._continue(batch, going, settings, started):
                    yield from ended
        for going in batches_of(alone, limit, batch_size, fitting):
            for ended in self._run(going, settings):
                yield from ended

    def _shared(
        self, prefixes: Sequence[Sequence[int]], keys: Sequence[RowKey], batch_size: int
    ) -> int:
        """Tokens of prompts that are read without drafts, equal ones of a batch once."""
        fitting = self.max_batch_tokens or tokens_that_fit(self.model)
        lengths, new = [len(prefixes[p]) for p, _ in keys], [self.settings.max_new_tokens]
        return sum(
            sum(map(len, {tuple(prefixes[p]) for p, _ in keys[batch.start : batch.stop]}))
            for batch in split_batches(lengths, new * len(keys), batch_size, fitting)
        )


def _goes_on(row: Row, limit: int) -> bool:
    """Whether a row is to write more."""
    return not row.ended and len(row.ids) < limit


def _fill_holes(living: Sequence[int]) -> list[int]:
    """Order living slots so that as few as possible move: the last ones fill the holes."""
    count = len(living)
    stay = {slot for slot in living if slot < count}
    movers = iter(slot for slot in living if slot >= count)
    return [slot if slot in stay else next(movers) for slot in range(count)]
