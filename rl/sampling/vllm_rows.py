"""Rows in a running batch of vLLM: each draws by its own noise, and its monitor forces tokens.

vLLM's own draws come from one generator a request, which the kit's sampler could not repeat. Here
the kit draws, by the same numbers as in its own sampler, and leaves vLLM a single token a row; so
arms on either engine pair with each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
import torch

from rl.sampling.decoding import SamplingSettings, check_logits, sample_tokens
from rl.sampling.rows import Row


@dataclass(slots=True, eq=False)
class LiveRow:
    """A row that vLLM is writing.

    Attributes:
        row: The row.
        policy: Name of the policy, for errors.
        settings: How its tokens are drawn; None leaves that to vLLM.
        written: Its tokens so far: vLLM's own list, which grows.
        fed: How many of them its monitor has seen.
    """

    row: Row
    policy: str
    settings: SamplingSettings | None
    written: Sequence[int] = field(default_factory=list)
    fed: int = 0
    _scores: torch.Tensor | None = None

    def watch(self, scores: torch.Tensor) -> int | None:
        """Show the monitor what was written since the last call.

        Args:
            scores: Logits of the next token, shape (vocabulary,); kept for its probability, where
                the monitor's segmenter needs that.

        Returns:
            The token that is to be forced next, or None.
        """
        monitor = self.row.monitor
        if monitor is None:
            return None
        self._feed(self.written)
        if monitor.needs_scores:
            self._scores = scores.float()
        return monitor.forced_token

    def finish(self, ids: Sequence[int], end_ids: frozenset[int]) -> Row:
        """Take over the finished completion.

        Args:
            ids: All its tokens, the end token included.
            end_ids: Tokens that end a completion.
        """
        self.row.ids = list(ids)
        self.row.ended = bool(ids) and ids[-1] in end_ids
        if self.row.monitor is not None:
            self._feed(ids[: len(ids) - self.row.ended])
        return self.row

    def _feed(self, written: Sequence[int]) -> None:
        monitor = self.row.monitor
        if monitor is None:
            return
        for token in written[self.fed :]:
            logprob = None
            if self._scores is not None:
                chosen = self._scores[token] - self._scores.logsumexp(dim=0)
                logprob, self._scores = float(chosen), None
            monitor.feed_token(token, logprob)
        self.fed = len(written)


RUNNING: dict[int, LiveRow] = {}
"""Rows that vLLM is writing, by the number in their request's ``extra_args``. Engine and logits
processor are in one process."""
NUMBER = "suffice_row"
"""Key of that number."""
NUMBERS = count(1)
"""Numbers not given yet."""


def joined(params: Any, _prompt: Sequence[int] | None, written: list[int]) -> LiveRow | None:
    """The row of a request that joins vLLM's batch, perhaps anew after it had to leave.

    Args:
        params: Its `SamplingParams`.
        written: Its tokens so far; the list grows.
    """
    row = RUNNING.get((params.extra_args or {}).get(NUMBER, -1))
    if row is not None:
        row.written = written
    return row


def leave_one_token(logits: torch.Tensor, rows: Mapping[int, LiveRow]) -> torch.Tensor:
    """Leave each row the one token it is to write: the forced one, or the one its noise draws.

    Where the likeliest token is wanted, or vLLM draws, the logits of a row that is not forced stay
    as they are.

    A row whose prompt is still being read is drawn for as well; vLLM throws that token away.

    Args:
        logits: Shape (slots, vocabulary); changed in place, other slots are left as they are.
        rows: By slot; all with the same settings.

    Returns:
        The logits.

    Raises:
        NonFiniteLogitsError: A row's logits are not finite.
    """
    if not rows:
        return logits
    slots, live = list(rows), list(rows.values())
    own = logits[slots]
    first = live[0]
    check_logits(own, first.policy, min(len(r.written) for r in live) + 1)
    forced = [r.watch(scores) for r, scores in zip(live, own, strict=True)]
    if first.settings is None or first.settings.temperature == 0:
        for slot, token in zip(slots, forced, strict=True):
            if token is not None:
                logits[slot] = -torch.inf
                logits[slot, token] = 0.0
        return logits
    places = [min(len(r.written), len(r.row.uniforms) - 1) for r in live]
    noise = np.array([r.row.uniforms[at] for r, at in zip(live, places, strict=True)])
    uniforms = torch.from_numpy(noise).to(logits.device)
    drawn = sample_tokens(own, uniforms, first.settings).tolist()
    tokens = [d if f is None else f for d, f in zip(drawn, forced, strict=True)]
    logits[slots] = -torch.inf
    logits[slots, tokens] = 0.0
    return logits
