"""Rewards and comparisons see the same in a rollout: one analysis, two tables."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.facts.analysis import RolloutAnalyzer
from rewards.facts.compute import FactsComputer, Task
from rl.evaluation.evaluate import Judge
from rl.evaluation.samples import SampleStep
from rl.policy.load import load_tokenizer
from rl.policy.prompts import Prompting
from rl.problems.problem import Problem
from tagger.frozen import FrozenTagger
from tagger.segmentation.registry import get_segmenter
from tagger.stopping.monitor import StepMonitor
from tagger.thinking.split import PromptEnd, ThinkingDelimiters
from tests.rewards.fakes import KeywordTagger
from tests.rl.rollouts_made_here import kinds_of, random_rollouts
from tests.rl.shared_columns import compare_columns
from tests.tagger.stopping.fakes import WordTagger
from tests.tagger.tokenizers_made_here import byte_level

pytestmark = pytest.mark.slow

THINK = ThinkingDelimiters("<think>", "</think>")
PIECES = [
    "<think>", "</think>", "\n\n", " ", "3 + 4 = 7.", "Let me check: 4 + 3 = 7.", "Wait, check.",
    "So the answer is 7.", "让我检查。", "\\boxed{7}", "\\boxed{8}", "hmm", "🙂 é", "8",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def audit_tagger(other_segmenter: bool) -> KeywordTagger:
    """Calls every "3" a verification; cuts by itself if asked to."""
    tagger = KeywordTagger({"3": "VERIFY"})
    if other_segmenter:
        tagger.segmenter = get_segmenter("paragraph", min_chars=30)
    return tagger


def both(
    text: str, ended: bool, after: PromptEnd, audit: Any
) -> tuple[dict[str, float], dict[str, Any]]:
    """One rollout as facts and as a sample's fields."""
    tokenizer = byte_level()
    ids = [int(i) for i in tokenizer.encode(text, add_special_tokens=False)]
    ids += [tokenizer.eos_token_id] if ended else []
    facts = FactsComputer(KeywordTagger(), tokenizer, THINK, None, audit, after=after)
    (row,) = facts([ids], [Task("3 + 4 = ?", "7")])
    judge = Judge(KeywordTagger(), tokenizer, THINK, {tokenizer.eos_token_id}, audit, after=after)
    completion: Any = SimpleNamespace(
        ids=ids, prompt_index=0, sample=0, forced_tokens=0, stop=None, seconds=0.0,
        monitor_seconds=0.0,
    )  # fmt: skip
    (sample,) = judge.judge([completion], [Problem("p", "3 + 4 = ?", "7")], 0)
    fields = {name: getattr(sample, name) for name in sample.__slots__}
    return dict(zip(facts.columns, row.tolist(), strict=True)), fields


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.booleans(), st.sampled_from(PromptEnd), st.sampled_from([None, False, True]))
def test_facts_and_samples_agree(
    text: str, ended: bool, after: PromptEnd, other_segmenter: bool | None
) -> None:
    audit = None if other_segmenter is None else audit_tagger(other_segmenter)
    facts, sample = both(text, ended, after, audit)
    for name in ("correct", "finished", "tokens", "thinking_tokens", "answer_tokens"):
        assert facts[name] == sample[name], name
    assert facts["steps"] == len(sample["steps"])
    assert (facts["answer_step"], facts["keywords"]) == (sample["answer_step"], sample["keywords"])
    assert facts["keywords_chinese"] == sample["keywords_chinese"]
    assert facts["keywords_chinese"] == sample["thinking"].count("让我检查")
    assert facts["count/VERIFY"] == sample["verification_steps"]
    assert facts["count_after/VERIFY"] == sample["surplus_verification"]
    outside = facts["count_completion/VERIFY"] - facts["count/VERIFY"]
    assert outside == sample["outside_verification"]
    inside = sample["audit_verification"]
    assert facts["audit_verification"] == (-1 if audit is None else inside)
    if audit is not None:
        whole = inside + sample["audit_outside_verification"]
        assert facts["audit_verification_completion"] == whole
    assert (
        sum(v for k, v in facts.items() if k.startswith("count_completion/"))
        == (facts["completion_steps"])
    )
    in_steps = sum(v for k, v in facts.items() if k.startswith("tokens_completion/"))
    assert in_steps <= facts["tokens"]


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.booleans(), st.sampled_from(PromptEnd))
def test_monitor_and_rewards_see_the_same_steps(text: str, ended: bool, after: PromptEnd) -> None:
    """What is tagged outside the thinking changes nothing of what is tagged in it."""
    tokenizer, tagger = byte_level(), WordTagger()
    ids = [int(i) for i in tokenizer.encode(text, add_special_tokens=False)]
    monitor = StepMonitor(tagger, None, "", THINK, tokenizer, after=after)
    for token_id in ids:
        monitor.feed_token(token_id)
    ids += [tokenizer.eos_token_id] if ended else []
    analyze = RolloutAnalyzer(tagger, tokenizer, THINK, {tokenizer.eos_token_id}, after=after)
    (found,) = analyze([ids], [Task("", "7")])
    assert tuple(monitor.close()) == found.steps


def test_an_audit_tagger_cuts_by_its_own_segmenter_in_both() -> None:
    text = "3 + 4 = 7.\n\n3 again.\n</think>\n\n\\boxed{7}"
    facts, sample = both(text, True, PromptEnd.INSIDE, audit_tagger(other_segmenter=True))
    assert facts["audit_verification"] == sample["audit_verification"] == 1
    facts, sample = both(text, True, PromptEnd.INSIDE, audit_tagger(other_segmenter=False))
    assert facts["audit_verification"] == sample["audit_verification"] == 2


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("The answer is \\boxed{7}.", PromptEnd.AFTER),
        ("🙂 The answer is \\boxed{7}.", PromptEnd.AFTER),
        ("The answer is \\boxed{7}.", PromptEnd.BEFORE),
        ("</think>\n\nThe answer is \\boxed{7}.", PromptEnd.INSIDE),
    ],
)
def test_an_answer_without_thinking_is_an_answer(text: str, after: PromptEnd) -> None:
    facts, sample = both(text, True, after, None)
    assert (facts["correct"], facts["finished"], facts["thinking_tokens"]) == (1, 1, 0)
    assert (sample["correct"], sample["finished"], sample["thinking_tokens"]) == (True, True, 0)
    assert (facts["steps"], facts["answer_tokens"]) == (0, facts["tokens"])
    assert facts["format_ok"] == (after is not PromptEnd.INSIDE)


def test_thinking_that_ended_without_a_close_holds_no_answer() -> None:
    for text, after in [
        ("So the answer is 7.", PromptEnd.INSIDE),
        ("<think>So the answer is 7.", PromptEnd.BEFORE),
        ("<think>So the answer is 7.", PromptEnd.AFTER),
    ]:
        facts, sample = both(text, True, after, None)
        assert (facts["correct"], facts["finished"], sample["answer"]) == (0, 0, "")
        assert facts["thinking_tokens"] == facts["tokens"] - 1
    facts, _ = both("So the answer is 7.", False, PromptEnd.BEFORE, None)
    assert (facts["correct"], facts["finished"], facts["thinking_tokens"]) == (0, 0, 0)


HIDDEN = (
    "3 + 4 = 7.\n</think>\n\nLet me check: 4 + 3 = 7.\n\n\\boxed{7}"
    "<think>Wait, check.\n\nCheck again.</think>So 7."
)


def test_verification_behind_the_close_is_counted() -> None:
    """One in the answer, two in a second thinking block."""
    facts, sample = both(HIDDEN, True, PromptEnd.INSIDE, audit_tagger(other_segmenter=False))
    assert (facts["count/VERIFY"], facts["count_completion/VERIFY"]) == (0, 3)
    assert (sample["verification_steps"], sample["outside_verification"]) == (0, 3)
    assert (facts["steps"], facts["completion_steps"]) == (1, 6)
    assert (facts["audit_verification"], facts["audit_verification_completion"]) == (1, 2)
    tokenizer = byte_level()
    checks = ("Let me check: 4 + 3 = 7.", "Wait, check.", "Check again.")
    lengths = [len(tokenizer.encode(check, add_special_tokens=False)) for check in checks]
    assert facts["tokens_completion/VERIFY"] == sum(lengths)
    assert facts["tokens/VERIFY"] == 0


def test_thinking_that_the_template_switches_off() -> None:
    """Qwen3's template writes an empty thinking into the prompt; what follows is an answer."""
    tokenizer = copy.deepcopy(byte_level())
    tokenizer.chat_template = (
        "{{ messages[0].content }}{% if enable_thinking is defined and not enable_thinking %}"
        "<think>\n\n</think>\n\n{% endif %}"
    )
    ids = [*tokenizer.encode("\\boxed{7}", add_special_tokens=False)]
    problem, task = Problem("p", "3 + 4 = ?", "7"), Task("3 + 4 = ?", "7")
    ends = {tokenizer.eos_token_id}
    thinking_off = Prompting(options={"enable_thinking": False})
    off = Judge(KeywordTagger(), tokenizer, THINK, ends, prompting=thinking_off)
    on = Judge(KeywordTagger(), tokenizer, THINK, ends)
    prompt = thinking_off.render(tokenizer, problem.question)
    assert prompt.endswith("</think>\n\n")
    assert (off.analyze.prompt_end, on.analyze.prompt_end) == (PromptEnd.AFTER, PromptEnd.BEFORE)
    (cut,) = off.analyze([ids], [task])
    assert (cut.correct, cut.finished, cut.rollout.thinking_tokens) == (True, False, 0)
    (cut,) = on.analyze([ids], [task])
    assert (cut.correct, cut.finished, cut.rollout.thinking_tokens) == (False, False, 0)


def test_random_rollouts_are_the_same_in_every_shared_column() -> None:
    """A small version of ``python -m tests.end_to_end.same_analysis``."""
    tokenizer, _ = load_tokenizer("overthinker")
    tagger = FrozenTagger.load("linear")
    coarse: Any = get_segmenter("paragraph", min_chars=60)
    audit = FrozenTagger(tagger.taxonomy, coarse, tagger.backend, tagger.temperature)
    made = list(random_rollouts(tokenizer, 90, seed=1))
    assert len(kinds_of(made)) > 15
    for number, after in enumerate(PromptEnd):
        compared = compare_columns(made[number::3], tokenizer, tagger, audit, after)
        assert compared.differences == []
        assert len(compared.columns) == 77 and sum(compared.audit) > 20


def test_a_column_that_differs_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer, _ = load_tokenizer("overthinker")
    made = list(random_rollouts(tokenizer, 20, seed=2))
    monkeypatch.setattr("rewards.facts.compute.readable_answer", lambda answer, reference: "")
    monkeypatch.setattr("rl.evaluation.evaluate.SampleStep", _one_token_more)
    compared = compare_columns(made, tokenizer, KeywordTagger(), None, PromptEnd.INSIDE)
    names = {sentence.split(": ")[1].split(" is ")[0] for sentence in compared.differences}
    assert {"step_length", "tokens/VERIFY", "outcome/no_answer"} <= names


def _one_token_more(text: str, kind: str, confidence: float, tokens: int) -> SampleStep:
    return SampleStep(text, kind, confidence, tokens + 1)
