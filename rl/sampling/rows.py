"""What every engine does with rows: prompts to rows, rows to completions, noise, order, cost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rl.sampling.decoding import SamplingSettings, row_uniforms
from rl.sampling.engine import Completion, Drafts, EngineCost, MonitorFactory, Progress

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
        unverified: How many of the first ids are of a draft, and not yet checked.
        arm: Number of the monitor factory it is for, where there are several.
    """

    prompt_index: int
    sample: int
    prefix: Sequence[int]
    uniforms: np.ndarray
    monitor: StepMonitor | None
    ids: list[int] = field(default_factory=list)
    seconds: float = 0.0
    ended: bool = False
    unverified: int = 0
    arm: int = 0

    @property
    def forced(self) -> int | None:
        """The token that the monitor wants next, whatever is drawn; None if it wants none."""
        return self.monitor.forced_token if self.monitor is not None else None

    def take(self, drawn: int, end_ids: Collection[int]) -> None:
        """Append the drawn token, or the one that the monitor forces in its place."""
        forced = self.forced
        token = drawn if forced is None else forced
        self.ids.append(token)
        self.ended = token in end_ids
        if self.monitor is not None and not self.ended:
            self.monitor.feed_token(token)


RowKey = tuple[int, int]
"""(prompt index, sample) of a row."""


class RowEngine(ABC):
    """Samples completions of rendered prompts, row by row, in any order.

    Attributes:
        tokenizer: The policy's tokenizer.
        delimiters: The thinking delimiters.
        settings: How tokens are drawn.
        end_ids: Token ids that end a completion.
        cost: What all calls so far have spent.
        max_batch_tokens: Most tokens of the key-value cache of the rows that run at once; None
            takes what fits. A row's noise does not depend on it.
        places: Numbers of a call's prompts among those of all processes, which key their noise, so
            that a prompt's tokens do not depend on how many processes share the work; None numbers
            them from 0.
    """

    def __init__(
        self,
        tokenizer: Any,
        delimiters: ThinkingDelimiters,
        settings: SamplingSettings,
        end_ids: frozenset[int],
        max_batch_tokens: int | None = None,
        places: Sequence[int] | None = None,
    ) -> None:
        """Bind a policy's tokenizer.

        Raises:
            ValueError: There is no end token.
        """
        self.tokenizer, self.delimiters, self.settings = tokenizer, delimiters, settings
        self.end_ids, self.max_batch_tokens, self.places = end_ids, max_batch_tokens, places
        self.cost = EngineCost()
        self._read = 0
        if not self.end_ids:
            raise ValueError(
                "Neither the model nor its tokenizer names an end token; set eos_token."
            )
        pad = tokenizer.pad_token_id
        self._pad = min(self.end_ids) if pad is None else int(pad)

    @abstractmethod
    def _decode(
        self,
        keys: Sequence[RowKey],
        make: Callable[[RowKey], Row],
        lengths: Sequence[int],
        batch_size: int,
        settings: SamplingSettings,
    ) -> Generator[list[Row]]:
        """Decode rows; yield them as they end, each with its ids and seconds.

        Counts in `_read` the tokens of prefixes that the model reads.

        Args:
            keys: The rows, those of like length next to each other.
            make: Makes a row when its turn comes.
            lengths: Tokens of each row's prefix.
            batch_size: Most rows at once.
            settings: How tokens are drawn.

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

        Raises:
            ValueError: The engine takes no drafts.
        """
        raise ValueError(f"{type(self).__name__} takes no drafts.")

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
        decode: Callable[..., Generator[list[Row]]] | None = None,
    ) -> list[Completion]:
        """Sample; `decode` takes the place of `_decode`."""
        check_rows(prefixes, samples, batch_size)
        places = range(len(prefixes)) if self.places is None else self.places

        def make(key: RowKey) -> Row:
            prompt, sample = key
            return Row(
                prompt_index=prompt,
                sample=sample,
                prefix=prefixes[prompt],
                uniforms=row_uniforms(seed, places[prompt], sample, settings.max_new_tokens),
                monitor=monitor_factory(prompt, sample) if monitor_factory else None,
            )

        keys = row_order(prefixes, samples)
        lengths = [len(prefixes[p]) for p, _ in keys]
        self._read = 0
        done: dict[RowKey, Completion] = {}
        decode = decode or self._decode
        with closing(decode(keys, make, lengths, batch_size, settings)) as running:
            for ended in running:
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


def check_rows(prefixes: Sequence[Sequence[int]], samples: int, batch_size: int) -> None:
    """Refuse empty prefixes and numbers below 1.

    Raises:
        ValueError: There is one.
    """
    for index, prefix in enumerate(prefixes):
        if not prefix:
            raise ValueError(f"Prompt {index} has no tokens; a model needs at least one.")
    if samples < 1 or batch_size < 1:
        raise ValueError("The number of samples and the batch size must be 1 or more.")


def row_order(prefixes: Sequence[Sequence[int]], samples: int) -> list[tuple[int, int]]:
    """Order rows (prefix index, sample) so that like lengths run together: less padding."""
    keys = [(p, s) for p in range(len(prefixes)) for s in range(samples)]
    return sorted(keys, key=lambda key: (len(prefixes[key[0]]), key))
