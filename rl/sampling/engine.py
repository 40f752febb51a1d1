"""What evaluation, comparison and oracle ask of whatever generates a policy's completions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tagger.steps import TaggedStep
    from tagger.stopping.monitor import StepMonitor
    from tagger.stopping.rules.base import Decision
    from tagger.thinking.split import ThinkingDelimiters

MonitorFactory = Callable[[int, int], "StepMonitor | None"]
"""Gives the monitor of (prompt index, sample); None leaves that row alone."""

Drafts = Mapping[tuple[int, int], Sequence[int]]
"""Token ids that a completion probably begins with, by (prompt index, sample)."""

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


@dataclass(frozen=True, slots=True)
class EngineCost:
    """What an engine has spent; costs can be added and subtracted.

    Attributes:
        prompt_tokens: Tokens of prompts the model has read, padding excluded.
        reread_tokens: Tokens of prefixes read again to continue from them or to probe them.
        generated_tokens: Tokens the model has drawn, end tokens included.
        forced_tokens: Tokens monitors wrote in place of the model.
        seconds: Wall-clock seconds of generation, monitors included.
    """

    prompt_tokens: int = 0
    reread_tokens: int = 0
    generated_tokens: int = 0
    forced_tokens: int = 0
    seconds: float = 0.0

    def __add__(self, other: EngineCost) -> EngineCost:
        return EngineCost(
            self.prompt_tokens + other.prompt_tokens,
            self.reread_tokens + other.reread_tokens,
            self.generated_tokens + other.generated_tokens,
            self.forced_tokens + other.forced_tokens,
            self.seconds + other.seconds,
        )

    def __sub__(self, other: EngineCost) -> EngineCost:
        """What was spent since an earlier reading of the same engine."""
        return EngineCost(
            self.prompt_tokens - other.prompt_tokens,
            self.reread_tokens - other.reread_tokens,
            self.generated_tokens - other.generated_tokens,
            self.forced_tokens - other.forced_tokens,
            self.seconds - other.seconds,
        )


class Engine(Protocol):
    """Generates completions of one policy with one set of sampling settings.

    Two calls with the same seed give a row the same noise, keyed by (seed, prompt, sample,
    position): the arms of a comparison share a row's tokens until a monitor parts them.
    """

    @property
    def tokenizer(self) -> Any:
        """The policy's tokenizer."""
        ...

    @property
    def delimiters(self) -> ThinkingDelimiters:
        """The policy's thinking delimiters."""
        ...

    @property
    def end_ids(self) -> frozenset[int]:
        """Token ids that end a completion."""
        ...

    @property
    def cost(self) -> EngineCost:
        """What all calls so far have spent."""
        ...

    def sample(
        self,
        prompts: Sequence[str],
        samples_per_prompt: int = 1,
        seed: int = 0,
        batch_size: int = 256,
        monitor_factory: MonitorFactory | None = None,
        progress: Progress | None = None,
    ) -> list[Completion]:
        """Sample completions of rendered prompts.

        Args:
            prompts: Rendered prompts; special tokens are read, none are added.
            samples_per_prompt: Completions of each.
            seed: Keys the noise, with the prompt's index and the sample's.
            batch_size: Most rows at once.
            monitor_factory: Called once a row, when its batch begins.
            progress: Called when rows finish.

        Returns:
            All samples of the first prompt, then of the second, and so on.
        """
        ...

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
        """Sample under several monitors what `sample` would under each, with drafts.

        Args:
            prompts: As for `sample`.
            factories: Give the monitors of each arm; may be called twice for a row.
            drafts: What rows probably write, to be read in parallel, once for all arms; they save
                time and change neither tokens nor counts, right or wrong. Only the engines of
                `rl.sampling.registry.TAKE_DRAFTS` take them.
            samples_per_prompt: As for `sample`.
            seed: As for `sample`.
            batch_size: As for `sample`.
            progress: As for `sample`; a row is finished when all arms have it.

        Returns:
            For each factory the completions, and what `sample` would have spent on them.

        Raises:
            ValueError: The engine takes no drafts.
        """
        ...

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
        """Continue token ids, such as a prompt, part of a thinking and the closing sequence.

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
        """
        ...

    def probe(
        self, prefixes: Sequence[Sequence[int]], max_new_tokens: int, batch_size: int = 256
    ) -> list[Completion]:
        """Answer once and greedily from each prefix, whatever the sampling settings.

        Args:
            prefixes: Token ids, none empty, each closed where the answer is to begin.
            max_new_tokens: Budget of the answer.
            batch_size: Most rows at once.

        Returns:
            One completion a prefix, in order.
        """
        ...
