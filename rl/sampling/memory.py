"""How many rows fit: batches bounded by the tokens that the key-value cache can hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

SHARE = 0.5
"""Of the free memory, what the cache may take: it grows by copying, and activations need room."""


def split_batches(
    lengths: Sequence[int], new_tokens: Sequence[int], batch_size: int, max_tokens: int | None
) -> list[range]:
    """Split rows into batches.

    Args:
        lengths: Tokens of each row's prefix, in the order in which the rows run.
        new_tokens: Most tokens each row may add.
        batch_size: Most rows of a batch.
        max_tokens: Most tokens of a batch's cache, rows times the longest prefix and the most new
            tokens (prefixes end in one column); a single row runs whatever it needs. None sets no
            bound.

    Returns:
        Consecutive ranges of row numbers that cover all rows.
    """
    batches: list[range] = []
    first, longest, most = 0, 0, 0
    for row, (length, new) in enumerate(zip(lengths, new_tokens, strict=True)):
        longest, most, rows = max(longest, length), max(most, new), row - first
        tokens = (longest + most) * (rows + 1)
        if rows and (rows >= batch_size or (max_tokens is not None and tokens > max_tokens)):
            batches.append(range(first, row))
            first, longest, most = row, length, new
    if lengths:
        batches.append(range(first, len(lengths)))
    return batches


def cache_token_bytes(config: Any, value_bytes: int) -> int:
    """Bytes of one token's keys and values in all layers.

    Args:
        config: The model's `PretrainedConfig`.
        value_bytes: Bytes of a number.
    """
    text = getattr(config, "text_config", None) or config
    heads = text.num_attention_heads
    kept = getattr(text, "num_key_value_heads", None) or heads
    width = getattr(text, "head_dim", None) or text.hidden_size // heads
    return int(2 * text.num_hidden_layers * kept * width * value_bytes)


def tokens_that_fit(model: Any) -> int | None:
    """Tokens whose keys and values fit into `SHARE` of what is free where the model is.

    Returns:
        At least 1; None if the free memory or the shape of the cache is unknown.
    """
    free = _free_bytes(model.device)
    try:
        each = cache_token_bytes(model.config, model.dtype.itemsize)
    except AttributeError:
        return None
    return None if free is None else max(1, int(SHARE * free / each))


def _free_bytes(device: Any) -> int | None:
    if device.type == "cuda":
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(x.split()[1]) * 1024 for x in lines if x.startswith("MemAvailable:")), None)
