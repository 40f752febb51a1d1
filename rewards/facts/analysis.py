"""What a rollout shows: parsed, tagged, scored and audited, alike for rewards and comparisons."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from rewards.answers.checkers import checker_for
from rewards.answers.stated import find_answer_step
from rewards.facts.pool import WorkerPool
from rewards.facts.rollout import ParsedRollout, parse_rollout
from tagger.novelty import KnownWords
from tagger.steps import Segmenter, StepTagger, TaggedStep
from tagger.thinking.keywords import CHINESE_VERIFICATION, count_keywords
from tagger.thinking.split import PromptEnd, ThinkingDelimiters, prompt_end_of


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
        reference: The correct answer.
        metadata: What the problem set knows; decides the answer checker.
    """

    question: str
    reference: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RolloutAnalysis:
    """One rollout, analysed.

    Attributes:
        rollout: The completion, cut.
        steps: The typed steps of the thinking.
        outside: The typed steps of what stands around it: answer, later thinking blocks.
        correct: The thinking is finished and the answer behind it is correct.
        answer_step: First step of the thinking that states the reference; -1 if none does.
        keywords: ARLCP's reflection keywords in the thinking.
        keywords_chinese: Chinese verification phrases in the thinking.
        audit_verification: Verification steps of the thinking by the audit tagger; None without.
        audit_outside: And of what stands around it.
        unfamiliar: Steps of the thinking unlike the tagger's training data; None where the words
            of that data are not known.
    """

    rollout: ParsedRollout
    steps: tuple[TaggedStep, ...]
    outside: tuple[TaggedStep, ...]
    correct: bool
    answer_step: int
    keywords: int
    keywords_chinese: int
    audit_verification: int | None
    audit_outside: int | None
    unfamiliar: int | None = None

    @property
    def answer(self) -> str:
        """What follows the thinking; empty if that is unfinished."""
        return self.rollout.thinking.answer

    @property
    def finished(self) -> bool:
        """The model closed its thinking (or wrote none) and ended its answer itself."""
        return self.rollout.finished


@dataclass(frozen=True)
class RolloutAnalyzer:
    """Analyses rollouts, many at once; holds no state.

    Attributes:
        tagger: The frozen tagger; its segmenter cuts the steps.
        tokenizer: The policy's tokenizer.
        delimiters: The thinking delimiters.
        end_ids: Token ids that end a completion.
        audit_tagger: A second tagger that never feeds a reward, or None. Its own segmenter cuts
            the steps it is shown.
        verification: Type the audit counts, by name or tag.
        after: Where the prompts leave off; as the tokenizer's chat template has it if None.
        workers: Processes that take a share of the rollouts, next to this one.
        known_words: Of the tagger's training data, or None.
    """

    tagger: SegmentingTagger
    tokenizer: Any
    delimiters: ThinkingDelimiters
    end_ids: Collection[int]
    audit_tagger: SegmentingTagger | None = None
    verification: str = "VERIFY"
    after: PromptEnd | None = None
    workers: int = 0
    known_words: KnownWords | None = None

    @cached_property
    def prompt_end(self) -> PromptEnd:
        """Where the prompts leave off."""
        return self.after or prompt_end_of(self.tokenizer, self.delimiters)

    @cached_property
    def _pool(self) -> WorkerPool:
        typer = _RolloutTyper(self.tagger, self.audit_tagger, self.verification, self.known_words)
        return WorkerPool(typer, self.workers)

    def __call__(
        self, completion_ids: Sequence[Sequence[int]], tasks: Sequence[Task]
    ) -> list[RolloutAnalysis]:
        """Analyse completions; each tagger is asked once for all of them.

        Args:
            completion_ids: Token ids of each completion, end token included, no padding.
            tasks: What each was asked.

        Returns:
            One analysis a completion, in order.

        Raises:
            UserError: The audit tagger's taxonomy lacks the verification type.
        """
        rollouts = audited = self._parse(completion_ids, self.tagger.segmenter)
        if self.audit_tagger is not None:
            ours, theirs = self.tagger.segmenter, self.audit_tagger.segmenter
            if (ours.name, ours.settings) != (theirs.name, theirs.settings):
                audited = self._parse(completion_ids, theirs)
        return self._pool(rollouts, audited, tasks)

    def _parse(
        self, completion_ids: Sequence[Sequence[int]], segmenter: Segmenter
    ) -> list[ParsedRollout]:
        return [
            parse_rollout(
                ids, self.tokenizer, self.delimiters, segmenter, self.end_ids, self.prompt_end
            )
            for ids in completion_ids
        ]


@dataclass(frozen=True)
class _RolloutTyper:
    """The part of an analysis that needs no tokenizer: types, answers, keywords, audit."""

    tagger: SegmentingTagger
    audit_tagger: SegmentingTagger | None
    verification: str
    known_words: KnownWords | None

    def __call__(
        self,
        rollouts: Sequence[ParsedRollout],
        audited: Sequence[ParsedRollout],
        tasks: Sequence[Task],
    ) -> list[RolloutAnalysis]:
        """Analyse rollouts that have been cut, for the audit by its own segmenter."""
        tagged = _tag(self.tagger, rollouts, tasks)
        return [
            RolloutAnalysis(
                rollout=rollout,
                steps=steps[: len(rollout.steps)],
                outside=steps[len(rollout.steps) :],
                correct=_correct(rollout, task),
                answer_step=find_answer_step(rollout.steps, task.reference),
                keywords=count_keywords(rollout.thinking.text),
                keywords_chinese=count_keywords(rollout.thinking.text, CHINESE_VERIFICATION),
                audit_verification=inside,
                audit_outside=outside,
                unfamiliar=self._unfamiliar(rollout),
            )
            for rollout, steps, task, (inside, outside) in zip(
                rollouts, tagged, tasks, self._audit(audited, tasks), strict=True
            )
        ]

    def _unfamiliar(self, rollout: ParsedRollout) -> int | None:
        known = self.known_words
        return None if known is None else known.unfamiliar(step.text for step in rollout.steps)

    def _audit(
        self, rollouts: Sequence[ParsedRollout], tasks: Sequence[Task]
    ) -> list[tuple[int, int]] | list[tuple[None, None]]:
        """Verification steps by the audit tagger, in the thinking and outside it."""
        auditor = self.audit_tagger
        if auditor is None:
            return [(None, None)] * len(rollouts)
        name = auditor.taxonomy.get(self.verification).name
        found = []
        for rollout, steps in zip(rollouts, _tag(auditor, rollouts, tasks), strict=True):
            verifies = [step.type == name for step in steps]
            inside = sum(verifies[: len(rollout.steps)])
            found.append((inside, sum(verifies) - inside))
        return found


def _tag(
    tagger: StepTagger, rollouts: Sequence[ParsedRollout], tasks: Sequence[Task]
) -> list[tuple[TaggedStep, ...]]:
    """Type all steps, those outside read on from those of the thinking.

    A tagger looks back only, so the types of the thinking are those of the thinking alone, which a
    monitor sees.
    """
    traces = [rollout.steps + rollout.outside for rollout in rollouts]
    return [tuple(steps) for steps in tagger.tag_batch(traces, [task.question for task in tasks])]


def _correct(rollout: ParsedRollout, task: Task) -> bool:
    thinking = rollout.thinking
    if not thinking.finished or not thinking.answer.strip():
        return False
    return checker_for(task.metadata)(thinking.answer, task.reference, task.metadata)
