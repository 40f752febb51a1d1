"""Sampling completions, many at once, with or without a monitor that closes the thinking.

The loop is our own because it drops finished rows, needs no copy of the cache a step, and keys
the uniforms of every row by (seed, prompt, sample, position): the arms of a comparison then draw
the same tokens until a monitor parts them. Rounding depends on the batch a row runs in, so a draw
that falls within about 1e-7 of the border between two tokens may part them too; the same call made
twice is bit-identical.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from rl.sampling.decoding import (
    DecodingBatch,
    SamplingSettings,
    check_logits,
    row_uniforms,
    sample_tokens,
)
from rl.sampling.grouped_attention import grouped_attention
from tagger.thinking.end_tokens import end_token_ids

if TYPE_CHECKING:
    from tagger.steps import TaggedStep
    from tagger.stopping.monitor import StepMonitor
    from tagger.stopping.rules.base import Decision
    from tagger.thinking.split import ThinkingDelimiters

__all__ = ["Completion", "MonitorFactory", "Progress", "Sampler", "SamplingSettings"]

MonitorFactory = Callable[[int, int], "StepMonitor | None"]
"""Gives the monitor of (prompt index, sample); None leaves that row alone."""

Progress = Callable[[int, int], None]
"""Called with (rows finished, rows in all), each time some finish."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model wrote after one prompt.

    Attributes:
        prompt_index: Index of the prompt in the list given.
        sample: Index of the sample of that prompt.
        ids: Token ids, forced ones included, without padding; the end token is kept.
        text: The ids as text, thinking delimiters included, end token left out.
        finished: The end token was reached within the budget.
        stop: Why the monitor closed the thinking; None if it did not.
        forced_tokens: How many of the ids were forced (the closing sequence).
        seconds: Share of the wall-clock time: each step's time, divided evenly among the rows
            that ran in it. Sums to the whole run's generation time, monitors included.
        monitor_seconds: Wall-clock seconds this row's monitor took; part of `seconds` overall.
        steps: Steps the monitor tagged; None without a monitor.
    """

    prompt_index: int
    sample: int
    ids: list[int]
    text: str
    finished: bool
    stop: Decision | None = None
    forced_tokens: int = 0
    seconds: float = 0.0
    monitor_seconds: float = 0.0
    steps: list[TaggedStep] | None = None


@dataclass(slots=True)
class _Row:
    """A completion in the making."""

    prompt_index: int
    sample: int
    prefix: Sequence[int]
    uniforms: np.ndarray
    monitor: StepMonitor | None
    ids: list[int] = field(default_factory=list)
    seconds: float = 0.0
    ended: bool = False

    def take(self, drawn: int, end_ids: frozenset[int]) -> None:
        """Append the drawn token, or the one that the monitor forces in its place."""
        forced = self.monitor.forced_token if self.monitor is not None else None
        token = drawn if forced is None else forced
        self.ids.append(token)
        self.ended = token in end_ids
        if self.monitor is not None and not self.ended:
            self.monitor.feed_token(token)


class Sampler:
    """Samples completions of rendered prompts from one model."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        delimiters: ThinkingDelimiters,
        settings: SamplingSettings,
    ) -> None:
        """Bind a model; it is put into evaluation mode for each call and back after it.

        Args:
            model: Causal language model of transformers, possibly wrapped by peft.
            tokenizer: Its tokenizer, with an end token.
            delimiters: The thinking delimiters; kept for those who split the text.
            settings: How tokens are drawn.

        Raises:
            ValueError: Neither the model nor the tokenizer names an end token.
        """
        self.model, self.tokenizer = model, tokenizer
        self.delimiters, self.settings = delimiters, settings
        self._name = str(getattr(getattr(model, "config", None), "name_or_path", "")) or "unnamed"
        self.end_ids = end_token_ids(tokenizer, model)
        if not self.end_ids:
            raise ValueError(
                "Neither the model nor its tokenizer names an end token; set eos_token."
            )
        pad = tokenizer.pad_token_id
        self._pad = min(self.end_ids) if pad is None else int(pad)

    def sample(
        self,
        prompts: Sequence[str],
        samples_per_prompt: int = 1,
        seed: int = 0,
        batch_size: int = 256,
        monitor_factory: MonitorFactory | None = None,
        progress: Progress | None = None,
    ) -> list[Completion]:
        """Sample completions of each prompt.

        Args:
            prompts: Rendered prompts; special tokens are read, none are added.
            samples_per_prompt: Completions of each.
            seed: Keys the uniforms, with the prompt's index and the sample's.
            batch_size: Most rows at once.
            monitor_factory: Called once a row, when its batch begins.
            progress: Called when rows finish.

        Returns:
            All samples of the first prompt, then of the second, and so on.
        """
        prefixes = [self.tokenizer.encode(p, add_special_tokens=False) for p in prompts]
        return self.continue_from(
            prefixes, samples_per_prompt, seed, batch_size, monitor_factory, progress
        )

    def continue_from(
        self,
        prefixes: Sequence[Sequence[int]],
        samples_per_prefix: int = 1,
        seed: int = 0,
        batch_size: int = 256,
        monitor_factory: MonitorFactory | None = None,
        progress: Progress | None = None,
        max_new_tokens: int | None = None,
        temperature: float | None = None,
    ) -> list[Completion]:
        """Go on from token ids, such as a prompt, part of a thinking and the closing sequence.

        Args:
            prefixes: Token ids to continue from, none empty; they are not part of the completions.
            samples_per_prefix: Completions of each.
            seed: As for `sample`.
            batch_size: As for `sample`.
            monitor_factory: As for `sample`; the monitor sees only what comes after the prefix.
            progress: As for `sample`.
            max_new_tokens: Budget of this call; None takes the settings'.
            temperature: Temperature of this call, 0 for greedy; None takes the settings'.

        Returns:
            As `sample`, with prefixes in the place of prompts.

        Raises:
            ValueError: A prefix is empty or a number is out of range.
            UserError: The model's logits are not finite.
        """
        for index, prefix in enumerate(prefixes):
            if not prefix:
                raise ValueError(f"Prompt {index} has no tokens; a model needs at least one.")
        if samples_per_prefix < 1 or batch_size < 1:
            raise ValueError("The number of samples and the batch size must be 1 or more.")
        given = self.settings
        settings = SamplingSettings(
            temperature=given.temperature if temperature is None else temperature,
            top_p=given.top_p,
            top_k=given.top_k,
            max_new_tokens=given.max_new_tokens if max_new_tokens is None else max_new_tokens,
        )
        keys = [(p, s) for p in range(len(prefixes)) for s in range(samples_per_prefix)]
        keys.sort(key=lambda k: (len(prefixes[k[0]]), k))  # like lengths together: less padding
        done: dict[tuple[int, int], Completion] = {}
        with _evaluating(self.model):
            for first in range(0, len(keys), batch_size):
                rows = [
                    _Row(
                        prompt_index=p,
                        sample=s,
                        prefix=prefixes[p],
                        uniforms=row_uniforms(seed, p, s, settings.max_new_tokens),
                        monitor=monitor_factory(p, s) if monitor_factory else None,
                    )
                    for p, s in keys[first : first + batch_size]
                ]
                for ended in self._run(rows, settings):
                    done.update({(r.prompt_index, r.sample): self._completion(r) for r in ended})
                    if progress is not None:
                        progress(len(done), len(keys))
        return [done[key] for key in sorted(keys)]

    def _run(self, rows: list[_Row], settings: SamplingSettings) -> Iterator[list[_Row]]:
        """Decode one batch; yield the rows as they end."""
        started = time.perf_counter()
        batch = DecodingBatch(self.model, [row.prefix for row in rows], self._pad)
        uniforms = torch.from_numpy(np.stack([row.uniforms for row in rows])).to(self.model.device)
        for position in range(settings.max_new_tokens):
            check_logits(batch.logits, self._name, position + 1)
            drawn = sample_tokens(batch.logits, uniforms[:, position], settings).tolist()
            for row, token in zip(rows, drawn, strict=True):
                row.take(token, self.end_ids)
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

    def _completion(self, row: _Row) -> Completion:
        unseen = self.end_ids | {self._pad}
        text = self.tokenizer.decode(
            [i for i in row.ids if i not in unseen],
            skip_special_tokens=False,
            clean_up_tokenization_spaces=False,
        )
        bare = Completion(
            row.prompt_index, row.sample, row.ids, text, finished=row.ended, seconds=row.seconds
        )
        if row.monitor is None:
            return bare
        return replace(
            bare,
            steps=row.monitor.close(),
            stop=row.monitor.decision,
            forced_tokens=row.monitor.forced_tokens,
            monitor_seconds=row.monitor.seconds,
        )


def _fill_holes(living: Sequence[int]) -> list[int]:
    """Order living slots so that as few as possible move: the last ones fill the holes."""
    count = len(living)
    stay = {slot for slot in living if slot < count}
    movers = iter(slot for slot in living if slot >= count)
    return [slot if slot in stay else next(movers) for slot in range(count)]


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Evaluation mode, no gradients and fast attention, for the length of a block."""
    training = model.training
    model.eval()
    try:
        with torch.inference_mode(), grouped_attention(model):
            yield
    finally:
        model.train(training)
