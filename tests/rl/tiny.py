"""A random Qwen3, made in a moment, for tests."""

from __future__ import annotations

from typing import Any

PROMPTS = [
    "What is 3 + 4?<think>\n",
    "Hi<think>\n",
    "What is 12 times 3, less the half of 8?<think>\n",
    "Wie groß ist π?<think>\n",
]


def tiny_model(tokenizer: Any, **changes: Any) -> Any:
    """Random weights, wide enough that the next token is no foregone conclusion."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    config = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 512,
        "initializer_range": 0.2,
        "tie_word_embeddings": False,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    model = Qwen3ForCausalLM(Qwen3Config(**{**config, **changes})).eval()
    with torch.no_grad():  # the end is likely enough for rows to end at different times
        model.lm_head.weight[tokenizer.eos_token_id] *= 3
    return model
