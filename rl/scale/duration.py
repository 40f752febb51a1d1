"""Seconds of an optimizer step, part by part: an estimate to plan with, not a measurement.

Generation reads all weights and the cache for every token, so it takes

    tokens of a completion * (bytes of weights + bytes of the cache, half full) / bandwidth

or its arithmetic, 2 operations for a parameter and token, whichever takes longer. The update takes
6 operations for a parameter and token (4 with a LoRA, whose base needs no gradient of its weights),
2 more with checkpointing, and those of the attention (Kaplan et al. 2020, arXiv 2001.08361,
section 2.1); offloaded weights come from the host for each pass forwards and backwards.
The optimiser reads the gradient, and reads and writes weights and its states. All completions are
taken at their full length. Not counted: communication between GPUs, tagging, rewards, evaluations.
"""

from __future__ import annotations

from rl.scale.cards import Card
from rl.scale.memory import value_bytes
from rl.scale.shape import ModelShape
from rl.scale.strategies import Strategy
from rl.scale.workload import Workload

ARITHMETIC, READING = 0.4, 0.6
"""Shares of a GPU's peak arithmetic and bandwidth that are reached: assumptions."""
LAUNCH = 0.6e-3
"""Seconds that transformers takes to launch a decoder layer's kernels, once a token; vLLM replays a
recorded graph. An assumption."""
HOST_BANDWIDTH = 20e9
"""Bytes a second between GPU and host, for offloading; an assumption."""


def seconds_of(
    shape: ModelShape, work: Workload, strategy: Strategy, card: Card
) -> dict[str, float]:
    """Seconds of an optimizer step by part; a generation that serves several steps counts a share.

    Args:
        shape: The model's.
        work: The run's sizes.
        strategy: How it is split.
        card: What it runs on.
    """
    flops = card.tflops * 1e12 * (ARITHMETIC if work.on_gpu else 1.0)
    reading = card.bandwidth * 1e9 * (READING if work.on_gpu else 1.0)
    value = value_bytes(shape, work, strategy)
    return {
        "generation": _generation(shape, work, value, flops, reading) / work.reuse,
        "update": _update(shape, work) / flops + _fetching(shape, work, strategy, value),
        "optimiser": _optimiser(work, strategy, reading),
    }


def _generation(
    shape: ModelShape, work: Workload, value: float, flops: float, reading: float
) -> float:
    if work.vllm == "server":
        rows, value = float(work.generated * work.processes), 2.0  # on one server
    else:
        rows = float(work.generated)
    if work.vllm:
        value = 2.0
    width = work.prompt + work.completion / 2
    weights = shape.parameters * value / (work.vllm_parallel if work.vllm else 1)
    bytes_read = weights + rows * width * shape.cache_token_bytes(value)
    arithmetic = 2.0 * shape.active_parameters * rows
    launch = LAUNCH * shape.layers if work.on_gpu and not work.vllm else 0.0
    prompts = 2.0 * shape.active_parameters * rows * work.prompt / flops
    return work.completion * max(bytes_read / reading, arithmetic / flops, launch) + prompts


def _update(shape: ModelShape, work: Workload) -> float:
    """Operations of a process's passes."""
    rows, tokens = work.rows * work.accumulation, work.row_tokens
    each = (4.0 if work.lora else 6.0) + (2.0 if work.checkpointing else 0.0)
    attention = shape.layers * shape.heads * shape.head_dim * tokens  # causal: half of 2 * tokens
    return rows * tokens * each * (shape.active_parameters + attention)


def _fetching(shape: ModelShape, work: Workload, strategy: Strategy, value: float) -> float:
    """Seconds in which offloaded weights come from the host."""
    if not strategy.offload:
        return 0.0
    passes = work.accumulation * (3 if work.checkpointing else 2)
    return passes * value * shape.parameters / work.processes / HOST_BANDWIDTH


def _optimiser(work: Workload, strategy: Strategy, reading: float) -> float:
    parts = work.processes if strategy.optimizer else 1
    moved = (12.0 * work.trainable + 2.0 * work.state_bytes) / parts
    if strategy.offload:
        return (4.0 * work.trainable / parts + moved) / HOST_BANDWIDTH
    return moved / reading
