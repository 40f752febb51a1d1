"""Attention for decoding on a CPU that does not copy keys and values for every query head.

With fewer key-value heads than query heads, the stock path first repeats the whole cache, for each
layer and token. With one query position the heads that share keys can instead be the positions of
one query: the same numbers, 1.5 to 10 times faster at some hundred rows (measured on one core).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "suffice_grouped_sdpa"


def grouped_sdpa(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attend, in the form `transformers.AttentionInterface` asks for.

    Args:
        module: The attention layer.
        query: Shape (rows, heads, new positions, head_dim).
        key: Shape (rows, key-value heads, positions, head_dim).
        value: Shape as `key`.
        attention_mask: Broadcasts to (rows, heads, new positions, positions), or None.
        scaling: Factor of the scores; None for one over the root of head_dim.
        kwargs: What the stock function takes besides.

    Returns:
        Shape (rows, new positions, heads, head_dim), and None for the weights.
    """
    rows, heads, new, width = query.shape
    same_for_all_heads = attention_mask is None or attention_mask.shape[1] == 1
    if new != 1 or not same_for_all_heads or kwargs.get("position_bias") is not None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **kwargs
        )
    shared = key.shape[1]
    attended = torch.nn.functional.scaled_dot_product_attention(
        query.reshape(rows, shared, heads // shared, width),
        key,
        value,
        attn_mask=attention_mask,
        scale=scaling,
    )
    return attended.reshape(rows, 1, heads, width), None


AttentionInterface.register(NAME, grouped_sdpa)
AttentionMaskInterface.register(NAME, sdpa_mask)


@contextmanager
def grouped_attention(model: Any) -> Iterator[None]:
    """Let a model on a CPU attend this way for the length of a block, if it uses SDPA."""
    stock = getattr(model.config, "_attn_implementation", None)
    if model.device.type != "cpu" or stock != "sdpa":
        yield
        return
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(stock)
