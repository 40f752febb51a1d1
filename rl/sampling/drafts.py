"""Drafts: tokens a row probably writes, read many at a time and checked against its own noise.

Speculative decoding (Leviathan et al., 2023) for noise that is known: a row's uniforms are keyed
by its position, so a draft's token is accepted if and only if it is the one that decoding would
have drawn there. Where it is not, the row continues from the token that is. So drafts change
nothing but the time, and, like the batch a row runs in, the rounding of about 1e-7.

An arm under a stopping rule writes what its policy's free arm writes until the rule fires, which
makes the free arm's completion the best of drafts.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from rl.sampling.decoding import DecodingBatch, SamplingSettings, check_logits, sample_tokens
from rl.sampling.memory import split_batches
from rl.sampling.rows import Row

LOGITS = 2**26
"""Most logits of a chunk of columns: rows times columns times vocabulary; 256 MiB in float32."""
DRAWN = 2**22
"""Most logits that tokens are drawn from at once, in memory some 20 bytes each."""
WINDOW = 8
"""Batches whose drafts are shown to their monitors before the first of them is read, so that rows
of like length can run together."""


def propose(
    row: Row, draft: Sequence[int], end_ids: Collection[int], limit: int, vocabulary: int
) -> None:
    """Let a row write its draft, its monitor watching, until that forces something else.

    Args:
        row: A row that has written nothing; gets ids, of which `Row.unverified` come from the
            draft; the rest, if any, is what the monitor forced.
        draft: Token ids; anything may be in it.
        end_ids: Token ids that end a completion.
        limit: Most tokens of a completion.
        vocabulary: Ids are below it.
    """
    started = time.perf_counter()
    for token in draft:
        full = row.ended or len(row.ids) >= limit
        if full or row.forced is not None or not 0 <= token < vocabulary:
            break
        row.take(token, end_ids)
    row.unverified = len(row.ids)
    while not row.ended and len(row.ids) < limit and (forced := row.forced) is not None:
        row.take(forced, end_ids)
    row.seconds += time.perf_counter() - started


def cut_back(fresh: Row, row: Row, agreed: int, drawn: int, end_ids: Collection[int]) -> Row:
    """A row whose draft is wrong, as far as it goes.

    Args:
        fresh: The same row with a monitor that has seen nothing; returned.
        row: The row with its draft.
        agreed: How many of its tokens hold.
        drawn: The one that is drawn after them.
        end_ids: Token ids that end a completion.
    """
    for token in (*row.ids[:agreed], drawn):
        fresh.take(token, end_ids)
    fresh.seconds = row.seconds
    return fresh


def vocabulary_of(model: Any) -> int:
    """How many token ids a model reads."""
    return int(model.get_input_embeddings().weight.shape[0])


def batches_of(
    rows: Sequence[Row], limit: int, batch_size: int, max_tokens: int | None
) -> Iterator[list[Row]]:
    """Split rows that have written something into batches of like length.

    Args:
        rows: The rows.
        limit: Most tokens of a completion.
        batch_size: Most rows of a batch.
        max_tokens: Most tokens of a batch's key-value cache, or None.
    """
    ordered = sorted(rows, key=_length)
    left = [limit - len(row.ids) for row in ordered]
    for batch in split_batches([_length(row) for row in ordered], left, batch_size, max_tokens):
        yield ordered[batch.start : batch.stop]


def _length(row: Row) -> int:
    return len(row.prefix) + len(row.ids)


class DraftedBatch(DecodingBatch):
    """Rows that are read with what they have written, and their drafts checked on the way.

    Attributes:
        wrong: By slot, of rows whose draft does not hold: how many of its tokens do, and the one
            that is drawn after them. These rows are of no further use in this batch.
        complete: Whether everything has been read, not only up to where all drafts are wrong.
    """

    def __init__(
        self, model: Any, rows: Sequence[Row], pad_id: int, settings: SamplingSettings, policy: str
    ) -> None:
        """Read and check; no further than all drafts have turned out wrong.

        Args:
            model: A causal language model of transformers.
            rows: With what `propose` has written.
            pad_id: As for `DecodingBatch`.
            settings: How tokens are drawn.
            policy: Name of the policy, for errors.

        Raises:
            UserError: The logits that a token is to be drawn from are not finite.
        """
        self._begin(model, [[*row.prefix, *row.ids] for row in rows], pad_id)
        self._settings, self._policy = settings, policy
        self.wrong: dict[int, tuple[int, int]] = {}
        self.complete = False
        width = self._ids.shape[1]
        # By row: the column whose logits the first token was drawn from, and the noise from there.
        self._starts = [width - len(row.ids) - 1 for row in rows]
        noise = np.full((len(rows), width), np.nan)
        for slot, (start, row) in enumerate(zip(self._starts, rows, strict=True)):
            noise[slot, start : start + row.unverified] = row.uniforms[: row.unverified]
        drawn = np.flatnonzero((~np.isnan(noise)).any(axis=0)).tolist()
        self._noise = torch.from_numpy(noise).to(model.device)
        first, end = (drawn[0], drawn[-1] + 1) if drawn else (width, width)
        columns = max(1, LOGITS // (len(rows) * vocabulary_of(model)))
        bounds = [0, *range(first, end, columns), end, width]
        for start, stop in pairwise(sorted(set(bounds))):
            checked = first <= start < end
            logits = self._read(start, stop, 0 if checked else 1)
            if checked:
                self._check(logits, start)
            if len(self.wrong) == len(rows):
                break
            self.logits = logits[:, -1]
        else:
            self.complete = True

    def _check(self, logits: torch.Tensor, first: int) -> None:
        """Draw the tokens that follow some columns, and note where a row's is another.

        Args:
            logits: Of these columns, shape (rows, columns, vocabulary).
            first: The first of them.
        """
        noise = self._noise[:, first : first + logits.shape[1]]
        slots, places = (~noise.isnan()).nonzero(as_tuple=True)
        for part in torch.arange(len(slots), device=slots.device).split(
            max(1, DRAWN // logits.shape[-1])
        ):
            slot, place = slots[part], places[part]
            own = logits[slot, place]
            drawn = sample_tokens(own, noise[slot, place], self._settings)
            broken = ~own.amax(dim=-1).isfinite()
            wrong = (drawn != self._ids[slot, first + place + 1]) | broken
            for at in wrong.nonzero()[:, 0].tolist():
                row, agreed = int(slot[at]), first + int(place[at]) - self._starts[int(slot[at])]
                if row in self.wrong:
                    continue  # what follows a wrong token says nothing
                check_logits(own[at : at + 1], self._policy, agreed + 1)
                self.wrong[row] = agreed, int(drawn[at])
