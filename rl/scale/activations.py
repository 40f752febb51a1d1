"""What the forward pass of a LLaMA-like decoder keeps for the backward pass.

Counted tensor by tensor with torch's saved-tensor hooks, as transformers (5.17) computes a layer
and padded rows are masked (a test holds the count there). For each token a layer keeps four inner
tensors of the MLP (gate, its SiLU, up, their product); queries, what the attention puts out, and
keys and values repeated for each query head; a row of the mask; the norms of the stream, in part
float32 in mixed precision; and Qwen3's norms of queries and keys. A LoRA, whose norms are frozen,
keeps less.
With checkpointing only the input of each layer is kept, and one layer is computed anew at a time
(Korthikanti et al. 2022, arXiv 2205.05198).
"""

from __future__ import annotations

from dataclasses import dataclass

from rl.scale.shape import ModelShape
from rl.scale.workload import Workload

FLOAT = 4.0
"""Bytes of a float32."""
HOLES = 1.3
"""On a CPU, what the adapted layers of a LoRA put out, so often, lies between what is kept in holes
that are not filled (measured; docs/results/scale.md)."""


@dataclass(frozen=True)
class Format:
    """Bytes that are kept, by what they are multiplied with.

    Attributes:
        number: Bytes of a number in the MLP, the attention and the mask.
        stream: Bytes for a unit of the stream's width.
        norms: Bytes for a unit of queries and keys, where they are normalised.
        again: Bytes for a unit of queries that are kept a second time, cast for an adapter.
    """

    number: float
    stream: float
    norms: float
    again: float = 0.0


FLOAT32 = Format(4, 24, 8)
FLOAT32_LORA = Format(4, 16, 4)
AUTOCAST = Format(2, 26, 6)
"""bfloat16 autocast over float32 weights."""
AUTOCAST_LORA = Format(2, 18, 4, 2)
"""The same over a bfloat16 base with a LoRA."""
BFLOAT16 = Format(2, 16, 6)
"""bfloat16 throughout, as under DeepSpeed."""


def format_of(work: Workload, value: float) -> Format:
    """The format of a run's passes.

    Args:
        work: The run's sizes.
        value: Bytes of a weight.
    """
    if not work.half:
        return FLOAT32_LORA if work.lora else FLOAT32
    if value == FLOAT:
        return AUTOCAST
    return AUTOCAST_LORA if work.lora else BFLOAT16


def layer_bytes(shape: ModelShape, row_tokens: int, kind: Format) -> float:
    """Bytes that a layer keeps of a token.

    Args:
        shape: The model's.
        row_tokens: Tokens of a row, each of which the mask holds.
        kind: The number formats.
    """
    query, key = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    inner = shape.inner * max(1, shape.active_experts)
    held = kind.number * (4 * inner + 4 * query + row_tokens) + kind.stream * shape.hidden
    held += kind.again * query + FLOAT * (shape.heads + 2)  # log-sums of the attention, two norms
    if shape.kind == "qwen3":
        held += kind.norms * (query + key) + FLOAT * (shape.heads + shape.kv_heads)
    return held


def activation_bytes(shape: ModelShape, work: Workload, value: float) -> float:
    """Bytes that are kept of a process's rows, the model's ends included.

    Args:
        shape: The model's.
        work: The run's sizes.
        value: Bytes of a weight.
    """
    tokens, kind = work.rows * work.row_tokens, format_of(work, value)
    layer = tokens * layer_bytes(shape, work.row_tokens, kind)
    if work.lora and not work.on_gpu:
        layer += HOLES * tokens * sum(out for _, out in shape.linears.values()) * FLOAT
    if work.checkpointing:
        stream = FLOAT if kind.number == FLOAT or value == FLOAT else kind.number
        held = shape.layers * tokens * shape.hidden * stream + layer
    else:
        held = shape.layers * layer
    held += tokens * 4 * shape.hidden * FLOAT  # embedding, last norm and their gradients
    if work.half and value == FLOAT:
        held += shape.parameters * 2.0  # autocast keeps a bfloat16 copy of each weight
    return held


def backward_bytes(shape: ModelShape, work: Workload) -> float:
    """Bytes that the backward pass needs within a layer: gradients of the MLP and of the stream."""
    tokens = work.rows * work.row_tokens
    inner = shape.inner * max(1, shape.active_experts)
    return tokens * 4 * (inner + shape.hidden) * (2.0 if work.half else 4.0)
