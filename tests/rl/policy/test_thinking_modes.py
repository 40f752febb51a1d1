"""Thinking on, off and prefilled, by the real templates of R1 and Qwen3: prompts to rewards."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from rewards.facts.compute import FactsComputer, Task
from rewards.function import StepReward
from rl.evaluation.evaluate import Judge
from rl.policy.prompts import Prompting
from rl.problems.problem import Problem
from rl.sampling.batched import BatchedEngine
from rl.sampling.decoding import SamplingSettings
from rl.sampling.engine import Completion
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.thinking.split import PromptEnd, delimiters_from_tokenizer
from tests.tagger.tokenizers_made_here import packaged

STEPS = "2 + 2 is 4.\n\nWait, let me check: 4 - 2 is 2."
ANSWER = "It is \\boxed{4}."
OPENS, PREFILLED = f"<think>\n{STEPS}\n</think>\n\n{ANSWER}", f"{STEPS}\n</think>\n\n{ANSWER}"
ON, OFF = {"enable_thinking": True}, {"enable_thinking": False}


@dataclass(frozen=True)
class Mode:
    """A packaged template with its options; what the model writes behind such a prompt."""

    template: str
    end: PromptEnd
    text: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def thinks(self) -> bool:
        return self.end is not PromptEnd.AFTER

    def __str__(self) -> str:
        chosen = [f"{k}={v}" for k, v in self.options.items()]
        return "-".join([self.template, *chosen])


MODES = [
    Mode("deepseek_r1_distill", PromptEnd.INSIDE, PREFILLED),
    Mode("qwen3", PromptEnd.BEFORE, OPENS),
    Mode("qwen3", PromptEnd.BEFORE, OPENS, ON),
    Mode("qwen3", PromptEnd.AFTER, ANSWER, OFF),
    Mode("qwen3_5_think", PromptEnd.INSIDE, PREFILLED, ON),
    Mode("qwen3_5_think", PromptEnd.AFTER, ANSWER, OFF),
    Mode("qwen3_5_nothink", PromptEnd.AFTER, ANSWER),
    Mode("qwen3_5_nothink", PromptEnd.INSIDE, PREFILLED, ON),
]
each_mode = pytest.mark.parametrize("mode", MODES, ids=str)


def tokenizer_of(mode: Mode) -> Any:
    return packaged(mode.template)


class Prompts(BatchedEngine):
    """The kit's engine up to the point where the model would read its prompts."""

    SHARES_PREFIXES = False

    def _generate(self, prefixes: Any, *_: Any, **__: Any) -> Any:
        self.prefixes = prefixes
        return []

    def _run(self, *_: Any) -> Any:
        raise NotImplementedError


@each_mode
def test_trl_and_the_sampler_read_the_same_prompt_ids(mode: Mode) -> None:
    from trl import GRPOTrainer

    tokenizer = tokenizer_of(mode)
    prompting = Prompting("Be brief.", "{question}\nReason step by step.", mode.options)
    prompting.check(tokenizer, "m")
    questions = ["What is 2 + 2?", "Say </think> and <think>\n"]
    trainer: Any = SimpleNamespace(
        processing_class=tokenizer, chat_template=None, chat_template_kwargs=mode.options,
        tools=None, environment_factories=None, _is_vlm=False,
    )  # fmt: skip
    rows = [prompting.messages(q) for q in questions]
    trained, *_ = GRPOTrainer._tokenize_prompts(trainer, rows)
    delimiters = delimiters_from_tokenizer(tokenizer)
    engine = Prompts(None, tokenizer, delimiters, SamplingSettings(max_new_tokens=1))
    engine.sample(prompting.render_all(tokenizer, questions))
    assert trained == engine.prefixes
    assert [ids.count(tokenizer.bos_token_id) for ids in trained] == [
        int("r1" in mode.template)
    ] * 2
    assert (delimiters.open, delimiters.close) == ("<think>", "</think>")
    assert prompting.end(tokenizer, delimiters) is mode.end


@each_mode
def test_answer_is_found_alike_in_training_and_evaluation(mode: Mode) -> None:
    tokenizer, tagger = tokenizer_of(mode), FrozenTagger.load("linear")
    delimiters = delimiters_from_tokenizer(tokenizer)
    prompting = Prompting(options=mode.options)
    texts = [mode.text, mode.text.replace("4}", "5}"), STEPS]  # the last is cut off
    ids = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
    ids = [[*i, tokenizer.eos_token_id] for i in ids[:2]] + ids[2:]
    ends = [tokenizer.eos_token_id]
    task = Task("What is 2 + 2?", "4")
    facts = FactsComputer(
        tagger, tokenizer, delimiters, ends, after=prompting.end(tokenizer, delimiters)
    )
    trained = [dict(zip(facts.columns, row, strict=True)) for row in facts(ids, [task] * 3)]
    judge = Judge(tagger, tokenizer, delimiters, ends, prompting=prompting)
    completions = [Completion(0, n, i, "", True) for n, i in enumerate(ids)]
    judged = judge.judge(completions, [Problem("1", task.question, task.reference)], seed=0)
    assert [row["correct"] for row in trained] == [s.correct for s in judged] == [1, 0, 0]
    assert [row["finished"] for row in trained] == [s.finished for s in judged] == [1, 1, 0]
    thinking = [row["thinking_tokens"] for row in trained]
    assert thinking == [s.thinking_tokens for s in judged]
    before_close = tokenizer.encode(mode.text.partition("</think>")[0], add_special_tokens=False)
    assert thinking[0] == (len(before_close) if mode.thinks else 0)
    assert [s.answer.strip() for s in judged[:2]] == [ANSWER, ANSWER.replace("4", "5")]
    assert len(judged[0].steps) == (2 if mode.thinks else 0)


@each_mode
def test_step_reward_reads_completions_by_the_options_of_the_template(mode: Mode) -> None:
    tokenizer = tokenizer_of(mode)
    reward = StepReward(
        {"correctness": {}}, tokenizer, tagger="linear", chat_template_kwargs=mode.options
    )
    assert reward.score([mode.text, mode.text.replace("4}", "5}")], ["4", "4"]) == [1.0, 0.0]


def test_step_reward_refuses_an_option_the_template_does_not_know() -> None:
    with pytest.raises(UserError, match="enable_thinkng is unknown to the chat template"):
        StepReward(
            {"correctness": {}}, tokenizer_of(MODES[1]), chat_template_kwargs={"enable_thinkng": 1}
        )
