"""``generate`` of transformers as an engine: an independent loop to hold the kit's sampler against.

Prefill, cache, attention, stopping and greedy search are those of transformers. Only the draw of a
token at a temperature above 0 is the kit's, in a logits processor: the noise stays keyed by row, so
the arms of a comparison stay paired, which ``generate``'s one stream of random numbers cannot do.
The model's own ``generation_config`` (sampling defaults, repetition penalty and the like) has no
effect; the settings of the engine say everything.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import torch

from rl.sampling.batched import BatchedEngine
from rl.sampling.decoding import SamplingSettings, check_logits, left_padded, sample_tokens
from rl.sampling.rows import Row
from tagger.stopping.engines.transformers import MonitorLogitsProcessor
from tagger.thinking.end_tokens import cut_at_end


class TransformersEngine(BatchedEngine):
    """Samples completions with ``generate``; a batch lasts until its longest row ends."""

    SHARES_PREFIXES: ClassVar[bool] = False

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Also sets the model's own generation config aside: `generate` would fill up from it."""
        from transformers import GenerationConfig

        holders = [self.model]
        if hasattr(self.model, "get_base_model"):  # peft hands its own to the model inside
            holders.append(self.model.get_base_model())
        kept = [holder.generation_config for holder in holders]
        for holder in holders:
            holder.generation_config = GenerationConfig()
        try:
            with super()._running():
                yield
        finally:
            for holder, config in zip(holders, kept, strict=True):
                holder.generation_config = config

    def _run(self, rows: list[Row], settings: SamplingSettings) -> Iterator[list[Row]]:
        """Generate one batch; all its rows end with it."""
        from transformers import GenerationConfig

        started = time.perf_counter()
        ids, mask = left_padded([row.prefix for row in rows], self._pad)
        width = ids.shape[1]
        monitors = [row.monitor for row in rows]
        watch = _Watch(self._name, width)
        processors: list[Any] = [watch]
        monitor = None
        if any(m is not None for m in monitors):
            monitor = MonitorLogitsProcessor(monitors, self.end_ids, width)
            processors.append(monitor)
        if settings.temperature > 0:
            uniforms = torch.from_numpy(np.stack([row.uniforms for row in rows]))
            processors.append(_Draw(uniforms.to(self.model.device), settings, width))
        output = self.model.generate(
            input_ids=ids.to(self.model.device),
            attention_mask=mask.to(self.model.device),
            generation_config=GenerationConfig(
                do_sample=False,
                max_new_tokens=settings.max_new_tokens,
                eos_token_id=sorted(self.end_ids),
                pad_token_id=self._pad,
                use_cache=True,
            ),
            logits_processor=processors,
        )
        if monitor is not None:
            monitor.finish(output)
        written = output[:, width:].tolist()
        bounds = [started, *watch.times[1:], time.perf_counter()]
        for row, tokens in zip(rows, written, strict=True):
            before, row.ended = cut_at_end(tokens, self.end_ids)
            row.ids = list(tokens[: len(before) + row.ended])
        for row, seconds in zip(rows, shares([len(r.ids) for r in rows], bounds), strict=True):
            row.seconds = seconds
        yield rows


class _Watch:
    """A logits processor that changes nothing: refuses broken logits, notes when tokens are drawn.

    Attributes:
        times: When each token of the batch was about to be drawn.
    """

    def __init__(self, policy: str, width: int) -> None:
        self._policy, self._width = policy, width
        self.times: list[float] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.times.append(time.perf_counter())
        check_logits(scores, self._policy, input_ids.shape[1] - self._width + 1)
        return scores


class _Draw:
    """A logits processor that leaves one token a row: the one its own noise draws."""

    def __init__(self, uniforms: torch.Tensor, settings: SamplingSettings, width: int) -> None:
        self._uniforms, self._settings, self._width = uniforms, settings, width

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        position = input_ids.shape[1] - self._width
        drawn = sample_tokens(scores, self._uniforms[:, position], self._settings)
        only = torch.full_like(scores, -torch.inf)
        return only.scatter_(1, drawn[:, None], 0.0)


def shares(lengths: Sequence[int], bounds: Sequence[float]) -> list[float]:
    """Divide the time of a batch among its rows.

    Args:
        lengths: Tokens of each row, at least 1; the longest has one token a step.
        bounds: When each step began, and when the last one ended.

    Returns:
        Seconds of each row: each step's time, divided evenly among the rows not ended by then.
    """
    found, steps = [0.0] * len(lengths), [after - before for before, after in pairwise(bounds)]
    for step, seconds in enumerate(steps):
        living = [row for row, length in enumerate(lengths) if length > step]
        for row in living:
            found[row] += seconds / len(living)
    return found
