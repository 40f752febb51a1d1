"""What engines that run a model of transformers share: batches, evaluation mode, no gradients."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from rl.sampling.decoding import SamplingSettings
from rl.sampling.memory import split_batches, tokens_that_fit
from rl.sampling.rows import Row, RowEngine, RowKey
from tagger.thinking.end_tokens import end_token_ids

if TYPE_CHECKING:
    from tagger.thinking.split import ThinkingDelimiters


class BatchedEngine(RowEngine):
    """Samples completions of rendered prompts from one model, batch by batch.

    Attributes:
        model: The model; put into evaluation mode for each call and back after it.
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
            max_batch_tokens: See `RowEngine`.
            places: See `RowEngine`.

        Raises:
            ValueError: Neither the model nor the tokenizer names an end token.
        """
        ends = end_token_ids(tokenizer, model)
        super().__init__(tokenizer, delimiters, settings, ends, max_batch_tokens, places)
        self.model = model
        self._name = str(getattr(getattr(model, "config", None), "name_or_path", "")) or "unnamed"

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

    def _decode(
        self,
        keys: Sequence[RowKey],
        make: Callable[[RowKey], Row],
        lengths: Sequence[int],
        batch_size: int,
        settings: SamplingSettings,
    ) -> Generator[list[Row]]:
        """Decode batch by batch; see `RowEngine`."""
        fitting = self.max_batch_tokens or tokens_that_fit(self.model)
        new = [settings.max_new_tokens] * len(lengths)
        with self._running():
            for batch in split_batches(lengths, new, batch_size, fitting):
                rows = [make(key) for key in keys[batch.start : batch.stop]]
                read = [tuple(row.prefix) for row in rows]
                self._read += sum(map(len, set(read) if self.SHARES_PREFIXES else read))
                yield from self._run(rows, settings)
