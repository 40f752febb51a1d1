"""Small real tokenizers, trained in a moment, one of each kind the token stream must read."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

CORPUS = [
    "Wait, let me check: 7 + 5 = 12.\n\nSo the answer is 12.",
    "é à ü 数学 теорема 🙂🙃 — “quoted” naïve café 12.5%",
    "The quick brown fox jumps over the lazy dog.\n\tTabs and  spaces.",
] * 20
SPECIAL = ["<|endoftext|>", "<|im_end|>", "<think>", "</think>", "<|odd one|>"]
R1_TOKENS = ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>")
QWEN_TOKENS = ("<|endoftext|>", "<|im_end|>", "<|im_start|>")
TEMPLATE = "{{ messages[0].content }}{% if add_generation_prompt %}<think>\n{% endif %}"


def wrap(backend: Any, **named: str) -> Any:
    from transformers import PreTrainedTokenizerFast

    names = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"} | named
    return PreTrainedTokenizerFast(tokenizer_object=backend, chat_template=TEMPLATE, **names)


@cache
def byte_level() -> Any:
    """Byte-level BPE: most characters outside ASCII take several tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator(CORPUS, trainer)
    return wrap(backend)


@cache
def from_gguf() -> Any:
    """Byte-level BPE behind the decoders that transformers gives one read from a GGUF file."""
    from tokenizers import Tokenizer, decoders

    backend = Tokenizer.from_str(byte_level().backend_tokenizer.to_str())
    backend.decoder = decoders.Sequence(
        [
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Replace("▁", " "),
            decoders.ByteLevel(),
        ]
    )
    return wrap(backend)


@cache
def byte_fallback() -> Any:
    """Sentencepiece-like BPE (Llama): a marker for spaces, unknown characters as byte tokens."""
    from tokenizers import Tokenizer, decoders, models, normalizers, trainers

    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Replace(" ", "▁")
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=SPECIAL + bytes_, limit_alphabet=60, show_progress=False
    )
    trained.train_from_iterator(CORPUS, trainer)
    import json

    bpe = json.loads(trained.to_str())["model"]
    merges = [tuple(m) for m in bpe["merges"]]
    backend = Tokenizer(models.BPE(bpe["vocab"], merges, unk_token=None, byte_fallback=True))
    backend.normalizer = normalizers.Replace(" ", "▁")
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    backend.add_special_tokens(SPECIAL)
    return wrap(backend)


def packaged(template: str) -> Any:
    """Byte-level, with a chat template that TRL packages and the special tokens of R1 or Qwen.

    As those of R1, it puts its first token before a text unless it is told not to.
    """
    from tokenizers import Tokenizer
    from tokenizers.processors import TemplateProcessing

    spec = importlib.util.find_spec("trl")
    assert spec is not None and spec.origin is not None
    path = Path(spec.origin).parent / "chat_templates" / f"{template}.jinja"
    r1 = "r1" in template
    bos, eos, *others = R1_TOKENS if r1 else QWEN_TOKENS
    backend = Tokenizer.from_str(byte_level().backend_tokenizer.to_str())
    backend.add_special_tokens([bos, eos, *others])
    if r1:
        first = [(bos, backend.token_to_id(bos))]
        backend.post_processor = TemplateProcessing(single=f"{bos} $A", special_tokens=first)
    tokenizer = wrap(backend, bos_token=bos, eos_token=eos, pad_token=bos)
    tokenizer.chat_template = path.read_text(encoding="utf-8")
    return tokenizer
