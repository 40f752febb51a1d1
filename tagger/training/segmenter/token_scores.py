"""Token probabilities of finished traces: reading them, pooling them, their quantile.

AdaptiveStep (arXiv 2502.13943) pools the probabilities of all sampled tokens of a model and calls
those below `tau` break points, `tau` being the quantile that makes two percent of them so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import UserError
from tagger.traces.labelled import read_rows


@dataclass(frozen=True)
class ScoredTrace:
    """The tokens of one thinking.

    Attributes:
        id: Name of the trace.
        tokens: The text of each token, empty if only the numbers are known. A token that is
            only a part of a character is empty, and the last part bears the character.
        logprobs: Natural logarithm of the probability each token was sampled with.
    """

    id: str
    tokens: tuple[str, ...]
    logprobs: tuple[float, ...]


@dataclass(frozen=True)
class Threshold:
    """A threshold and what it does to the traces it was found on.

    Attributes:
        tau: Tokens with a probability below it are break points.
        wanted: The share of break points asked for.
        share: The share it gives; less than `wanted` only where probabilities are equal.
        tokens: Tokens pooled.
        traces: Traces they come from.
        steps: Steps it cuts the traces into.
    """

    tau: float
    wanted: float
    share: float
    tokens: int
    traces: int
    steps: int

    @property
    def mean_step(self) -> float:
        """Mean length of a step, in tokens."""
        return self.tokens / self.steps


def read_scored(path: str | Path) -> Iterator[ScoredTrace]:
    """Read traces with token log-probabilities.

    Args:
        path: JSONL, plain or gzipped. A row has ``token_logprobs`` (numbers) and perhaps
            ``tokens`` (texts); or ``logprobs``, an object with ``content``, a list of objects with
            ``token`` and ``logprob``, as OpenAI-compatible servers answer.

    Yields:
        The traces, in the order of the file.

    Raises:
        UserError: A row without log-probabilities, or with values that are none.
    """
    for where, row in read_rows(path):
        tokens, logprobs = _of_row(row, where)
        if tokens and len(tokens) != len(logprobs):
            raise UserError(
                f"{where}: {len(tokens)} tokens but {len(logprobs)} log-probabilities; "
                "give one a token."
            )
        for index, value in enumerate(logprobs):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not value <= 1e-3:
                raise UserError(
                    f"{where}: log-probability {index} is {value!r}; give natural logarithms of "
                    "probabilities, 0 or less."
                )
        if logprobs:
            yield ScoredTrace(str(row.get("id", where)), tuple(tokens), tuple(map(float, logprobs)))


def _of_row(row: dict[str, Any], where: str) -> tuple[list[str], list[Any]]:
    logprobs, tokens = row.get("token_logprobs"), row.get("tokens", [])
    content = row["logprobs"].get("content") if isinstance(row.get("logprobs"), dict) else None
    if logprobs is None and isinstance(content, list) and all(isinstance(t, dict) for t in content):
        tokens = [t.get("token") for t in content]
        logprobs = [t.get("logprob") for t in content]
    if not isinstance(logprobs, list):
        raise UserError(
            f'{where}: no list "token_logprobs"; give the log-probabilities of the tokens, or '
            "name the model with --model to have them computed."
        )
    if not isinstance(tokens, list) or not all(isinstance(t, str) for t in tokens):
        raise UserError(f'{where}: "tokens" must be a list of strings.')
    return tokens, logprobs


def find_threshold(traces: Sequence[ScoredTrace], share: float = 0.02) -> Threshold:
    """Find the threshold that makes a share of all tokens break points.

    Args:
        traces: Their tokens are pooled.
        share: The share wanted, between 0 and 1.

    Returns:
        The largest threshold that gives at most that share.

    Raises:
        UserError: The share is out of range, or there are too few tokens for it.
    """
    if not 0 < share < 1:
        raise UserError(f"share is {share}; it must lie between 0 and 1, e.g. 0.02.")
    # math.exp, as the segmenter computes it: numpy's differs in the last bit, and tau is one of
    # these very numbers.
    probabilities = [[math.exp(p) for p in t.logprobs] for t in traces]
    pooled: NDArray[np.float64] = np.sort(np.concatenate([np.zeros(0), *probabilities]))
    wanted = int(share * len(pooled) + 1e-9)
    if wanted == 0:
        raise UserError(
            f"{len(pooled)} tokens are too few for a share of {share:g}; give traces of at least "
            f"{int(np.ceil(1 / share))} tokens, better of 100,000."
        )
    tau = float(pooled[wanted])
    below = int(np.searchsorted(pooled, tau, side="left"))
    if below == 0:
        raise UserError(
            f"The {wanted + 1} least probable of {len(pooled)} tokens are equally probable "
            f"({tau:g}); no threshold gives a share of {share:g}."
        )
    inner = sum(p < tau for row in probabilities for p in row[1:])
    steps = inner + len(traces)
    return Threshold(tau, share, below / len(pooled), len(pooled), len(traces), steps)
