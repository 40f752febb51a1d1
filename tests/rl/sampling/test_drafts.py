"""Drafts change no token, no step and no count, whatever they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rl.sampling import drafts as drafts_module
from rl.sampling.engine import Completion
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

LIMIT, SAMPLES, SEED = 40, 4, 7
DELIMITERS = ThinkingDelimiters("<think>", "</think>")
TAGGER = WordTagger(EverySixCharacters())
RULES = [
    None,
    {"name": "count", "types": ["SUBSTITUTE"], "limit": 2},
    {"name": "token_budget", "limit": 11},
    {"name": "token_budget", "limit": LIMIT - 1},
]
Drafts = dict[tuple[int, int], list[int]]
Run = Callable[..., list[Completion]]


class World:
    """A tiny policy, what it writes, and monitors for it."""

    def __init__(self) -> None:
        self.tokenizer = byte_level()
        self.model = tiny_model(self.tokenizer)
        self.sampler = self.engine()
        self.end = self.tokenizer.eos_token_id
        self.free = self.drafts(self.sampler.sample(PROMPTS, SAMPLES, SEED))
        self.plain = [self.run(rule) for rule in RULES]

    def engine(self, **changes: Any) -> Sampler:
        settings = replace(SamplingSettings(max_new_tokens=LIMIT), **changes)
        return Sampler(self.model, self.tokenizer, DELIMITERS, settings)

    def drafts(self, done: list[Completion]) -> Drafts:
        return {(c.prompt_index, c.sample): c.ids for c in done}

    def run(self, rule: Any, drafts: Drafts | None = None, **options: Any) -> list[Completion]:
        closing = ClosingSequence(self.tokenizer, DELIMITERS)
        built = build_rule(rule) if rule else None

        def make(prompt: int, sample: int) -> StepMonitor | None:
            if sample == SAMPLES - 1:
                return None
            return StepMonitor(
                TAGGER, built, PROMPTS[prompt], DELIMITERS, self.tokenizer, closing
            )

        return self.sampler.sample(
            PROMPTS, SAMPLES, SEED, monitor_factory=make, drafts=drafts, **options
        )


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def same(one: list[Completion], two: list[Completion]) -> None:
    """All but the times are equal."""
    bare = [[replace(c, seconds=0.0, monitor_seconds=0.0) for c in done] for done in (one, two)]
    assert bare[0] == bare[1]


def kinds(world: World) -> dict[str, Drafts]:
    """Drafts right and wrong."""
    other = world.sampler.sample(PROMPTS, SAMPLES, SEED + 1)
    free = world.free
    return {
        "right": free,
        "none": {},
        "truncated": {key: ids[: len(ids) // 2] for key, ids in free.items()},
        "of another seed": world.drafts(other),
        "of the next row": dict(zip(free, [*list(free.values())[1:], []], strict=True)),
        "with an end within": {key: [*ids[:5], world.end, *ids[5:]] for key, ids in free.items()},
        "nothing but ends": {key: [world.end] * 9 for key in free},
        "too long": {key: [*ids[:-1], *[ids[0]] * 99] for key, ids in free.items()},
        "one token changed": {
            key: [*ids[:7], (ids[7] + 1) % 200, *ids[8:]] if len(ids) > 7 else ids
            for key, ids in free.items()
        },
        "no tokens of this model": {key: [*ids[:3], -1, 10**9] for key, ids in free.items()},
    }


def test_drafts_of_any_kind_change_no_completion_under_any_rule(world: World) -> None:
    for rule, plain in zip(RULES, world.plain, strict=True):
        for name, drafts in kinds(world).items():
            same(world.run(rule, drafts), plain)
            assert name
    assert sum(c.stop is not None for c in world.plain[1]) >= 6


@given(data=st.data())
@hypothesis_settings(max_examples=12, deadline=None)
def test_drafts_are_checked_token_by_token(world: World, data: st.DataObject) -> None:
    """Right up to somewhere, anything after that; batches and chunks of any size."""
    drafts = {
        key: [
            *ids[: data.draw(st.integers(0, len(ids)))],
            *data.draw(st.lists(st.integers(0, 300), max_size=6)),
        ]
        for key, ids in list(world.free.items())[:: data.draw(st.integers(1, 5))]
    }
    which = data.draw(st.integers(0, len(RULES) - 1))
    kept = drafts_module.LOGITS, drafts_module.DRAWN
    drafts_module.LOGITS, drafts_module.DRAWN = data.draw(st.sampled_from([kept, (1, 1), (9999, 900)]))
    try:
        done = world.run(RULES[which], drafts, batch_size=data.draw(st.sampled_from([1, 5, 256])))
    finally:
        drafts_module.LOGITS, drafts_module.DRAWN = kept
    same(done, world.plain[which])
