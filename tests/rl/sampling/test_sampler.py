"""The sampler against plain forward passes, and the laws its arms rely on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rl.sampling.decoding import SamplingSettings, row_uniforms, sample_tokens
from rl.sampling.sampler import Sampler, _fill_holes
from tagger.errors import UserError
from tagger.thinking.split import ThinkingDelimiters
from tests.rl.tiny import PROMPTS, tiny_model
from tests.tagger.tokenizers_made_here import byte_level

DELIMITERS = ThinkingDelimiters("<think>", "</think>")


@pytest.fixture(scope="module")
def tokenizer():
    return byte_level()


@pytest.fixture(scope="module")
def model(tokenizer):
    return tiny_model(tokenizer)


def sampler(model, tokenizer, **settings):
    return Sampler(model, tokenizer, DELIMITERS, SamplingSettings(**settings))


def reference(model, ids, uniforms, settings, ends):
    """One row alone, the whole text through the model at every token."""
    written = []
    with torch.no_grad():
        for uniform in uniforms:
            logits = model(input_ids=torch.tensor([list(ids) + written])).logits[:, -1]
            draw = torch.tensor([uniform], dtype=torch.float64)
            written.append(int(sample_tokens(logits, draw, settings)))
            if written[-1] in ends:
                break
    return written


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_rows_of_a_padded_shrinking_batch_equal_rows_run_alone(model, tokenizer, temperature):
    settings = SamplingSettings(temperature=temperature, max_new_tokens=40)
    batch = Sampler(model, tokenizer, DELIMITERS, settings)
    done = batch.sample(PROMPTS, samples_per_prompt=3, seed=5)
    assert [(c.prompt_index, c.sample) for c in done] == [
        (p, s) for p in range(len(PROMPTS)) for s in range(3)
    ]
    lengths = {len(c.ids) for c in done}
    assert len(lengths) > 3 or temperature == 0  # rows did end at different times
    for c in done:
        ids = tokenizer.encode(PROMPTS[c.prompt_index], add_special_tokens=False)
        uniforms = row_uniforms(5, c.prompt_index, c.sample, 40)
        assert c.ids == reference(model, ids, uniforms, settings, batch.end_ids)


def test_completions_say_how_they_ended(model, tokenizer):
    done = sampler(model, tokenizer, max_new_tokens=30).sample(PROMPTS, 8, seed=1)
    ends = {tokenizer.eos_token_id}
    assert {c.finished for c in done} == {True, False}
    for c in done:
        assert c.finished == (c.ids[-1] in ends)
        assert not ends & set(c.ids[:-1])
        assert len(c.ids) == 30 or c.finished
        assert tokenizer.eos_token not in c.text
        silent = ends | {tokenizer.pad_token_id}
        assert c.text == tokenizer.decode([i for i in c.ids if i not in silent])
        assert (c.stop, c.forced_tokens, c.steps, c.monitor_seconds) == (None, 0, None, 0.0)


def test_the_same_call_is_bit_identical_and_the_batch_does_not_matter(model, tokenizer):
    run = sampler(model, tokenizer, max_new_tokens=24)
    first = [c.ids for c in run.sample(PROMPTS, 4, seed=3)]
    assert first == [c.ids for c in run.sample(PROMPTS, 4, seed=3)]
    assert first == [c.ids for c in run.sample(PROMPTS, 4, seed=3, batch_size=3)]
    assert first != [c.ids for c in run.sample(PROMPTS, 4, seed=4)]
    fewer = run.sample(PROMPTS[:2], 2, seed=3)
    assert [c.ids for c in fewer] == [first[0], first[1], first[4], first[5]]


def test_a_shorter_limit_cuts_the_same_completions_off(model, tokenizer):
    """What accuracy at token budgets rests on."""
    long, short = (
        sampler(model, tokenizer, temperature=1.0, max_new_tokens=limit).sample(PROMPTS, 2, seed=5)
        for limit in (24, 9)
    )
    assert [c.ids for c in short] == [c.ids[:9] for c in long]
    assert any(len(c.ids) > 9 for c in long)


def test_continuing_from_ids_equals_sampling_the_prompt(model, tokenizer):
    run = sampler(model, tokenizer, max_new_tokens=12)
    prefixes = [tokenizer.encode(p, add_special_tokens=False) for p in PROMPTS]
    sampled = [c.ids for c in run.sample(PROMPTS, seed=2)]
    assert [c.ids for c in run.continue_from(prefixes, seed=2)] == sampled
    greedy = run.continue_from(prefixes, temperature=0, max_new_tokens=5)
    longer = [list(p) + c.ids[:2] for p, c in zip(prefixes, greedy, strict=True)]
    rest = run.continue_from(longer, temperature=0, max_new_tokens=3)
    assert sum(len(whole.ids) == 5 for whole in greedy) > 1
    for whole, tail in zip(greedy, rest, strict=True):
        assert whole.ids[2:] == tail.ids or len(whole.ids) <= 2


def test_time_is_shared_out_and_progress_told(model, tokenizer):
    import time

    told: list[tuple[int, int]] = []
    started = time.perf_counter()
    done = sampler(model, tokenizer, max_new_tokens=20).sample(
        PROMPTS, 2, progress=lambda ended, total: told.append((ended, total))
    )
    wall = time.perf_counter() - started
    assert 0 < sum(c.seconds for c in done) <= wall
    assert told == sorted(told) and told[-1] == (len(done), len(done))


def test_the_mode_of_the_model_is_given_back(model, tokenizer):
    model.train()
    sampler(model, tokenizer, max_new_tokens=2).sample(PROMPTS[:1])
    assert model.training
    model.eval()


def test_an_empty_prompt_and_odd_numbers_are_refused(model, tokenizer):
    run = sampler(model, tokenizer, max_new_tokens=2)
    with pytest.raises(ValueError, match="Prompt 1 has no tokens"):
        run.sample(["a", ""])
    with pytest.raises(ValueError, match="1 or more"):
        run.sample(["a"], samples_per_prompt=0)
    for bad in ({"temperature": -1}, {"top_p": 0}, {"top_k": -1}, {"max_new_tokens": 0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            SamplingSettings(**bad)


def test_a_sampler_needs_an_end_token(model, tokenizer):
    class Endless:
        eos_token_id = pad_token_id = None

    with pytest.raises(ValueError, match="end token"):
        Sampler(object(), Endless(), DELIMITERS, SamplingSettings())


def test_a_completion_stops_at_either_end_token_and_shows_neither(tokenizer):
    second = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    model = tiny_model(tokenizer)
    model.generation_config.eos_token_id = [tokenizer.eos_token_id, second]
    with torch.no_grad():
        model.lm_head.weight[second] *= 3
    completions = sampler(model, tokenizer, max_new_tokens=60).sample(PROMPTS, 20)
    ends = {tokenizer.eos_token_id, second}
    assert {c.ids[-1] for c in completions if c.finished} == ends
    for c in completions:
        assert not ends & set(c.ids[:-1])
        assert "<|im_end|>" not in c.text and "<|endoftext|>" not in c.text


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("broken", [float("nan"), float("inf"), float("-inf")])
def test_logits_that_are_not_finite_stop_with_the_policy_and_the_place(
    tokenizer, broken, temperature
):
    model = tiny_model(tokenizer)
    model.config.name_or_path = "runs/first/policy"
    forward, calls = model.forward, []

    def breaking(*args, **kwargs):
        output = forward(*args, **kwargs)
        calls.append(1)
        if len(calls) == 3:
            output.logits[0] = broken
        return output

    model.forward = breaking
    words = "policy 'runs/first/policy' gave logits that are not finite at token 3"
    with pytest.raises(UserError, match=words):
        sampler(model, tokenizer, max_new_tokens=9, temperature=temperature).sample(PROMPTS)


def test_some_masked_logits_are_no_fault(tokenizer):
    model = tiny_model(tokenizer)
    forward = model.forward

    def masking(*args, **kwargs):
        output = forward(*args, **kwargs)
        output.logits[..., 5:9] = -torch.inf
        return output

    model.forward = masking
    for c in sampler(model, tokenizer, max_new_tokens=9).sample(PROMPTS, 5):
        assert not {5, 6, 7, 8} & set(c.ids)


def test_noise_depends_on_its_keys_alone():
    base = row_uniforms(0, 1, 2, 50)
    np.testing.assert_array_equal(base, row_uniforms(0, 1, 2, 80)[:50])
    for other in ((1, 1, 2), (0, 2, 1), (0, 1, 3)):
        assert not np.array_equal(base, row_uniforms(*other, 50))


def test_sampled_tokens_follow_the_distribution():
    logits = torch.log(torch.tensor([[0.5, 0.2, 0.0, 0.3]]))
    settings = SamplingSettings()
    uniforms = torch.linspace(0, 1, 10_001, dtype=torch.float64)[:-1]
    sampled = sample_tokens(logits.expand(10_000, -1), uniforms, settings)
    shares = torch.bincount(sampled, minlength=4) / 10_000
    torch.testing.assert_close(shares, torch.tensor([0.5, 0.2, 0.0, 0.3]), atol=2e-4, rtol=0)


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [
        ({"top_k": 2}, {0, 3}),
        ({"top_p": 0.5}, {0}),
        ({"top_p": 0.6}, {0, 3}),
        ({"top_p": 0.9}, {0, 1, 3}),
        ({"top_k": 3, "top_p": 0.99}, {0, 1, 3}),
        ({"temperature": 0.0}, {0}),
    ],
)
def test_truncation_keeps_the_likeliest(settings, allowed):
    logits = torch.log(torch.tensor([[0.5, 0.15, 0.05, 0.3]])).expand(2_000, -1)
    uniforms = torch.linspace(0, 1, 2_001, dtype=torch.float64)[:-1]
    # The last draw is the largest number below 1: it must not fall off the end.
    uniforms[-1] = np.nextafter(1.0, 0.0)
    sampled = sample_tokens(logits, uniforms, SamplingSettings(**settings))
    assert set(sampled.tolist()) == allowed


@pytest.mark.parametrize("living", [[0, 1, 4], [3, 4], [1], [0, 1, 2], [2, 3, 4]])
def test_holes_are_filled_from_the_end(living):
    order = _fill_holes(living)
    assert sorted(order) == living
    assert all(order[slot] == slot for slot in living if slot < len(living))


def test_places_key_the_noise_so_that_a_part_of_the_prompts_draws_what_the_whole_does(
    model, tokenizer
):
    settings = SamplingSettings(max_new_tokens=8)
    whole = Sampler(model, tokenizer, DELIMITERS, settings).sample(PROMPTS, 2, seed=3)
    for places in (range(0, len(PROMPTS), 2), range(1, len(PROMPTS), 2)):
        part = Sampler(model, tokenizer, DELIMITERS, settings, places=places)
        drawn = part.sample([PROMPTS[place] for place in places], 2, seed=3)
        assert [c.ids for c in drawn] == [c.ids for c in whole if c.prompt_index in places]
