"""The oracle stop finds the first boundary whose forced answer is right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from rl.evaluation.evaluate import Judge
from rl.evaluation.oracle import answer_budget, oracle_samples
from rl.evaluation.samples import Sample
from rl.policy.load import load_tokenizer
from rl.problems.problem import Problem
from rl.sampling.engine import Completion
from tagger.frozen import FrozenTagger
from tagger.stopping.closing import ClosingSequence
from tests.rl.making import sample
from tests.world import World

PROBLEMS = [Problem("p0", "What is 2 + 2?", "4", "easy", "sum")]


class LastNumber:
    """A policy that answers with the last number it has written; notes what it was asked."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.asked: list[str] = []

    def probe(
        self, prefixes: Sequence[Sequence[int]], max_new_tokens: int, batch_size: int = 256
    ) -> list[Completion]:
        """Answer each prefix."""
        out = []
        for prefix in prefixes:
            text = self.tokenizer.decode(list(prefix))
            self.asked.append(text)
            value = re.findall(r"\d+", text)[-1]
            ids = self.tokenizer.encode(f"\\boxed{{{value}}}.", add_special_tokens=False)
            ids.append(self.tokenizer.eos_token_id)
            out.append(Completion(0, 0, ids[:max_new_tokens], "", True, seconds=0.25))
        return out


@pytest.fixture(scope="module")
def judge(world: World) -> Judge:
    """The world's judge."""
    tokenizer, delimiters = load_tokenizer(str(world.model))
    tagger = FrozenTagger.load(world.tagger)
    return Judge(tagger, tokenizer, delimiters, {tokenizer.eos_token_id})


def run(judge: Judge, thinking: str, answer: str) -> tuple[Sample, Sample, LastNumber]:
    """Base sample, oracle sample, and the policy that was asked."""
    tokenizer = judge.tokenizer
    text = f"{thinking}\n</think>\n\nThe answer is \\boxed{{{answer}}}."
    ids = [*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id]
    base = judge.judge([Completion(0, 0, ids, text, True, seconds=1.0)], PROBLEMS, 0)
    policy: Any = LastNumber(tokenizer)
    found = oracle_samples(
        base,
        PROBLEMS,
        policy,
        judge,
        ClosingSequence(tokenizer, judge.delimiters),
        seed=0,
        answer_tokens=16,
        batch_size=4,
    )
    return base[0], found[0], policy


def test_stops_at_the_first_boundary_that_is_right(judge: Judge) -> None:
    thinking = "First, 2 + 1 = 3.\n\nNo: 2 + 2 = 4.\n\nCheck it: 4.\n\nOr is it 5?"
    base, found, policy = run(judge, thinking, "5")
    assert len(policy.asked) == 2
    assert policy.asked[1].count("</think>") == 1
    prompt = judge.prompting.render(judge.tokenizer, PROBLEMS[0].question)
    assert policy.asked[1].startswith(prompt)
    assert [s.text for s in found.steps] == ["First, 2 + 1 = 3.", "No: 2 + 2 = 4."]
    assert found.correct and not base.correct
    assert found.thinking.strip() == "First, 2 + 1 = 3.\n\nNo: 2 + 2 = 4."
    assert found.stop_reason == "forced answer correct after 2 steps"
    assert found.tokens == len(found.ids) < base.tokens
    assert 0 < found.forced_tokens < 8
    first_probe = found.probe_tokens - found.tokens
    assert 0 < first_probe < found.tokens
    assert 0.25 < found.seconds < 1.25


def test_keeps_the_full_trace_if_no_boundary_is_right(judge: Judge) -> None:
    base, found, policy = run(judge, "Maybe 3.\n\nMaybe 5.\n\nAh, 4.", "4")
    assert len(policy.asked) == 2  # the last boundary is the full trace itself
    assert found.ids == base.ids and found.correct and found.stop_reason is None
    assert found.probe_tokens > 0 and found.tokens == base.tokens


def test_a_single_step_leaves_nothing_to_probe(judge: Judge) -> None:
    base, found, policy = run(judge, "It is 7.", "7")
    assert policy.asked == [] and found == base


def test_answer_budget_is_twice_what_nearly_all_finished_answers_need() -> None:
    free = [sample("p", n, answer_tokens=n) for n in range(1, 41)]
    cut = [sample("p", 99, answer_tokens=0, finished=False)]
    assert answer_budget(free + cut, 500) == 76  # 38: 95 % of 40
    assert answer_budget(free, 50) == 50
    assert answer_budget(free[:3], 500) == 6
    assert answer_budget(cut, 500) == 500
