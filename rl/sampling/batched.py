"""What engines that run a model of transformers in batches share: rows, order, noise, cost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from rl.sampling.decoding import SamplingSettings, row_uniforms
from rl.sampling.engine import Completion, EngineCost, MonitorFactory, Progress
from rl.sampling.memory import split_batches, tokens_that_fit
from tagger.thinking.end_tokens import end_token_ids

if TYPE_CHECKING:
    from tagger.stopping.monitor import StepMonitor
    from tagger.thinking.split import ThinkingDelimiters


@dataclass(slots=True)
class Row:
    """A completion in the making.

    Attributes:
        prompt_index: Index of its prompt.
        sample: Index of its sample.
        prefix: Token ids it continues from.
        uniforms: Its noise, one number a position.
        monitor: Watches it, or None.
        ids: What has been written after the prefix.
        seconds: Its share of the wall-clock time.
        ended: The last id is an end token.
    """

    prompt_index: int
    sample: int
    prefix: Sequence[int]
    uniforms: np.ndarray
    monitor: StepMonitor | None
    ids: list[int] = field(default_factory=list)
    seconds: float = 0.0
    ended: bool = False


class BatchedEngine(ABC):
    """Samples completions of rendered prompts from one model, batch by batch.

    Attributes:
        model: The model; put into evaluation mode for each call and back after it.
        tokenizer: Its tokenizer.
        delimiters: The thinking delimiters.
        settings: How tokens are drawn.
        end_ids: Token ids that end a completion.
        cost: What all calls so far have spent.
        max_batch_tokens: Most tokens of a batch's key-value cache; None takes what fits into free
            memory. A row's noise does not depend on it.
        places: Numbers of a call's prompts among those of all processes, which key their noise, so
            that a prompt's tokens do not depend on how many processes share the work; None numbers
            them from 0.
    """

    SHARES_PREFIXES: ClassVar[bool]
    """Whether equal prefixes of a batch are read once."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        delimiters: ThinkingDelimiters,
        settings: SamplingSettings,
        max_batch_tokens: int | None = None,
        places: Sequence[int] | None = None,
    ) -> None:
        """Bind a model.

        Args:
            model: Causal language model of transformers, possibly wrapped by peft.
            tokenizer: Its tokenizer, with an end token.
            delimiters: The thinking delimiters; kept for those who split the text.
            settings: How tokens are drawn.
            max_batch_tokens: See the class.
            places: See the class.

        Raises:
            ValueError: Neither the model nor the tokenizer names an end token.
        """
        self.model, self.tokenizer = model, tokenizer
        self.delimiters, self.settings = delimiters, settings
        self.max_batch_tokens, self.places = max_batch_tokens, places
        self.cost = EngineCost()
        self._read = 0
        self._name = str(getattr(getattr(model, "config", None), "name_or_path", "")) or "unnamed"
        self.end_ids = end_token_ids(tokenizer, model)
        if not self.end_ids:
            raise ValueError(
                "Neither the model nor its tokenizer names an end token; set eos_token."
            )
        pad = tokenizer.pad_token_id
        self._pad = min(self.end_ids) if pad is None else int(pad)

    @contextmanager
    def _running(self) -> Iterator[None]:
        """What holds for the length of a call: evaluation mode, no gradients."""
        training = self.model.training
        self.model.eval()
        try:
            with torch.inference_mode():
                yield
        finally:
            self.model.train(training)

    @abstractmethod
    def _run(self, rows: list[Row], settings: SamplingSettings) -> Iterator[list[Row]]:
        """Decode one batch; yield the rows as they end, each with its ids and seconds.

        Raises:
            UserError: The model's logits are not finite.
        """

    def sample(
        self,
        prompts: Sequence[str],
        samples_per_prompt: int = 1,
        seed: int = 0,
        batch_size: int = 256,
        monitor_factory: MonitorFactory | None = None,
        progress: Progress | None = None,
    ) -> list[Completion]:
        """Sample completions of each prompt, as `rl.sampling.engine.Engine.sample`."""
        prefixes = [self.tokenizer.encode(p, add_special_tokens=False) for p in prompts]
        done = self._generate(
            prefixes, samples_per_prompt, seed, batch_size, self.settings, monitor_factory, progress
        )
        self._count(done, reread=False)
        return done

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
        """Continue token ids, as `rl.sampling.engine.Engine.continue_from`.

        Raises:
            ValueError: A prefix is empty or a number is out of range.
            UserError: The model's logits are not finite.
        """
        given = self.settings
        settings = SamplingSettings(
            temperature=given.temperature if temperature is None else temperature,
            top_p=given.top_p,
            top_k=given.top_k,
            max_new_tokens=given.max_new_tokens if max_new_tokens is None else max_new_tokens,
        )
        done = self._generate(
            prefixes, samples_per_prefix, seed, batch_size, settings, monitor_factory, progress
        )
        self._count(done, reread=True)
        return done

    def probe(
        self, prefixes: Sequence[Sequence[int]], max_new_tokens: int, batch_size: int = 256
    ) -> list[Completion]:
        """Answer once and greedily from each prefix, as `rl.sampling.engine.Engine.probe`."""
        return self.continue_from(
            prefixes, batch_size=batch_size, max_new_tokens=max_new_tokens, temperature=0.0
        )

    def _generate(
        self,
        prefixes: Sequence[Sequence[int]],
        samples: int,
        seed: int,
        batch_size: int,
        settings: SamplingSettings,
        monitor_factory: MonitorFactory | None,
        progress: Progress | None,
    ) -> list[Completion]:
        for index, prefix in enumerate(prefixes):
            if not prefix:
                raise ValueError(f"Prompt {index} has no tokens; a model needs at least one.")
        if samples < 1 or batch_size < 1:
            raise ValueError("The number of samples and the batch size must be 1 or more.")
        keys = row_order(prefixes, samples)
        places = range(len(prefixes)) if self.places is None else self.places
        fitting = self.max_batch_tokens or tokens_that_fit(self.model)
        lengths = [len(prefixes[p]) for p, _ in keys]
        self._read = 0
        done: dict[tuple[int, int], Completion] = {}
        with self._running():
            for batch in split_batches(lengths, settings.max_new_tokens, batch_size, fitting):
                rows = [
                    Row(
                        prompt_index=p,
                        sample=s,
                        prefix=prefixes[p],
                        uniforms=row_uniforms(seed, places[p], s, settings.max_new_tokens),
                        monitor=monitor_factory(p, s) if monitor_factory else None,
                    )
                    for p, s in keys[batch.start : batch.stop]
                ]
                read = [tuple(row.prefix) for row in rows]
                self._read += sum(map(len, set(read) if self.SHARES_PREFIXES else read))
                for ended in self._run(rows, settings):
                    done.update({(r.prompt_index, r.sample): self._completion(r) for r in ended})
                    if progress is not None:
                        progress(len(done), len(keys))
        return [done[key] for key in sorted(keys)]

    def _count(self, done: Sequence[Completion], *, reread: bool) -> None:
        """Add to the cost what a call has spent."""
        forced = sum(c.forced_tokens for c in done)
        self.cost += EngineCost(
            prompt_tokens=0 if reread else self._read,
            reread_tokens=self._read if reread else 0,
            generated_tokens=sum(len(c.ids) for c in done) - forced,
            forced_tokens=forced,
            seconds=sum(c.seconds for c in done),
        )

    def _completion(self, row: Row) -> Completion:
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


def row_order(prefixes: Sequence[Sequence[int]], samples: int) -> list[tuple[int, int]]:
    """Order rows (prefix index, sample) so that like lengths run together: less padding."""
    keys = [(p, s) for p in range(len(prefixes)) for s in range(samples)]
    return sorted(keys, key=lambda key: (len(prefixes[key[0]]), key))
