"""The oracle stop: the first step boundary at which the forced answer would be correct.

No one can deploy it, for it reads the reference. It bounds what any stopping rule could save on
the very traces the base policy wrote. Each boundary is probed once, greedily: the first correct one
of many random draws would credit luck, the more so the longer a trace is. What it spends on probing
is counted apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from rl.evaluation.evaluate import Judge, Progress
from rl.evaluation.samples import Sample
from rl.problems.problem import Problem
from rl.sampling.engine import Completion, Engine

if TYPE_CHECKING:
    from tagger.stopping.closing import ClosingSequence


ANSWERS = 0.95
"""Share of a policy's own answers that the budget of a forced one is derived from."""
ROOM = 2
"""How many times the longest of them fits into it."""


@dataclass
class _Search:
    """One base sample on its way to the first boundary whose forced answer is correct."""

    base: Sample
    prompt_index: int
    prefix: list[int]
    boundaries: list[int]
    probed: int = 0
    found: Sample | None = None

    @property
    def open(self) -> bool:
        return self.found is None and bool(self.boundaries)


def boundaries_of(sample: Sample) -> list[int]:
    """Numbers of the sample's tokens after which a step has ended, the last step left out.

    After the last step the base policy closes its thinking itself: that is the full trace.
    """
    ends, total = [], 0
    for step in sample.steps[:-1]:
        total += step.tokens
        ends.append(total)
    return ends


def answer_budget(free: Sequence[Sample], most: int) -> int:
    """Budget of a forced answer: twice what nearly all of the policy's own answers need.

    Twice, because an answer forced early has more left to say. The longest few are left out: a
    policy that keeps reasoning in some of its answers would make every probe that long.

    Args:
        free: Samples of the policy, nothing stopped.
        most: Most tokens of a completion.

    Returns:
        `ROOM` times the 95th percentile of the answer tokens of finished samples, the closing
        delimiter counted, and no more than `most`; `most` if none is finished.
    """
    lengths = sorted(s.answer_tokens for s in free if s.finished)
    if not lengths:
        return most
    return max(1, min(most, ROOM * lengths[ceil(ANSWERS * len(lengths)) - 1]))


def oracle_samples(
    base: Sequence[Sample],
    problems: Sequence[Problem],
    engine: Engine,
    judge: Judge,
    closing: ClosingSequence,
    *,
    seed: int,
    answer_tokens: int,
    batch_size: int,
    progress: Progress | None = None,
) -> list[Sample]:
    """Find the oracle's stop of every base sample, boundary by boundary.

    Each round forces the closing at the next boundary of the samples that are still open and
    lets the model answer greedily, whatever the sampling settings of the other arms.

    Args:
        base: Samples of the base arm, with their ids.
        problems: The problems they answer.
        engine: The base policy.
        judge: Scores the answers.
        closing: What is forced to close the thinking.
        seed: Seed that the judge passes on; greedy answers need none.
        answer_tokens: Budget of a forced answer.
        batch_size: Rows sampled at once.
        progress: Called with (samples settled, samples in all).

    Returns:
        A sample for each base sample: the stopped one if a boundary was correct, else the full
        trace as it is. ``tokens`` is what the final path costs; ``probe_tokens`` what was
        re-read, forced and generated at all boundaries to find it.
    """
    place = {problem.id: i for i, problem in enumerate(problems)}
    tokenizer = engine.tokenizer
    prompts = judge.prompting.render_all(tokenizer, [p.question for p in problems])
    encoded = [list(tokenizer.encode(p, add_special_tokens=False)) for p in prompts]
    searches = [
        _Search(s, place[s.problem_id], encoded[place[s.problem_id]], boundaries_of(s))
        for s in base
    ]
    tell = progress or (lambda done, total: None)
    while living := [s for s in searches if s.open]:
        tell(len(searches) - len(living), len(searches))
        _probe_next(living, problems, engine, judge, closing, seed, answer_tokens, batch_size)
    tell(len(searches), len(searches))
    return [replace(s.found or s.base, probe_tokens=s.probed) for s in searches]


def _probe_next(
    searches: Sequence[_Search],
    problems: Sequence[Problem],
    engine: Engine,
    judge: Judge,
    closing: ClosingSequence,
    seed: int,
    answer_tokens: int,
    batch_size: int,
) -> None:
    """Force the closing at the next boundary of each search and score the answers."""
    heads, forced = [], []
    for search in searches:
        written = list(search.base.ids[: search.boundaries.pop(0)])
        tail = engine.tokenizer.decode(
            written[-8:], skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        close = closing.ids_after(tail)
        heads.append(written + close)
        forced.append(len(close))
    answers = engine.probe(
        [s.prefix + head for s, head in zip(searches, heads, strict=True)],
        answer_tokens,
        batch_size,
    )
    completions = [
        Completion(
            prompt_index=search.prompt_index,
            sample=search.base.sample,
            ids=head + list(answer.ids),
            text="",
            finished=answer.finished,
            forced_tokens=count,
            seconds=(search.base.seconds or 0.0) * len(head) / max(search.base.tokens, 1)
            + answer.seconds,
        )
        for search, head, count, answer in zip(searches, heads, forced, answers, strict=True)
    ]
    judged = judge.judge(completions, problems, seed)
    for search, sample in zip(searches, judged, strict=True):
        search.probed += sample.tokens
        if sample.correct:
            reason = f"forced answer correct after {len(sample.steps)} steps"
            search.found = replace(sample, stop_reason=reason)
