"""Monitored stopping under ``generate`` of transformers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tagger.stopping.monitor import StepMonitor

if TYPE_CHECKING:
    import torch


class MonitorLogitsProcessor:
    """A logits processor that closes the thinking of those rows whose rule fires.

    Pass it in ``logits_processor=[...]`` of one call of ``generate``, with sampling or greedy
    search. The row's scores become -inf for all tokens but the one to be forced; the scores of
    all other rows are left as they are, bit for bit. Call `finish` with what ``generate``
    returned before reading the monitors.

    Monitors whose segmenter needs token probabilities get them from the scores the processor is
    called with: the model's own, before temperature, top-k and top-p.
    """

    def __init__(
        self, monitors: Sequence[StepMonitor | None], end_ids: Iterable[int], prompt_length: int
    ) -> None:
        """Bind the monitors of one batch.

        Args:
            monitors: One a row of the batch (``num_return_sequences`` rows a prompt, in order);
                None leaves that row alone.
            end_ids: Ids that end a row; what comes after is padding.
            prompt_length: Width of the (padded) prompts, ``input_ids.shape[1]``.
        """
        self._monitors = monitors
        self._end_ids = frozenset(end_ids)
        self._ended = [monitor is None for monitor in monitors]
        self._start = self._seen = prompt_length
        self._last: Any = None
        self._scored = any(monitor is not None and monitor.needs_scores for monitor in monitors)
        self._scores: Any = None  # what the next tokens are drawn from

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Feed the new tokens, then force where a closing is under way.

        Args:
            input_ids: Shape (rows, tokens so far), prompts included.
            scores: Shape (rows, vocabulary).

        Returns:
            The scores given, or a copy of them with the forced rows replaced.

        Raises:
            ValueError: The batch is not the one the monitors are for, or its rows have been
                reordered (beam search) or shortened (a second call of ``generate``).
        """
        self._feed(input_ids)
        if self._scored:
            self._scores = scores
        forced = [
            (row, monitor.forced_token)
            for row, monitor in enumerate(self._monitors)
            if monitor is not None and not self._ended[row] and monitor.forced_token is not None
        ]
        if not forced:
            return scores
        scores = scores.clone()
        for row, token in forced:
            scores[row] = -float("inf")
            scores[row, token] = 0.0
        return scores

    def finish(self, sequences: torch.Tensor) -> None:
        """Feed the last tokens, which no call saw, and close the monitors.

        Args:
            sequences: What ``generate`` returned, shape (rows, tokens), prompts included.

        Raises:
            ValueError: As for calling.
        """
        self._feed(sequences)
        for monitor in self._monitors:
            if monitor is not None:
                monitor.close()

    def _feed(self, input_ids: torch.Tensor) -> None:
        rows, length = input_ids.shape
        if rows != len(self._monitors):
            raise ValueError(f"{len(self._monitors)} monitors were given for {rows} rows.")
        if length < self._seen or self._reordered(input_ids):
            raise ValueError(
                "The rows are not those seen before; use a new processor for each call of "
                "generate, and neither beam search nor assisted decoding."
            )
        logprobs = self._logprobs(input_ids[:, self._seen :])
        fresh = input_ids[:, self._seen :].tolist()
        self._seen = length
        self._last = input_ids[:, -1].clone()
        for row, tokens in enumerate(fresh):
            monitor = self._monitors[row]
            for token in tokens:
                if monitor is None or self._ended[row]:
                    break
                if token in self._end_ids:
                    self._ended[row] = True
                else:
                    monitor.feed_token(token, logprobs[row] if logprobs else None)

    def _logprobs(self, fresh: torch.Tensor) -> list[float] | None:
        """Log-probability of each row's new token, if a monitor needs it and it is known."""
        if self._scores is None or fresh.shape[1] != 1:
            return None
        scores, self._scores = self._scores.float(), None
        chosen = scores.gather(1, fresh.to(scores.device))[:, 0] - scores.logsumexp(dim=1)
        return [float(value) for value in chosen.tolist()]

    def _reordered(self, input_ids: torch.Tensor) -> bool:
        if self._last is None or self._seen == self._start:
            return False
        return not bool((input_ids[:, self._seen - 1] == self._last).all())
