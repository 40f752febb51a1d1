"""Tiny causal language models with random weights and their own tokenizer, made in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CORPUS = [
    "Question: 3 + 4 (no. 7)\n\nThinking:\n\nLet me see what 3 + 4 asks.\n\n3 + 4 = 7.\n\n",
    "Wait, let me check: 7 + 5 = 12.\n\nSo the answer is \\boxed{12}.\n\nThe answer: 12.\n\n",
    "Let me verify that 2 + 2 = 4. Correct.\n\nHmm, I am not sure.\n\nThe task: 1 + 1.\n\n",
] * 20


def make_language_model(folder: Path, kind: str = "llama", layers: int = 4, seed: int = 0) -> Path:
    """Write a causal language model of 32 dimensions with its tokenizer.

    Args:
        folder: A new one.
        kind: ``llama``, ``qwen3`` (a list with an entry a layer in its config, a token at the
            beginning of every text) or ``neox`` (which has no ``.embed_tokens``).
        layers: How many.
        seed: Of the weights.
    """
    import torch
    import transformers as tf
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<s>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    if kind == "qwen3":
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", 0)]
        )
    tokenizer.enable_truncation(7)  # must not bite
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    shape: dict[str, Any] = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": 32,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "intermediate_size": 48,
        "max_position_embeddings": 256,
        "bos_token_id": None,
        "eos_token_id": None,
    }
    torch.manual_seed(seed)
    model: Any
    if kind == "llama":
        model = tf.LlamaForCausalLM(tf.LlamaConfig(**shape))
    elif kind == "qwen3":
        model = tf.Qwen3ForCausalLM(tf.Qwen3Config(**shape))
    else:
        model = tf.GPTNeoXForCausalLM(tf.GPTNeoXConfig(**shape))
    for name, weight in model.named_parameters():  # else no token would look at another
        if weight.dim() > 1 and "embed" not in name:
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    return folder
