"""What an arm's answers would cost at prices per million tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rl.analysis.estimates import MEASURES, Estimate, estimate_mean
from rl.analysis.panels import Panel

ANSWERS = 1000
"""Answers that a sum of money is for."""


def input_tokens(panel: Panel, prompts: Mapping[str, int]) -> Any:
    """Tokens of the prompt of each problem, shape (problems,).

    Args:
        panel: The arm.
        prompts: Tokens of the prompt of each question.
    """
    values = np.zeros(len(panel.problem_ids))
    for row, sample in zip(panel.rows, panel.samples, strict=True):
        values[row] = prompts[sample.question]
    return values


def input_estimate(panel: Panel, prompts: Mapping[str, int], seed: int) -> Estimate:
    """Tokens of a prompt, mean over problems with its interval."""
    return estimate_mean(input_tokens(panel, prompts), panel.weights(seed))


def money(
    panel: Panel, prompts: Mapping[str, int], prices: Mapping[str, Any], seed: int
) -> Estimate:
    """What `ANSWERS` answers cost, mean over problems with its interval.

    Every answer pays for its prompt at the price of input and for all of its tokens (``tokens``:
    thinking, answer, forced closing text) at that of output, as an endpoint that charges by the
    token counts one request an answer. Probes of an oracle are not in it.

    Args:
        panel: The arm.
        prompts: Tokens of the prompt of each question.
        prices: ``input`` and ``output``, per million tokens.
        seed: Bootstrap seed.
    """
    paid = input_tokens(panel, prompts) * prices["input"]
    paid = paid + panel.per_problem(MEASURES["tokens"]) * prices["output"]
    return estimate_mean(paid * ANSWERS / 1e6, panel.weights(seed))
