"""One batch of rows decoded together: prefill, sample a token a row, drop the rows that end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from annotated_types import Ge, Interval
from transformers.cache_utils import Cache

from rl.sampling.kv_cache import preallocated_cache
from tagger.config.settings import Settings
from tagger.errors import UserError


@dataclass(frozen=True)
class SamplingSettings(Settings):
    """How tokens are drawn.

    Attributes:
        temperature: Divides the logits; 0 takes the likeliest token.
        top_p: Keep the likeliest tokens whose probabilities reach this sum; 1 keeps all.
        top_k: Keep this many of the likeliest tokens; 0 keeps all.
        max_new_tokens: Most tokens a completion may have, forced ones included.
    """

    KEY: ClassVar[str] = "setting"
    OWNER: ClassVar[str] = "the sampling"

    temperature: Annotated[float, Interval(ge=0, lt=inf)] = 1.0
    top_p: Annotated[float, Interval(gt=0, le=1)] = 1.0
    top_k: Annotated[int, Ge(0)] = 0
    max_new_tokens: Annotated[int, Ge(1)] = 512


class NonFiniteLogitsError(UserError):
    """A policy's logits are NaN or infinite: no token can be drawn from them."""


def check_logits(logits: torch.Tensor, policy: str, position: int) -> None:
    """Refuse to draw from logits that are NaN, infinite, or all minus infinity.

    A softmax over them is NaN, and the search for a token ends outside the vocabulary.

    Args:
        logits: Shape (rows, vocabulary); single tokens may be masked by minus infinity.
        policy: Name of the policy, for the error.
        position: Number of the token to be drawn, from 1.

    Raises:
        NonFiniteLogitsError: They are.
    """
    if not bool(logits.amax(dim=-1).isfinite().all()):
        raise NonFiniteLogitsError(
            f"The policy {policy!r} gave logits that are not finite at token {position} of a "
            "completion; its weights or its data type are broken."
        )


def row_uniforms(seed: int, prompt_index: int, sample: int, length: int) -> np.ndarray:
    """Draw the per-row uniforms that its tokens are sampled with, one a position.

    They depend on these keys alone: not on the batch a row runs in, and not on what a stopping
    rule does to it. So two arms with the same seed sample the same tokens as long as they see the
    same text.

    Args:
        seed: Seed of the run, at least 0.
        prompt_index: Index of the prompt among all prompts of the run.
        sample: Index of the sample of that prompt.
        length: Positions to draw for.

    Returns:
        Shape (length,), float64 in [0, 1); a longer draw begins with the shorter one.
    """
    keyed = np.random.SeedSequence(entropy=seed, spawn_key=(prompt_index, sample))
    return np.random.Generator(np.random.Philox(keyed)).random(length)


def sample_tokens(
    logits: torch.Tensor, uniforms: torch.Tensor, settings: SamplingSettings
) -> torch.Tensor:
    """Sample one token a row by inverting the cumulative distribution.

    Args:
        logits: Shape (rows, vocabulary).
        uniforms: Shape (rows,), float64 in [0, 1).
        settings: Temperature and truncation, applied in the order temperature, top-k, top-p.

    Returns:
        Token ids, shape (rows,), int64.
    """
    if settings.temperature == 0:
        return logits.argmax(dim=-1)
    scores = logits.float() / settings.temperature
    if 0 < settings.top_k < scores.shape[-1]:
        floor = scores.topk(settings.top_k, dim=-1).values[:, -1:]
        scores = scores.masked_fill(scores < floor, -torch.inf)
    probabilities = scores.softmax(dim=-1)
    if settings.top_p < 1:
        ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
        surplus = ordered.cumsum(dim=-1) - ordered >= settings.top_p
        probabilities = probabilities.masked_fill(
            torch.zeros_like(surplus).scatter(-1, order, surplus), 0.0
        )
    cumulative = probabilities.cumsum(dim=-1, dtype=torch.float64)
    total = cumulative[:, -1:]
    # Strictly below the total, so that the token found always has probability above zero.
    target = torch.minimum(uniforms[:, None] * total, torch.nextafter(total, total.new_zeros(())))
    return torch.searchsorted(cumulative, target, right=True)[:, 0]


def left_padded(
    prefixes: Sequence[Sequence[int]], pad_id: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask of prefixes, shape (rows, longest), filled up on the left."""
    width = max(map(len, prefixes))
    ids = torch.full((len(prefixes), width), pad_id, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, prefix in enumerate(prefixes):
        ids[row, width - len(prefix) :] = torch.tensor(prefix, dtype=torch.long)
        mask[row, width - len(prefix) :] = 1
    return ids, mask


class DecodingBatch:
    """Rows that run through the model together, each from its own prefix.

    Rows are named by their slot, 0 to ``len - 1``; `keep` renumbers them.

    Attributes:
        model: The model.
        mask: Which columns hold tokens, shape (rows, columns); 0 is padding.
        cache: Keys and values of what has been read.
        logits: Of the next token, shape (rows, vocabulary).
    """

    model: Any
    logits: torch.Tensor

    _ids: torch.Tensor
    mask: torch.Tensor
    _position: torch.Tensor
    cache: Cache

    def __init__(self, model: Any, prefixes: Sequence[Sequence[int]], pad_id: int) -> None:
        """Prefill; equal prefixes are computed once.

        Args:
            model: A causal language model of transformers.
            prefixes: Token ids each row starts from, none empty.
            pad_id: Id that fills shorter prefixes on the left; masked, so any valid id does.
        """
        unique: dict[tuple[int, ...], int] = {}
        source = [unique.setdefault(tuple(p), len(unique)) for p in prefixes]
        self._begin(model, list(unique), pad_id)
        logits = self._read(0, self._ids.shape[1], 1)
        rows = torch.tensor(source, device=model.device)
        self.mask, self._position = self.mask[rows], self._position[rows]
        self.logits = logits[rows, -1]
        if len(source) > len(unique) or source != list(range(len(source))):
            self.cache.batch_select_indices(rows)

    def _begin(self, model: Any, prefixes: Sequence[Sequence[int]], pad_id: int) -> None:
        """Lay the prefixes out, padded on the left; nothing is read yet."""
        self.model = model
        ids, mask = left_padded(prefixes, pad_id)
        self._ids, self.mask = ids.to(model.device), mask.to(model.device)
        self.cache = preallocated_cache(model.config)

    def _read(self, first: int, end: int, keep: int) -> torch.Tensor:
        """Read columns of the prefixes, those before `first` having been read.

        Args:
            first: The first column.
            end: The one after the last.
            keep: Of how many of the last columns logits are wanted; 0 for all.

        Returns:
            Their logits, shape (rows, columns wanted, vocabulary).
        """
        mask = self.mask[:, :end]
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
        self._position = positions[:, -1:]
        logits: torch.Tensor = self.model(
            input_ids=self._ids[:, first:end],
            attention_mask=mask,
            position_ids=positions[:, first:],
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=keep,
        ).logits
        return logits

    def keep(self, slots: Sequence[int]) -> None:
        """Make slot i what slot ``slots[i]`` was; all other rows are dropped."""
        rows = torch.tensor(slots, device=self.mask.device)
        self.mask, self._position = self.mask[rows], self._position[rows]
        self.logits = self.logits[rows]
        self.cache.batch_select_indices(rows)

    def step(self, tokens: Sequence[int]) -> None:
        """Append one token a row; `logits`, shape (rows, vocabulary), become those of the next."""
        ids = torch.tensor(tokens, device=self.mask.device)[:, None]
        self._position = self._position + 1
        self.mask = torch.nn.functional.pad(self.mask, (0, 1), value=1)
        output = self.model(
            input_ids=ids,
            attention_mask=self.mask,
            position_ids=self._position,
            past_key_values=self.cache,
            use_cache=True,
        )
        self.logits = output.logits[:, -1]
