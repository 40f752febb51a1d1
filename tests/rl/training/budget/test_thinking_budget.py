"""A budget of thinking: which tokens were forced, and that the loss leaves them out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from trl import GRPOTrainer

from rl.policy.load import load_policy
from rl.problems.registry import load_problems
from rl.sampling.decoding import SamplingSettings
from rl.sampling.sampler import Sampler
from rl.training.budget.thinking import ThinkingBudget, check_thinking_budget
from tagger.errors import UserError
from tagger.thinking.split import PromptEnd, ThinkingDelimiters
from tests.rl.training.test_trainer import MIXED, Bench
from tests.tagger.tokenizers_made_here import byte_level
from tests.world import World

THINK = ThinkingDelimiters("<think>", "</think>")


def budget(limit: int, after: PromptEnd = PromptEnd.INSIDE) -> ThinkingBudget:
    return ThinkingBudget(limit, byte_level(), THINK, after)


def test_the_closing_at_the_limit_is_forced_and_nothing_else() -> None:
    thinking = byte_level().encode("Wait, 7", add_special_tokens=False)
    closing = budget(1).monitor()
    forced = []
    for token in thinking[:1]:
        closing.feed_token(token)
    while closing.forced_token is not None:
        forced.append(closing.forced_token)
        closing.feed_token(forced[-1])
    answer = byte_level().encode("12", add_special_tokens=False)
    ids = [*thinking[:1], *forced, *answer, byte_level().eos_token_id]
    assert len(forced) > 0 and "</think>" in byte_level().decode(forced)
    expected = [1] + [0] * len(forced) + [1] * (len(answer) + 1)
    assert budget(1).written(ids) == expected
    assert budget(99).written(ids) == [1] * len(ids)


def test_a_thinking_that_ends_within_its_budget_keeps_all_its_tokens() -> None:
    ids = byte_level().encode("So.</think>12 and much more behind it", add_special_tokens=False)
    assert budget(len(ids) - 12).written(ids) == [1] * len(ids)


def test_what_the_sampler_forced_is_what_is_left_out(world: World) -> None:
    policy = load_policy(str(world.model), device="cpu")
    settings = SamplingSettings(max_new_tokens=20)
    prompts = policy.prompting.render_all(
        policy.tokenizer, [p.question for p in load_problems(str(world.problems))]
    )
    limited = ThinkingBudget(6, policy.tokenizer, policy.delimiters, PromptEnd.INSIDE)
    sampler = Sampler(policy.model, policy.tokenizer, policy.delimiters, settings)
    drawn = sampler.sample(prompts, 4, monitor_factory=lambda *_: limited.monitor())
    cut = 0
    for completion in drawn:
        written = limited.written(completion.ids)
        assert len(written) == len(completion.ids)
        assert written.count(0) == completion.forced_tokens
        if completion.forced_tokens:
            cut += 1
            assert written[:6] == [1] * 6 and written[6] == 0
    assert cut > 0


def test_forced_tokens_are_marked_and_not_counted_by_the_loss(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Bench(world, tmp_path).trainer(MIXED, 0.1)
    _, ids, *rest = trainer._generate([])
    del trainer._generate
    monkeypatch.setattr(GRPOTrainer, "_generate", lambda self, _: ([[1]] * 4, ids, *rest))
    row = [1, 0, 0, 1]
    trainer.thinking_budget = SimpleNamespace(
        written=lambda tokens: row + [1] * (len(tokens) - len(row))
    )
    output = trainer._generate_and_score_completions([{"prompt": "x", "problem": 0}] * 4)
    assert output["tool_mask"][:, :4].tolist() == [row] * 4
    assert int(output["num_items_in_batch"]) == sum(map(len, ids)) - 2 * 4
    assert trainer._metrics["train"]["completions/forced_ratio"] == [1.0]


@pytest.mark.parametrize(
    ("limit", "changes", "words"),
    [
        (64, {}, "thinking_budget is 64, and completions end at grpo.max_completion_length"),
        (8, {"generation_kwargs": {"top_a": 1}}, "grpo.generation_kwargs replaces"),
        (8, {"fsdp": "full_shard"}, "weights in parts"),
        (8, {"use_vllm": True, "vllm_mode": "server"}, "cannot act in a vLLM server"),
        (8, {"use_vllm": True, "vllm_structured_outputs_regex": "a+"}, "may forbid"),
    ],
)
def test_a_budget_that_could_not_act_is_refused(
    limit: int, changes: dict[str, Any], words: str
) -> None:
    given = {
        "use_vllm": False, "use_transformers_continuous_batching": False, "min_p": None,
        "repetition_penalty": 1.0, "generation_kwargs": None, "max_completion_length": 64,
        "vllm_mode": "colocate", "vllm_structured_outputs_regex": None,
        "fsdp": None, "deepspeed_plugin": None, "ds3_gather_for_generation": True,
    }  # fmt: skip
    for allowed in ({}, {"use_vllm": True, "generation_kwargs": {"min_tokens": 2}}):
        check_thinking_budget(8, SimpleNamespace(**given | allowed), {})
    with pytest.raises(UserError, match=words):
        check_thinking_budget(limit, SimpleNamespace(**given | changes), {})
