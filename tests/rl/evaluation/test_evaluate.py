"""From a completion to a sample: scoring, tagging, tokens; hand-written completions."""

from __future__ import annotations

from typing import Any

import pytest

from rl.evaluation.evaluate import Judge
from rl.evaluation.oracle import boundaries_of
from rl.policy.load import load_tokenizer
from rl.problems.problem import Problem
from rl.sampling.sampler import Completion
from tagger.frozen import FrozenTagger
from tagger.stopping.rules.registry import Decision
from tests.world import World

PROBLEMS = [Problem("p0", "2 + 2 = ?", "4", "easy", "sum"), Problem("p1", "3 + 3 = ?", "6")]
RIGHT_THEN_WRONG = "So the answer is 4.\n\nLet me check: 2 + 2 = 5.\n\nThe answer is 5."


class ByKeyword:
    """A tagger that reads: ``check`` verifies, ``answer is`` concludes, the rest is other."""

    def __init__(self, frozen: FrozenTagger, check: str = "check") -> None:
        self.segmenter, self.taxonomy = frozen.segmenter, frozen.taxonomy
        self.fingerprint, self._check = "by keyword", check

    def tag_batch(self, traces: Any, questions: Any) -> list[list[Any]]:
        """Tag whole traces."""
        from tagger.steps import TaggedStep

        def kind(text: str) -> str:
            if self._check in text:
                return self.taxonomy.get("VERIFY").name
            return self.taxonomy.get("CONCLUDE" if "answer is" in text else "OTHER").name

        return [[TaggedStep(s, kind(s.text), 0.75, ()) for s in trace] for trace in traces]


@pytest.fixture(scope="module")
def judge(world: World) -> Judge:
    """A judge with the world's tokenizer and a tagger whose labels are plain to see."""
    tokenizer, delimiters = load_tokenizer(str(world.model))
    tagger: Any = ByKeyword(FrozenTagger.load(world.tagger))
    audit: Any = ByKeyword(FrozenTagger.load(world.tagger), "2 + 2")
    return Judge(tagger, tokenizer, delimiters, {tokenizer.eos_token_id}, audit)


def completion(judge: Judge, text: str, ended: bool = True, **more: Any) -> Completion:
    ids = judge.tokenizer.encode(text, add_special_tokens=False)
    ids += [judge.tokenizer.eos_token_id] if ended else []
    return Completion(0, 0, ids, text, ended, **more)


def test_a_whole_sample(judge: Judge) -> None:
    text = f"{RIGHT_THEN_WRONG}\n</think>\n\nThe answer is \\boxed{{5}}."
    stop = Decision(True, "1 verification step, limit 1")
    c = completion(judge, text, stop=stop, forced_tokens=3, seconds=0.5, monitor_seconds=0.1)
    s = judge.judge([c], PROBLEMS, 9)[0]
    assert (s.problem_id, s.band, s.family, s.seed, s.reference) == ("p0", "easy", "sum", 9, "4")
    assert (s.text, s.answer.strip()) == (text, "The answer is \\boxed{5}.")
    assert [x.text for x in s.steps] == RIGHT_THEN_WRONG.split("\n\n")
    assert s.first_answer_correct is True and s.correct is False and s.finished
    assert s.answer_step == 0
    assert (s.verification_steps, s.surplus_verification, s.audit_verification) == (1, 1, 1)
    assert s.keywords == 1
    assert s.tokens == len(c.ids) == s.thinking_tokens + s.answer_tokens
    assert sum(x.tokens for x in s.steps) == s.thinking_tokens
    thinking = text.split("</think>")[0]
    assert s.thinking_tokens == len(judge.tokenizer.encode(thinking, add_special_tokens=False))
    assert (s.stop_reason, s.forced_tokens) == (stop.reason, 3)
    assert (s.seconds, s.monitor_seconds, s.ids) == (0.5, 0.1, tuple(c.ids))


def test_unfinished_thinking_is_wrong_even_if_the_value_is_there(judge: Judge) -> None:
    s = judge.judge([completion(judge, "So the answer is 4.", ended=False)], PROBLEMS, 0)[0]
    assert (s.finished, s.correct, s.first_answer_correct, s.answer) == (False, False, True, "")
    assert s.answer_tokens == 0


def test_an_answer_cut_short_is_not_finished(judge: Judge) -> None:
    c = completion(judge, "2 + 2 = 4.\n</think>\n\nThe answer is \\boxed{4}", ended=False)
    s = judge.judge([c], PROBLEMS, 0)[0]
    assert s.correct and not s.finished


def test_first_answer_is_the_final_one_if_no_step_concludes(judge: Judge) -> None:
    ends = {"4": True, "7": False}
    for value, right in ends.items():
        c = completion(judge, f"Hm, 2 and 2.\n</think>\n\nThe answer is \\boxed{{{value}}}.")
        s = judge.judge([c], PROBLEMS, 0)[0]
        assert (s.first_answer_correct, s.correct, s.answer_step) == (right, right, -1)


def test_nothing_stated_is_none(judge: Judge) -> None:
    s = judge.judge([completion(judge, "Hm.", ended=False)], PROBLEMS, 0)[0]
    assert s.first_answer_correct is None
    assert s.surplus_verification == 0


def test_without_audit_tagger_the_audit_is_none(judge: Judge) -> None:
    plain = Judge(judge.tagger, judge.tokenizer, judge.delimiters, judge.end_ids)
    c = Completion(1, 2, completion(judge, "3 + 3 = 6.\n</think>\n\n6").ids, "", True)
    s = plain.judge([c], PROBLEMS, 0)[0]
    assert s.audit_verification is None
    assert (s.problem_id, s.sample, s.band, s.correct) == ("p1", 2, "all", True)


def test_prompts_are_rendered_by_the_chat_template(judge: Judge) -> None:
    prompts = judge.prompting.render_all(judge.tokenizer, [p.question for p in PROBLEMS])
    assert "2 + 2 = ?" in prompts[0] and "3 + 3 = ?" in prompts[1]
    assert prompts[0].rstrip().endswith("<think>")


def test_oracle_boundaries_are_ends_of_steps(judge: Judge) -> None:
    c = completion(judge, f"{RIGHT_THEN_WRONG}\n</think>\n\n5")
    s = judge.judge([c], PROBLEMS, 0)[0]
    heads = [judge.tokenizer.decode(list(s.ids[:n])) for n in boundaries_of(s)]
    assert [h.strip() for h in heads] == [
        "So the answer is 4.",
        "So the answer is 4.\n\nLet me check: 2 + 2 = 5.",
    ]
