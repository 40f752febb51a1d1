"""Drafts change no token, no step and no count, whatever they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.sampling import drafts as module
from rl.sampling import sampler as sampler_module
from rl.sampling.drafts import DraftedBatch
from rl.sampling.engine import Completion, EngineCost, MonitorFactory
from rl.sampling.rows import Row
from rl.sampling.sampler import Sampler, SamplingSettings
from rl.sampling.transformers_engine import TransformersEngine
from tagger.errors import UserError
from tagger.stopping.closing import ClosingSequence
from tagger.stopping.monitor import StepMonitor
from tagger.stopping.rules.registry import build_rule
from tagger.thinking.split import ThinkingDelimiters
from tests.rl.tiny import PROMPTS, tiny_model
from tests.tagger.stopping.fakes import EverySixCharacters, WordTagger
from tests.tagger.tokenizers_made_here import byte_level

LIMIT, SAMPLES, SEED = 20, 5, 7
KEYS = [(prompt, sample) for prompt in range(len(PROMPTS)) for sample in range(SAMPLES)]
DELIMITERS = ThinkingDelimiters("<think>", "</think>")
TAGGER = WordTagger(EverySixCharacters())
RULES = [
    {"name": "count", "types": ["SUBSTITUTE"], "limit": 1},
    {"name": "token_budget", "limit": LIMIT - 1},
]


Found = tuple[list[Completion], EngineCost]


def bare(done: list[Completion], cost: EngineCost) -> Found:
    """Completions and their cost, without times."""
    return [replace(c, seconds=0, monitor_seconds=0) for c in done], replace(cost, seconds=0)


class World:
    """A tiny policy, what it writes, and monitors for all samples but the first."""

    def __init__(self) -> None:
        self.tokenizer = byte_level()
        drawn = SamplingSettings(max_new_tokens=LIMIT)
        self.sampler = Sampler(tiny_model(self.tokenizer), self.tokenizer, DELIMITERS, drawn)
        self.closing = ClosingSequence(self.tokenizer, DELIMITERS)
        self.free, self.other = (
            [c.ids for c in self.sampler.sample(PROMPTS, SAMPLES, seed)] for seed in (SEED, 8)
        )
        self.plain = [self.run(rule) for rule in RULES]

    def factory(self, rule: Any) -> MonitorFactory:
        built = build_rule(rule)

        def make(prompt: int, sample: int) -> StepMonitor | None:
            named = (PROMPTS[prompt], DELIMITERS, self.tokenizer, self.closing)
            return StepMonitor(TAGGER, built, *named) if sample else None

        return make

    def run(self, rule: Any) -> Found:
        """Under one rule, without drafts."""
        before, make = self.sampler.cost, self.factory(rule)
        done = self.sampler.sample(PROMPTS, SAMPLES, SEED, monitor_factory=make)
        return bare(done, self.sampler.cost - before)

    def draft(
        self, rules: Sequence[Any], drafts: Sequence[Sequence[int]], batch_size: int = 256
    ) -> list[Found]:
        """Under each rule, with drafts."""
        given, factories = dict(zip(KEYS, drafts, strict=False)), list(map(self.factory, rules))
        before = self.sampler.cost
        found = self.sampler.sample_each(PROMPTS, factories, given, SAMPLES, SEED, batch_size)
        spent = sum((cost for _, cost in found), EngineCost())
        assert replace(self.sampler.cost - before, seconds=0) == replace(spent, seconds=0)
        return [bare(*one) for one in found]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_the_completions_of_the_free_arm_are_accepted_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = []
    real = DraftedBatch.__init__

    def noting(self: DraftedBatch, *args: Any) -> None:
        real(self, *args)
        wrong.append(self.wrong)

    monkeypatch.setattr(DraftedBatch, "__init__", noting)
    for rules in (RULES[:1], RULES):
        assert world.draft(rules, world.free) == world.plain[: len(rules)]
    assert wrong == [{}, {}]
    assert sum(c.stop is not None for c in world.plain[0][0]) >= 8


def kinds(world: World, row: int) -> list[list[int]]:
    """Drafts of one row, most of them wrong."""
    own, end = world.free[row], world.tokenizer.eos_token_id
    return [
        [],
        own[: len(own) // 2],
        world.other[row],
        world.free[row - 1],
        [*own[:5], end, *own[5:]],
        [end] * 9,
        [*own[:-1], *[own[0]] * 99],
        [(own[0] + 1) % 200, *own[1:]],
        [*own[:3], -1, 10**9],
    ]


@pytest.mark.parametrize("rules", [[1], [0, 1]])
def test_no_kind_of_draft_changes_a_completion(world: World, rules: list[int]) -> None:
    """Of one arm, and of two that part from the same draft."""
    rows = [kinds(world, row) for row in range(len(KEYS))]
    named, wanted = [RULES[rule] for rule in rules], [world.plain[rule] for rule in rules]
    for shift in (0, 4):
        drafts = [found[(row + shift) % len(found)] for row, found in enumerate(rows)]
        assert world.draft(named, drafts) == wanted
    assert world.draft(named, []) == wanted
    assert world.draft(named, [[(ids[0] + 1) % 200, *ids[1:]] for ids in world.free]) == wanted


@given(data=st.data())
@settings(max_examples=3, deadline=None)
def test_a_draft_is_accepted_up_to_its_first_wrong_token(world: World, data: st.DataObject) -> None:
    """In batches and chunks of any size."""
    drafts = []
    for ids in world.free:
        kept = data.draw(st.integers(0, len(ids)))
        drafts.append([*ids[:kept], *data.draw(st.lists(st.integers(0, 300), max_size=3))])
    size, logits, drawn = data.draw(st.sampled_from([(7, 2**26, 2**22), (256, 60_000, 900)]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LOGITS", logits)
        patch.setattr(module, "DRAWN", drawn)
        for rules in (RULES[:1], RULES):
            assert world.draft(rules, drafts, size)[0][0] == world.plain[0][0]


def row_of(world: World, ids: list[int]) -> Row:
    """A row that proposes ids; its noise is that of no one."""
    noise = torch.rand(LIMIT, dtype=torch.float64).numpy()
    prefix = world.tokenizer.encode(PROMPTS[0], add_special_tokens=False)
    return Row(0, 0, prefix, noise, None, ids, unverified=len(ids))


def test_logits_that_are_not_finite_are_refused_where_a_token_is_drawn_from_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, drawn = world.sampler.model, world.sampler.settings
    greedy = replace(drawn, temperature=0.0)
    prefix = world.tokenizer.encode(PROMPTS[0], add_special_tokens=False)
    ids = world.sampler.continue_from([prefix], temperature=0.0, max_new_tokens=4)[0].ids
    forward = model.forward

    def breaking(*args: Any, **kwargs: Any) -> Any:
        output = forward(*args, **kwargs)
        if output.logits.shape[1] > 1:
            output.logits[:, 2] = torch.nan
        return output

    monkeypatch.setattr(model, "forward", breaking)
    with pytest.raises(UserError, match="policy 'p' gave logits .* at token 3"):
        DraftedBatch(model, [row_of(world, ids)], 0, greedy, "p")
    wrong = [ids[0], (ids[1] + 1) % 200, *ids[2:]]  # what is broken comes after the wrong token
    batch = DraftedBatch(model, [row_of(world, wrong)], 0, greedy, "p")
    assert batch.wrong == {0: (1, ids[1])}


def test_a_cache_that_forgets_positions_has_its_drafts_read_for_each_arm(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler_module, "can_gather", lambda _: False)
    monkeypatch.setattr(sampler_module, "ForkedBatch", None)
    assert world.draft(RULES, world.free) == world.plain


def test_an_engine_that_takes_no_drafts_says_so(world: World) -> None:
    s = world.sampler
    other = TransformersEngine(s.model, s.tokenizer, DELIMITERS, s.settings)
    with pytest.raises(ValueError, match="TransformersEngine takes no drafts"):
        other.sample_each(PROMPTS, [world.factory(RULES[0])], {})
