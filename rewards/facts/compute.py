"""Facts of rollouts: each is segmented and tagged once and becomes one row of plain numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from rewards.facts.analysis import RolloutAnalysis, RolloutAnalyzer, SegmentingTagger, Task
from rewards.facts.columns import ROLLOUT_COLUMNS, TYPE_GROUPS, columns
from rewards.facts.outcomes import found_thinking, readable_answer
from rewards.facts.published import (
    BUDGET,
    REFERENCE_ACCURACY,
    forecast_of,
    number_of,
    reflection_hits,
    repeated_shares,
    steps_by_length,
)
from tagger.novelty import KnownWords
from tagger.thinking.end_tokens import end_token_ids
from tagger.thinking.keywords import count_keywords
from tagger.thinking.split import PromptEnd, ThinkingDelimiters

_PART_OF_WORDS = re.compile(r"[\w\s-]")  # characters that keywords, or what is next to them, have

__all__ = ["FactsComputer", "SegmentingTagger", "Task"]


class FactsComputer:
    """Computes the facts table of a batch of rollouts, in two steps: `analyze`, then `table`.

    Args:
        tagger: The frozen tagger; its segmenter cuts the thinking.
        tokenizer: The policy's tokenizer.
        delimiters: The thinking delimiters.
        end_ids: Token ids that end a completion; those of the tokenizer by default.
        audit_tagger: A second tagger that never feeds a reward; its counts of verification steps
            become the columns ``audit_verification`` and ``audit_verification_completion``.
        verification: Type counted there, by name or tag.
        after: Where the prompts leave off; as the tokenizer's chat template has it if left out.
        workers: Processes that take a share of the tagging, next to this one.
        known_words: Of the tagger's training data, for the column ``unfamiliar``.
    """

    def __init__(
        self,
        tagger: SegmentingTagger,
        tokenizer: Any,
        delimiters: ThinkingDelimiters,
        end_ids: Collection[int] | None = None,
        audit_tagger: SegmentingTagger | None = None,
        verification: str = "VERIFY",
        after: PromptEnd | None = None,
        workers: int = 0,
        known_words: KnownWords | None = None,
    ) -> None:
        self.tagger = tagger
        self.columns = columns(tagger.taxonomy)
        self.delimiters = delimiters
        if audit_tagger is not None:
            audit_tagger.taxonomy.get(verification)  # refused now, not at the first step
        ends = frozenset(end_token_ids(tokenizer) if end_ids is None else end_ids)
        self.analyze = RolloutAnalyzer(
            tagger, tokenizer, delimiters, ends, audit_tagger, verification, after, workers,
            known_words,
        )  # fmt: skip

    def __call__(
        self, completion_ids: Sequence[Sequence[int]], tasks: Sequence[Task]
    ) -> np.ndarray:
        """Compute the table.

        Args:
            completion_ids: Token ids of each completion, end token included, no padding.
            tasks: What each was asked.

        Returns:
            Shape (rows, columns), float32; columns as `columns`.
        """
        return self.table(self.analyze(completion_ids, tasks), tasks)

    def table(self, found: Sequence[RolloutAnalysis], tasks: Sequence[Task]) -> np.ndarray:
        """The table of rollouts that `analyze` has analysed; arguments and result as for a call."""
        table = np.zeros((len(found), len(self.columns)), dtype=np.float32)
        for row, analysis, task in zip(table, found, tasks, strict=True):
            self._fill(row, analysis, task)
        return table

    def _fill(self, row: np.ndarray, found: RolloutAnalysis, task: Task) -> None:
        rollout, steps = found.rollout, found.steps
        count, in_steps = len(steps), sum(rollout.step_tokens)
        inside, outside = found.audit_verification, found.audit_outside
        forecast = forecast_of(rollout.text)
        row[: len(ROLLOUT_COLUMNS)] = (
            found.correct,
            rollout.format_ok,
            found.finished,
            rollout.tokens,
            rollout.thinking_tokens,
            rollout.tokens - rollout.thinking_tokens,
            count,
            found.answer_step,
            sum(step.confidence for step in steps) / count if count else 0.0,
            found.keywords,
            in_steps / count if count else 0.0,
            1000.0 * count / in_steps if in_steps else 0.0,
            -1 if inside is None else inside,
            rollout.ended,
            found_thinking(rollout.thinking),
            bool(readable_answer(found.answer, task.reference)),
            count + len(found.outside),
            found.keywords_chinese,
            -1 if inside is None or outside is None else inside + outside,
            _keywords_of(found),
            reflection_hits(rollout.thinking.text),
            number_of(task.metadata, BUDGET),
            number_of(task.metadata, REFERENCE_ACCURACY),
            forecast.solve_rate,
            forecast.budget,
            forecast.folded,
            -1 if found.unfamiliar is None else found.unfamiliar / max(1, count),
            *repeated_shares(rollout.ids),
            *steps_by_length(rollout.step_tokens),
        )
        types = self.tagger.taxonomy.names
        groups = row[len(ROLLOUT_COLUMNS) :].reshape(len(TYPE_GROUPS), len(types))
        of = dict(zip(TYPE_GROUPS, groups, strict=True))
        for i, (step, tokens) in enumerate(zip(steps, rollout.step_tokens, strict=True)):
            kind = types.index(step.type)
            of["count"][kind] += 1
            of["tokens"][kind] += tokens
            if 0 <= found.answer_step < i:
                of["count_after"][kind] += 1
                of["tokens_after"][kind] += tokens
        of["count_completion"][:] = of["count"]
        of["tokens_completion"][:] = of["tokens"]
        of["count_after_completion"][:] = of["count_after"]
        of["tokens_after_completion"][:] = of["tokens_after"]
        for step, tokens in zip(found.outside, rollout.outside_tokens, strict=True):
            kind = types.index(step.type)
            for where in ("completion", "after_completion"):
                of[f"count_{where}"][kind] += 1
                of[f"tokens_{where}"][kind] += tokens


def _keywords_of(found: RolloutAnalysis) -> int:
    """Keywords of a whole completion; those of its thinking are counted already."""
    text, thinking = found.rollout.text, found.rollout.thinking
    before, after = text[: thinking.start], text[thinking.end :]
    if _PART_OF_WORDS.match(before[-1:]) or _PART_OF_WORDS.match(after):
        return count_keywords(text)  # "<think>" is none, but delimiters may be anything
    return count_keywords(before) + found.keywords + count_keywords(after)
