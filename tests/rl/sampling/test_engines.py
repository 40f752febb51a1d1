"""The engines against each other: one protocol, the same tokens."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch

from rl.policy.load import Policy, load_policy
from rl.problems.registry import load_problems
from rl.sampling.decoding import SamplingSettings, left_padded
from rl.sampling.engine import Completion, Engine, EngineCost, MonitorFactory
from rl.sampling.registry import build_engine
from rl.sampling.transformers_engine import shares
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.stopping.closing import ClosingSequence
from tagger.stopping.monitor import StepMonitor
from tagger.stopping.rules.registry import build_rule
from tests.rl.tiny import PROMPTS, tiny_model
from tests.tagger.tokenizers_made_here import byte_level
from tests.world import World

pytestmark = pytest.mark.slow

BOTH = ("kit", "transformers")
BUDGET = {"name": "token_budget", "limit": 9}


@pytest.fixture(scope="module")
def policy(world: World) -> Policy:
    """The world's random policy."""
    return load_policy(str(world.model), device="cpu")


@pytest.fixture(scope="module")
def prompts(world: World, policy: Policy) -> list[str]:
    """Rendered prompts of several lengths."""
    asked = load_problems(str(world.problems))
    short = policy.prompting.render_all(policy.tokenizer, [p.question for p in asked])
    return [*short, short[0].replace("1 + 2", "1 + 2 + 3 + 4 + 5 + 6"), short[1] + "First, "]


def engine(name: Any, policy: Policy, **settings: Any) -> Engine:
    given = SamplingSettings(**{"temperature": 0.0, "max_new_tokens": 24, **settings})
    return build_engine(name, policy.model, policy.tokenizer, policy.delimiters, given)


def watched(world: World, policy: Policy) -> MonitorFactory:
    """Monitors that stop every other row after nine tokens of thinking."""
    tagger = FrozenTagger.load(world.tagger)
    closing = ClosingSequence(policy.tokenizer, policy.delimiters)
    rule = build_rule(BUDGET, tagger.taxonomy)

    def make(prompt: int, sample: int) -> StepMonitor | None:
        if (prompt + sample) % 2:
            return None
        return StepMonitor(tagger, rule, "", policy.delimiters, policy.tokenizer, closing)

    return make


def tokens_of(done: list[Completion]) -> list[tuple[Any, ...]]:
    return [(c.prompt_index, c.sample, c.ids, c.text, c.finished) for c in done]


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_engines_give_the_same_greedy_tokens(
    policy: Policy, prompts: list[str], batch_size: int
) -> None:
    kit, stock = (engine(name, policy).sample(prompts, 2, batch_size=batch_size) for name in BOTH)
    assert tokens_of(kit) == tokens_of(stock)
    assert len(kit) == 2 * len(prompts)


@pytest.mark.parametrize(("batch_size", "temperature"), [(2, 0.0), (5, 1.0), (64, 0.0)])
def test_engines_give_the_same_tokens_under_a_monitor(
    world: World, policy: Policy, prompts: list[str], batch_size: int, temperature: float
) -> None:
    kit, stock = (
        engine(name, policy, temperature=temperature).sample(
            prompts, 3, 5, batch_size, monitor_factory=watched(world, policy)
        )
        for name in BOTH
    )
    assert tokens_of(kit) == tokens_of(stock)
    for a, b in zip(kit, stock, strict=True):
        assert (a.stop, a.steps, a.forced_tokens) == (b.stop, b.steps, b.forced_tokens)
    stopped = [c for c in stock if c.stop]
    assert stopped and all(c.forced_tokens > 0 and "</think>" in c.text for c in stopped)
    assert all(c.steps is None for c in stock if (c.prompt_index + c.sample) % 2)


def test_engines_draw_the_same_tokens_with_the_same_seed(
    policy: Policy, prompts: list[str]
) -> None:
    def draw(name: str, seed: int, batch_size: int = 256) -> list[list[int]]:
        run = engine(name, policy, temperature=0.8, top_k=40, top_p=0.95)
        return [c.ids for c in run.sample(prompts, 3, seed, batch_size)]

    assert draw("transformers", 3) == draw("kit", 3) == draw("transformers", 3, batch_size=4)
    assert draw("transformers", 3) != draw("transformers", 4)


def test_engines_continue_and_probe_alike(policy: Policy, prompts: list[str]) -> None:
    whole = engine("kit", policy, max_new_tokens=20).sample(prompts)
    long = [c for c in whole if len(c.ids) > 8]
    encoded = [policy.tokenizer.encode(prompts[c.prompt_index]) for c in long]
    prefixes = [ids + c.ids[:8] for ids, c in zip(encoded, long, strict=True)]
    for name in BOTH:
        hot = engine(name, policy, temperature=1.3)
        rest = hot.continue_from(prefixes, 1, 0, 3, max_new_tokens=12, temperature=0.0)
        assert [c.ids for c in rest] == [c.ids[8:] for c in long]
        assert [c.ids for c in hot.probe(prefixes, 12, 2)] == [c.ids for c in rest]
        assert [c.finished for c in rest] == [c.finished for c in long]


def test_engine_cost_counts_what_was_read_and_written(world: World, policy: Policy) -> None:
    prompts = ["<think>\n1 + 2", "<think>\n3"]
    lengths = [len(policy.tokenizer.encode(p)) for p in prompts]
    for name, reads in (("kit", 1), ("transformers", 2)):
        run = engine(name, policy)
        assert run.cost == EngineCost()
        done = run.sample(prompts, 2, monitor_factory=watched(world, policy))
        forced = sum(c.forced_tokens for c in done)
        assert forced > 0
        first = run.cost
        assert first.prompt_tokens == reads * sum(lengths)  # the kit reads equal prompts once
        assert (first.reread_tokens, first.forced_tokens) == (0, forced)
        assert first.generated_tokens == sum(len(c.ids) for c in done) - forced
        assert first.seconds == pytest.approx(sum(c.seconds for c in done))
        probes = run.probe([[5, 6, 7], [8, 9]], 4)
        assert run.cost == first + EngineCost(
            reread_tokens=5,
            generated_tokens=sum(len(c.ids) for c in probes),
            seconds=run.cost.seconds - first.seconds,
        )


def test_the_models_own_generation_config_has_no_effect_and_stays(prompts: list[str]) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import GenerationConfig

    tokenizer = byte_level()
    wrapped = get_peft_model(
        tiny_model(tokenizer), LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False)
    )
    settings = SamplingSettings(0.0, max_new_tokens=16)
    own = GenerationConfig(repetition_penalty=5.0, do_sample=True, temperature=3.0, top_k=3)
    wrapped.generation_config = wrapped.get_base_model().generation_config = own
    kit, stock = (build_engine(n, wrapped, tokenizer, None, settings).sample(prompts) for n in BOTH)  # type: ignore[arg-type]
    assert [c.ids for c in kit] == [c.ids for c in stock]
    assert wrapped.generation_config is wrapped.get_base_model().generation_config is own


@pytest.mark.parametrize("changes", [{}, {"use_sliding_window": True, "sliding_window": 8}])
def test_engines_end_at_every_end_token_of_the_model(
    policy: Policy, changes: dict[str, Any]
) -> None:
    tokenizer = byte_level()
    model = tiny_model(tokenizer, max_window_layers=1, **changes)
    settings = SamplingSettings(1.0, max_new_tokens=30)

    def both() -> list[list[Completion]]:
        parts = (model, tokenizer, policy.delimiters, settings)
        return [build_engine(name, *parts).sample(PROMPTS, 4, batch_size=5) for name in BOTH]

    once, _ = both()
    common = Counter(i for c in once for i in c.ids[:-1]).most_common(1)[0][0]
    ends = [tokenizer.eos_token_id, common]
    model.generation_config.eos_token_id = ends
    kit, stock = both()
    assert tokens_of(kit) == tokens_of(stock)
    assert {c.ids[-1] for c in stock if c.finished} == set(ends)
    assert all(not set(c.ids[:-1]) & set(ends) for c in stock)


def test_the_transformers_engine_refuses_broken_logits(policy: Policy) -> None:
    model = tiny_model(byte_level())
    with torch.no_grad():
        model.lm_head.weight[:] = torch.nan
    model.config.name_or_path = "runs/first/policy"
    for temperature in (0.0, 1.0):
        settings = SamplingSettings(temperature, max_new_tokens=4)
        run = build_engine("transformers", model, byte_level(), policy.delimiters, settings)
        with pytest.raises(UserError, match="'runs/first/policy' gave logits that are not finite"):
            run.sample(["1 + 1 = ?"])


def test_left_padded_fills_on_the_left() -> None:
    ids, mask = left_padded([[5], [6, 7, 8]], 0)
    assert ids.tolist() == [[0, 0, 5], [6, 7, 8]]
    assert mask.tolist() == [[0, 0, 1], [1, 1, 1]]


def test_shares_divide_each_step_among_the_living() -> None:
    assert shares([1, 3], [0.0, 1.0, 3.0, 3.5]) == [0.5, 0.5 + 2.0 + 0.5]
    assert shares([2], [1.0, 2.0, 4.0]) == [3.0]
