"""From problems to scored, typed samples of one policy: the unit every comparison is made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rewards.answers import extract_answer
from rewards.answers.numbers import exact_value
from rewards.answers.stated import stated_values
from rewards.facts.analysis import RolloutAnalysis, RolloutAnalyzer, SegmentingTagger, Task
from rl.evaluation.samples import Sample, SampleStep
from rl.policy.prompts import Prompting
from rl.problems.problem import Problem, score_answer
from tagger.thinking.split import PromptEnd, ThinkingDelimiters

if TYPE_CHECKING:
    from rl.sampling.engine import Completion, Engine, EngineCost, MonitorFactory
    from tagger.steps import TaggedStep
    from tagger.stopping.monitor import StepMonitor

MonitorMaker = Callable[[Problem], "StepMonitor"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Judge:
    """Turns completions into samples: splits, tags and scores them.

    Attributes:
        tagger: The frozen tagger; its segmenter cuts the steps.
        tokenizer: The policy's tokenizer; tokens are its tokens.
        delimiters: Thinking delimiters.
        end_ids: Token ids that end a completion.
        audit_tagger: A second tagger that never fed a reward, or None.
        verification: The type that counts as verification (name or tag).
        conclusion: The type that states an answer (name or tag).
        after: Where the prompts leave off; as `prompting` has it if None.
        prompting: How a question becomes a prompt.
    """

    tagger: SegmentingTagger
    tokenizer: Any
    delimiters: ThinkingDelimiters
    end_ids: Collection[int]
    audit_tagger: SegmentingTagger | None = None
    verification: str = "VERIFY"
    conclusion: str = "CONCLUDE"
    after: PromptEnd | None = None
    prompting: Prompting = field(default_factory=Prompting)

    @cached_property
    def analyze(self) -> RolloutAnalyzer:
        """What the completions show, as the rewards see it."""
        after = self.after
        if after is None:
            after = self.prompting.end(self.tokenizer, self.delimiters)
        return RolloutAnalyzer(
            self.tagger,
            self.tokenizer,
            self.delimiters,
            self.end_ids,
            self.audit_tagger,
            self.verification,
            after,
        )

    def judge(
        self, completions: Sequence[Completion], problems: Sequence[Problem], seed: int
    ) -> list[Sample]:
        """Score and tag completions; all traces in one batch.

        Args:
            completions: With `prompt_index` pointing into `problems`.
            problems: The problems asked.
            seed: Sampling seed, noted in the samples.

        Returns:
            One sample a completion, in order.
        """
        asked = [problems[c.prompt_index] for c in completions]
        tasks = [Task(p.question, p.reference, p.metadata) for p in asked]
        found = self.analyze([c.ids for c in completions], tasks)
        return [
            self._sample(problem, completion, analysis, seed)
            for problem, completion, analysis in zip(asked, completions, found, strict=True)
        ]

    def _sample(
        self,
        problem: Problem,
        completion: Completion,
        found: RolloutAnalysis,
        seed: int,
    ) -> Sample:
        parsed, tagged = found.rollout, found.steps
        verify = self.tagger.taxonomy.get(self.verification).name
        checks = [i for i, t in enumerate(tagged) if t.type == verify]
        return Sample(
            problem_id=problem.id,
            question=problem.question,
            reference=problem.reference,
            band=problem.band or "all",
            family=problem.family,
            sample=completion.sample,
            seed=seed,
            text=parsed.text,
            thinking=parsed.thinking.text,
            answer=found.answer,
            finished=found.finished,
            correct=found.correct,
            tokens=parsed.tokens,
            thinking_tokens=parsed.thinking_tokens,
            answer_tokens=parsed.tokens - parsed.thinking_tokens,
            forced_tokens=completion.forced_tokens,
            steps=tuple(
                SampleStep(t.step.text, t.type, round(t.confidence, 6), n)
                for t, n in zip(tagged, parsed.step_tokens, strict=True)
            ),
            answer_step=found.answer_step,
            first_answer_correct=self._first_answer(problem, tagged, found.answer),
            verification_steps=len(checks),
            surplus_verification=sum(i > found.answer_step >= 0 for i in checks),
            outside_verification=sum(t.type == verify for t in found.outside),
            keywords=found.keywords,
            keywords_chinese=found.keywords_chinese,
            audit_verification=found.audit_verification,
            audit_outside_verification=found.audit_outside,
            stop_reason=completion.stop.reason if completion.stop else None,
            monitor_seconds=completion.monitor_seconds,
            seconds=completion.seconds,
            ids=tuple(completion.ids),
        )

    def _first_answer(
        self, problem: Problem, tagged: Sequence[TaggedStep], answer: str
    ) -> bool | None:
        """Whether the first stated answer is correct: a concluding step's, else the final one."""
        conclude = self.tagger.taxonomy.get(self.conclusion).name
        for step in (t.step.text for t in tagged if t.type == conclude):
            values = stated_values(step)
            if values:
                return score_answer(problem, values[-1])
            if exact_value(problem.reference) is None and extract_answer(step, numeric=False):
                return score_answer(problem, step)
        return score_answer(problem, answer) if answer.strip() else None


def evaluate(
    engine: Engine,
    problems: Sequence[Problem],
    judge: Judge,
    *,
    samples: int = 4,
    seed: int = 0,
    batch_size: int = 256,
    monitor: MonitorMaker | None = None,
    progress: Progress | None = None,
) -> list[Sample]:
    """Sample completions of every problem, tag and score them.

    Args:
        engine: The policy with its sampling settings.
        problems: What to ask.
        judge: Turns completions into samples.
        samples: Completions of each problem.
        seed: Keys the sampling noise; arms with the same seed part only where they differ.
        batch_size: Rows sampled at once.
        monitor: Makes a fresh monitor for a row, to stop it online; None lets it run.
        progress: Called with (rows done, rows in all).

    Returns:
        The samples, problem by problem.
    """
    factory = None if monitor is None else (lambda p, _: monitor(problems[p]))
    completions = engine.sample(
        judge.prompting.render_all(engine.tokenizer, [p.question for p in problems]),
        samples,
        seed,
        batch_size,
        monitor_factory=factory,
        progress=progress,
    )
    return judge.judge(completions, problems, seed)


def evaluate_each(
    engine: Engine,
    problems: Sequence[Problem],
    judge: Judge,
    monitors: Sequence[MonitorMaker],
    drafts: Sequence[Sample],
    *,
    samples: int = 4,
    seed: int = 0,
    batch_size: int = 256,
    progress: Progress | None = None,
) -> list[tuple[list[Sample], EngineCost]]:
    """Sample under several monitors what `evaluate` would under each, with drafts.

    Args:
        engine: As for `evaluate`; one that takes drafts.
        problems: As for `evaluate`.
        judge: As for `evaluate`.
        monitors: One maker an arm.
        drafts: Samples of the same policy without a monitor.
        samples: As for `evaluate`.
        seed: As for `evaluate`.
        batch_size: As for `evaluate`.
        progress: As for `evaluate`.

    Returns:
        For each monitor the samples, without times, for these are not those of stopping online,
        and what `evaluate` would have spent.

    Raises:
        ValueError: The engine takes no drafts.
    """

    def factory(monitor: MonitorMaker) -> MonitorFactory:
        return lambda prompt, _: monitor(problems[prompt])

    places = {problem.id: place for place, problem in enumerate(problems)}
    known = {(places[s.problem_id], s.sample): s for s in drafts}
    found = engine.sample_each(
        judge.prompting.render_all(engine.tokenizer, [p.question for p in problems]),
        [factory(monitor) for monitor in monitors],
        {key: sample.ids for key, sample in known.items()},
        samples,
        seed,
        batch_size,
        progress,
    )
    return [(_judged_anew(judge, done, known, problems, seed), cost) for done, cost in found]


def _judged_anew(
    judge: Judge,
    completions: Sequence[Completion],
    known: Mapping[tuple[int, int], Sample],
    problems: Sequence[Problem],
    seed: int,
) -> list[Sample]:
    """Samples without times; a completion that nothing stopped is the draft, judged before."""
    found = {(c.prompt_index, c.sample): known.get((c.prompt_index, c.sample)) for c in completions}
    new = [
        c
        for c in completions
        if c.stop is not None
        or (same := found[c.prompt_index, c.sample]) is None
        or same.ids != tuple(c.ids)
    ]
    judged = zip(new, judge.judge(new, problems, seed), strict=True)
    found.update({(c.prompt_index, c.sample): sample for c, sample in judged})
    return [
        replace(sample, seconds=None, monitor_seconds=None) for sample in found.values() if sample
    ]
