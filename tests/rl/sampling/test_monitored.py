"""The sampler with monitors: pairing of arms, forced closings, monitor time."""

from __future__ import annotations

import pytest

from rl.sampling.sampler import Sampler, SamplingSettings
from tagger.stopping.closing import ClosingSequence
from tagger.stopping.monitor import StepMonitor
from tagger.stopping.rules.registry import build_rule
from tagger.thinking.split import ThinkingDelimiters, split_thinking
from tests.rl.tiny import PROMPTS, tiny_model
from tests.tagger.stopping.fakes import EverySixCharacters, WordTagger
from tests.tagger.tokenizers_made_here import byte_level

DELIMITERS = ThinkingDelimiters("<think>", "</think>")
TAGGER = WordTagger(EverySixCharacters())


@pytest.fixture(scope="module")
def sampler():
    tokenizer = byte_level()
    return Sampler(
        tiny_model(tokenizer), tokenizer, DELIMITERS, SamplingSettings(max_new_tokens=40)
    )


def factory(rule, only=lambda prompt, sample: True):
    tokenizer = byte_level()
    closing = ClosingSequence(tokenizer, DELIMITERS)
    built = rule and build_rule(rule)

    def make(prompt, sample):
        if not only(prompt, sample):
            return None
        return StepMonitor(TAGGER, built, PROMPTS[prompt], DELIMITERS, tokenizer, closing)

    return make


COUNT = {"name": "count", "types": ["SUBSTITUTE"], "limit": 2}


def test_arms_share_each_rows_tokens_until_the_stop(sampler):
    base = sampler.sample(PROMPTS, 8, seed=7)
    monitored = sampler.sample(PROMPTS, 8, seed=7, monitor_factory=factory(COUNT))
    stopped = [(a, b) for a, b in zip(base, monitored, strict=True) if b.stop]
    assert len(stopped) >= 8
    for a, b in zip(base, monitored, strict=True):
        if b.stop is None:
            assert a.ids == b.ids and b.forced_tokens == 0
            continue
        assert b.stop.reason == "2 formula substitution steps, limit 2"
        shared = next(i for i, (x, y) in enumerate(zip(a.ids, b.ids, strict=False)) if x != y)
        text = byte_level().decode(b.ids[:shared])
        assert len(split_thinking(text, DELIMITERS).text) >= 12  # the second step had ended
        assert 0 < b.forced_tokens <= len(ClosingSequence(byte_level(), DELIMITERS).ids_after(""))
        assert split_thinking(b.text, DELIMITERS).finished or len(b.ids) == 40


def test_monitors_tag_what_the_finished_text_says_and_time_is_counted(sampler):
    for rule in (None, COUNT):
        for c in sampler.sample(PROMPTS, 4, seed=1, monitor_factory=factory(rule)):
            thinking = split_thinking(c.text, DELIMITERS)
            assert c.steps == TAGGER.tag(TAGGER.segmenter.split(thinking.text))
            assert c.monitor_seconds > 0
            assert rule is not None or c.stop is None


def test_unmonitored_rows_beside_monitored_ones_are_the_base_rows(sampler):
    base = sampler.sample(PROMPTS, 4, seed=2)
    some = sampler.sample(
        PROMPTS, 4, seed=2, monitor_factory=factory(COUNT, lambda p, s: (p + s) % 2 == 0)
    )
    for a, b in zip(base, some, strict=True):
        if (a.prompt_index + a.sample) % 2:
            assert a.ids == b.ids and b.steps is None and b.monitor_seconds == 0
    assert any(c.stop for c in some)


def test_a_monitored_run_is_bit_identical_to_itself(sampler):
    def run():
        done = sampler.sample(PROMPTS, 4, seed=9, monitor_factory=factory(COUNT))
        return [(c.ids, c.stop, c.steps, c.forced_tokens) for c in done]

    assert run() == run()


def test_the_budget_of_tokens_holds_for_forced_ones_too(sampler):
    late = {"name": "token_budget", "limit": 11}
    prefixes = [byte_level().encode(p, add_special_tokens=False) for p in PROMPTS]
    done = sampler.continue_from(
        prefixes, 4, seed=3, monitor_factory=factory(late), max_new_tokens=12
    )
    assert all(len(c.ids) <= 12 for c in done)
    assert {c.forced_tokens for c in done if c.stop} == {1}
