"""Tiny encoders with random weights and a vocabulary of their own, made in a second."""

from __future__ import annotations

import json
from pathlib import Path

WORDS = """
let me see what asks the task so answer is boxed wait check verify that correct hmm i am not sure
went fast a moment no
"""
SIGNS = list("0123456789+=.,:{}()\\-*?'")


def make_encoder(folder: Path, kind: str = "bert", seed: int = 0) -> Path:
    """Write an encoder of two layers and 32 dimensions with its tokenizer."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, ModernBertConfig, ModernBertModel

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS.split(), *SIGNS]
    letters = [c for c in "abcdefghijklmnopqrstuvwxyz" if c not in vocabulary]
    vocabulary += letters + [f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz0123456789"]
    ids = {word: i for i, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_truncation(7)  # as sentence-transformers leave it: must not bite
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    shape = {
        "vocab_size": len(vocabulary),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 48,
        "max_position_embeddings": 128,
        "pad_token_id": 0,
    }
    torch.manual_seed(seed)
    model = (
        BertModel(BertConfig(**shape))
        if kind == "bert"
        else ModernBertModel(ModernBertConfig(**shape, cls_token_id=2, sep_token_id=3))
    )
    model.save_pretrained(folder)
    return folder


def say_how_it_pools(folder: Path, **pooling: bool) -> None:
    """Add the files of sentence-transformers: a pooling and a normalisation."""
    types = ["Transformer", "Pooling", "Normalize"]
    modules = [{"idx": i, "type": f"sentence_transformers.models.{t}"} for i, t in enumerate(types)]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
