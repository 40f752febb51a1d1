"""The cache and the attention of the sampler, against the stock ones."""

from __future__ import annotations

import pytest
import torch
from transformers import DynamicCache
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from rl.sampling.grouped_attention import NAME, grouped_attention, grouped_sdpa
from rl.sampling.kv_cache import ROOM, PreallocatedLayer, preallocated_cache
from rl.sampling.sampler import Sampler, SamplingSettings
from tagger.thinking.split import ThinkingDelimiters
from tests.rl.tiny import PROMPTS, tiny_model
from tests.tagger.tokenizers_made_here import byte_level

DELIMITERS = ThinkingDelimiters("<think>", "</think>")


def test_preallocated_cache_equals_the_stock_cache():
    generator = torch.Generator().manual_seed(0)
    config = tiny_model(byte_level()).config
    preallocated, stock = preallocated_cache(config), DynamicCache(config=config)
    rows = 6
    # wider (each prompt several times), the same, a hole filled from the end, to one row
    selections = {1: [0, 0, 1, 2, 3, 4, 5, 5], 3: list(range(8)), 9: [0, 7, 2, 3, 6], 40: [4]}
    for step in range(2 * ROOM):
        if step in selections:
            chosen = torch.tensor(selections[step])
            preallocated.batch_select_indices(chosen)
            stock.batch_select_indices(chosen)
            rows = len(chosen)
        width = 5 if step == 0 else 1
        for layer in range(config.num_hidden_layers):
            states = torch.randn(2, rows, 2, width, 8, generator=generator)
            ours, theirs = preallocated.update(*states, layer), stock.update(*states, layer)
            for a, b in zip(ours, theirs, strict=True):
                assert torch.equal(a, b)
        assert preallocated.get_seq_length() == stock.get_seq_length()
        assert preallocated.get_mask_sizes(1, 0) == stock.get_mask_sizes(1, 0)


def test_a_step_does_not_move_the_cache():
    layer = PreallocatedLayer()
    layer.update(torch.zeros(3, 2, 4, 8), torch.zeros(3, 2, 4, 8))
    place = layer.keys.data_ptr()
    for _ in range(ROOM):
        layer.update(torch.ones(3, 2, 1, 8), torch.ones(3, 2, 1, 8))
    layer.batch_select_indices(torch.tensor([0, 2]))
    assert layer.keys.data_ptr() == place


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize(("heads", "shared"), [(4, 1), (4, 2), (4, 4)])
def test_grouped_attention_equals_the_stock_one(heads, shared, masked):
    class Layer(torch.nn.Module):
        num_key_value_groups = heads // shared
        is_causal = True

    torch.manual_seed(1)
    key, value = torch.randn(2, 3, shared, 7, 8)
    for new in (1, 7):
        query = torch.randn(3, heads, new, 8)
        mask = torch.ones(3, 1, new, 7, dtype=torch.bool).tril(7 - new) if masked else None
        if masked:
            mask[0, :, :, :2] = new == 7  # a left-padded row; prefill needs one open position
        ours, _ = grouped_sdpa(Layer(), query, key, value, mask, scaling=0.3)
        theirs, _ = sdpa_attention_forward(Layer(), query, key, value, mask, scaling=0.3)
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-5)


def test_a_mask_of_each_head_is_left_to_the_stock_attention():
    class Layer(torch.nn.Module):
        num_key_value_groups = 2
        is_causal = True

    torch.manual_seed(2)
    query, (key, value) = torch.randn(2, 4, 1, 8), torch.randn(2, 2, 2, 5, 8)
    mask = torch.rand(2, 4, 1, 5) > 0.3
    mask[..., 0] = True
    ours, _ = grouped_sdpa(Layer(), query, key, value, mask)
    theirs, _ = sdpa_attention_forward(Layer(), query, key, value, mask)
    assert torch.equal(ours, theirs)


def test_the_models_attention_is_given_back_even_after_an_error():
    model = tiny_model(byte_level())
    stock = model.config._attn_implementation
    with pytest.raises(RuntimeError, match="on purpose"), grouped_attention(model):
        assert model.config._attn_implementation == NAME
        raise RuntimeError("on purpose")
    assert model.config._attn_implementation == stock == "sdpa"
    model.set_attn_implementation("eager")
    with grouped_attention(model):
        assert model.config._attn_implementation == "eager"


def test_models_with_sliding_windows_sample_through_the_stock_cache():
    tokenizer = byte_level()
    changes = {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1}
    model = tiny_model(tokenizer, **changes)
    assert "sliding_attention" in model.config.layer_types
    run = Sampler(model, tokenizer, DELIMITERS, SamplingSettings(0.0, max_new_tokens=20))
    for c in run.sample(PROMPTS):
        ids = tokenizer.encode(PROMPTS[c.prompt_index], add_special_tokens=False)
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids + c.ids])).logits[0]
        assert logits[len(ids) - 1 : -1].argmax(-1).tolist() == c.ids


def test_a_policy_wrapped_by_peft_samples_as_its_merged_self():
    from peft import LoraConfig, get_peft_model

    tokenizer = byte_level()
    torch.manual_seed(3)
    wrapped = get_peft_model(
        tiny_model(tokenizer),
        LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False),
    )
    settings = SamplingSettings(0.0, max_new_tokens=12)
    ours = [c.ids for c in Sampler(wrapped, tokenizer, DELIMITERS, settings).sample(PROMPTS)]
    merged = wrapped.merge_and_unload().eval()
    assert ours == [c.ids for c in Sampler(merged, tokenizer, DELIMITERS, settings).sample(PROMPTS)]
    plain = tiny_model(tokenizer)
    assert ours != [c.ids for c in Sampler(plain, tokenizer, DELIMITERS, settings).sample(PROMPTS)]
