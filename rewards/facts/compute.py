"""Facts of rollouts: each is segmented and tagged once and becomes one row of plain numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from rewards.answers.checkers import checker_for
from rewards.answers.stated import find_answer_step
from rewards.facts.columns import ROLLOUT_COLUMNS, TYPE_GROUPS, columns
from rewards.facts.outcomes import found_thinking, readable_answer
from rewards.facts.rollout import ParsedRollout, parse_rollout, tag_rollouts
from tagger.steps import Segmenter, StepTagger, TaggedStep
from tagger.thinking.end_tokens import end_token_ids
from tagger.thinking.keywords import count_keywords
from tagger.thinking.split import ThinkingDelimiters


class SegmentingTagger(StepTagger, Protocol):
    """A tagger that brings the segmentation it was trained with, as `FrozenTagger` does."""

    @property
    def segmenter(self) -> Segmenter:
        """Cuts thinking into the steps the tagger knows."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """What a rollout was asked.

    Attributes:
        question: The problem text.
        reference: The right answer.
        metadata: What the problem set knows; decides the answer checker.
    """

    question: str
    reference: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


class FactsComputer:
    """Computes the facts table of a batch of rollouts.

    Args:
        tagger: The frozen tagger; its segmenter cuts the thinking.
        tokenizer: The policy's tokenizer.
        delimiters: The thinking delimiters.
        end_ids: Token ids that end a completion; those of the tokenizer by default.
        audit_tagger: A second tagger that never feeds a reward; its count of verification steps
            becomes the column ``audit_verification``.
        verification: Type counted there, by name or tag; must exist in both taxonomies.
    """

    def __init__(
        self,
        tagger: SegmentingTagger,
        tokenizer: Any,
        delimiters: ThinkingDelimiters,
        end_ids: Collection[int] | None = None,
        audit_tagger: SegmentingTagger | None = None,
        verification: str = "VERIFY",
    ) -> None:
        self.tagger = tagger
        self.columns = columns(tagger.taxonomy)
        self._tokenizer = tokenizer
        self.delimiters = delimiters
        self._end_ids = frozenset(end_token_ids(tokenizer) if end_ids is None else end_ids)
        self._audit = audit_tagger
        self._audit_type = (
            audit_tagger.taxonomy.get(verification).name if audit_tagger is not None else ""
        )

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
        rollouts = [self._parse(ids, self.tagger.segmenter) for ids in completion_ids]
        questions = [task.question for task in tasks]
        tagged = tag_rollouts(rollouts, questions, self.tagger)
        audited = self._audit_counts(completion_ids, rollouts, questions)
        table = np.zeros((len(rollouts), len(self.columns)), dtype=np.float32)
        for row, rollout, steps, task, audit in zip(
            table, rollouts, tagged, tasks, audited, strict=True
        ):
            self._fill(row, rollout, steps, task, audit)
        return table

    def _parse(self, ids: Sequence[int], segmenter: Segmenter) -> ParsedRollout:
        return parse_rollout(ids, self._tokenizer, self.delimiters, segmenter, self._end_ids)

    def _audit_counts(
        self,
        completion_ids: Sequence[Sequence[int]],
        rollouts: Sequence[ParsedRollout],
        questions: Sequence[str],
    ) -> list[int]:
        if self._audit is None:
            return [-1] * len(rollouts)
        ours, theirs = self.tagger.segmenter, self._audit.segmenter
        if (ours.name, ours.settings) != (theirs.name, theirs.settings):
            rollouts = [self._parse(ids, theirs) for ids in completion_ids]
        tagged = tag_rollouts(rollouts, questions, self._audit)
        return [sum(step.type == self._audit_type for step in steps) for steps in tagged]

    def _fill(
        self,
        row: np.ndarray,
        rollout: ParsedRollout,
        steps: Sequence[TaggedStep],
        task: Task,
        audit: int,
    ) -> None:
        correct = rollout.thinking.finished and checker_for(task.metadata)(
            rollout.thinking.answer, task.reference, task.metadata
        )
        answer_step = find_answer_step(rollout.steps, task.reference)
        count = len(steps)
        in_steps = sum(rollout.step_tokens)
        row[: len(ROLLOUT_COLUMNS)] = (
            correct,
            rollout.format_ok,
            rollout.finished,
            rollout.tokens,
            rollout.thinking_tokens,
            rollout.tokens - rollout.thinking_tokens,
            count,
            answer_step,
            sum(step.confidence for step in steps) / count if count else 0.0,
            count_keywords(rollout.thinking.text),
            in_steps / count if count else 0.0,
            1000.0 * count / in_steps if in_steps else 0.0,
            audit,
            rollout.ended,
            found_thinking(rollout.thinking),
            bool(readable_answer(rollout.thinking.answer, task.reference)),
        )
        taxonomy = self.tagger.taxonomy
        of_types = row[len(ROLLOUT_COLUMNS) :].reshape(len(TYPE_GROUPS), len(taxonomy.types))
        for i, (step, tokens) in enumerate(zip(steps, rollout.step_tokens, strict=True)):
            kind = self._type_index(step.type)
            of_types[0, kind] += 1
            of_types[1, kind] += tokens
            if 0 <= answer_step < i:
                of_types[2, kind] += 1
                of_types[3, kind] += tokens

    def _type_index(self, name: str) -> int:
        return self.tagger.taxonomy.names.index(name)
