"""pass@k and maj@k: what several answers to one problem are worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import comb
from typing import Any

import numpy as np

from rewards.answers.match import folded
from rewards.answers.numbers import exact_value
from rewards.facts.outcomes import readable_answer
from rl.analysis.estimates import estimate_mean
from rl.analysis.panels import Panel
from rl.evaluation.samples import Sample


def pass_at_k(samples: int, correct: int, k: int) -> float:
    """Probability that at least one of k answers is correct, unbiased: 1 - C(n-c, k) / C(n, k).

    Chen et al., Evaluating Large Language Models Trained on Code, 2021, equation 1.

    Args:
        samples: Answers to the problem, n.
        correct: Correct ones among them, c.
        k: Answers drawn from them without replacement, at most n.

    >>> pass_at_k(4, 1, 1), pass_at_k(4, 1, 2), pass_at_k(4, 0, 2)
    (0.25, 0.5, 0.0)
    """
    return 1 - comb(samples - correct, k) / comb(samples, k)


@lru_cache(maxsize=4096)
def majority_at_k(correct: int, incorrect: tuple[int, ...], blank: int, k: int) -> float:
    """Probability that the most frequent of k answers is correct (maj@k, self-consistency).

    The mean over all draws of k from n answers without replacement; of several most frequent
    answers one is taken at random. Answers that cannot be read have no vote.
    Wang et al., Self-Consistency Improves Chain of Thought Reasoning, 2022; the mean over draws
    as pass@k has it.

    Args:
        correct: Correct answers.
        incorrect: How often each incorrect answer was given.
        blank: Answers that cannot be read.
        k: Answers drawn, at most all of them.

    >>> majority_at_k(2, (1,), 0, 3), majority_at_k(1, (1,), 0, 2), majority_at_k(1, (2,), 0, 3)
    (1.0, 0.5, 0.0)
    """
    total = correct + sum(incorrect) + blank
    found = 0.0
    for votes in range(1, min(correct, k) + 1):
        # Ways to draw the other answers, none of them more often than the correct one, by how
        # many were drawn and how many of them tie with it.
        ways: dict[tuple[int, int], int] = {(votes, 0): comb(correct, votes)}
        for count in incorrect:
            more: dict[tuple[int, int], int] = {}
            for (drawn, ties), number in ways.items():
                for own in range(min(count, votes, k - drawn) + 1):
                    key = (drawn + own, ties + (own == votes))
                    more[key] = more.get(key, 0) + number * comb(count, own)
            ways = more
        for (drawn, ties), number in ways.items():
            found += number * comb(blank, k - drawn) / (1 + ties)
    return found / comb(total, k)


def counts_of_k(samples: int) -> list[int]:
    """The k that are reported: powers of two, and all samples of a problem.

    >>> counts_of_k(6)
    [1, 2, 4, 6]
    """
    powers = [2**i for i in range(samples.bit_length()) if 2**i <= samples]
    return [*powers, *({samples} - set(powers))]


def at_k(panel: Panel, seed: int) -> list[dict[str, Any]]:
    """pass@k and maj@k of an arm, estimated problem by problem.

    Incorrect answers are the same where their values or, apart from case and white space, their
    texts are; correct ones are all taken for the same.

    Returns:
        For each of `counts_of_k` of the fewest samples of a problem: ``k`` and the estimates
        ``pass`` and ``majority``, intervals clustered by problem as those of all measures.
    """
    rows: list[list[Sample]] = [[] for _ in panel.problem_ids]
    for row, sample in zip(panel.rows, panel.samples, strict=True):
        rows[row].append(sample)
    votes = [_votes(row) for row in rows]
    weights = panel.weights(seed)
    out = []
    for k in counts_of_k(min(map(len, rows))):
        passed = np.array(
            [pass_at_k(len(row), v[0], k) for row, v in zip(rows, votes, strict=True)]
        )
        majority = np.array([majority_at_k(*v, k) for v in votes])
        out.append(
            {
                "k": k,
                "pass": estimate_mean(passed, weights, 0.0, 1.0),
                "majority": estimate_mean(majority, weights, 0.0, 1.0),
            }
        )
    return out


def _votes(samples: Sequence[Sample]) -> tuple[int, tuple[int, ...], int]:
    """Correct answers, how often each incorrect one was given, and those that cannot be read."""
    correct = sum(s.correct for s in samples)
    given = [_meaning(s) for s in samples if not s.correct]
    blank = sum(meaning is None for meaning in given)
    counts = Counter(meaning for meaning in given if meaning is not None)
    return correct, tuple(sorted(counts.values())), blank


def _meaning(sample: Sample) -> str | None:
    """What an answer says, as a key; None if none can be read."""
    text = readable_answer(sample.answer, sample.reference)
    if not text.strip():
        return None
    value = exact_value(text)
    return folded(text) if value is None else str(value)
