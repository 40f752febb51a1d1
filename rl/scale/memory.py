"""Memory of one training process, part by part, from shapes alone.

A step has two phases, and the parts that lie in memory in each are added up. While rollouts are
*generated* there is the key-value cache; while weights are *updated* there are gradients,
activations and logits. Weights and optimiser states are there in both. The peak is the larger sum.

Formats: weights that are trained themselves are float32, as `rl.policy.precision` loads them (under
DeepSpeed and bfloat16: bfloat16 with a float32 copy among the optimiser states; ZeRO, Rajbhandari
et al. 2020, arXiv 1910.02054, section 3). Optimiser states are in `rl.scale.optimiser`. A LoRA's
base is bfloat16 on a GPU. Logits are TRL's tiles (`trl.kernels.chunked_logprob`, 1.16). Activations
are in `rl.scale.activations`.

Measured peaks next to these numbers: docs/results/scale.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from rl.policy.precision import SMALL_BYTES
from rl.scale.activations import activation_bytes, backward_bytes
from rl.scale.shape import ModelShape
from rl.scale.strategies import Strategy
from rl.scale.workload import Workload

GIB = 2**30
PROCESS_CPU = 0.79 * GIB
"""Resident memory of a training process apart from all that follows: torch, transformers, TRL and
peft imported, the packaged tagger loaded (measured)."""
PROCESS_GPU = 1.0 * GIB
"""CUDA context, cuBLAS workspaces and NCCL buffers of a process: an assumption, not measured."""
TILE_TOKENS, TILE_COLUMNS = 4096, 32768
"""A tile of TRL's logits."""
TILES_CPU, TILES_GPU = 8.25, 1.0
"""Tiles that are alive at once: without Triton the backward pass works in whole tiles."""
ROOM = 64
"""Positions by which the sampler's cache grows (`rl.sampling.kv_cache`)."""
FOUR_BIT = 0.516
"""Bytes of a weight in NF4 with double quantisation (QLoRA, arXiv 2305.14314, section 3)."""
DDP = "ddp"
LIVE_PARAMETERS = 1_000_000_000
"""Parameters that ZeRO-3 keeps gathered at most (``stage3_max_live_parameters``)."""

PARTS = (
    "process",
    "weights",
    "reference weights",
    "optimiser states",
    "vLLM",
    "gathered weights",
    "gradients",
    "KV cache",
    "activations",
    "logits",
)


@dataclass(frozen=True)
class Memory:
    """Memory of one process, in bytes.

    Attributes:
        generation: By part of `PARTS`, while rollouts are generated.
        update: By part, while weights are updated.
        host: In the host's memory, by offloading; of all processes.
    """

    generation: dict[str, float]
    update: dict[str, float]
    host: float = 0.0

    @property
    def peak(self) -> float:
        """The larger of the two phases."""
        return max(sum(self.generation.values()), sum(self.update.values()))

    @property
    def phase(self) -> str:
        """The phase of the peak."""
        more = sum(self.generation.values()) > sum(self.update.values())
        return "generation" if more else "update"

    @property
    def largest(self) -> str:
        """The largest part of that phase."""
        parts = self.generation if self.phase == "generation" else self.update
        return max(parts, key=lambda part: parts[part])


def memory_of(shape: ModelShape, work: Workload, strategy: Strategy, gpu_bytes: float) -> Memory:
    """Memory of one process.

    Args:
        shape: The model's.
        work: The run's sizes.
        strategy: How it is split.
        gpu_bytes: Memory of a GPU, of which a colocated vLLM takes its share; 0 on a CPU.
    """
    value = value_bytes(shape, work, strategy)
    static = {"process": PROCESS_GPU if work.on_gpu else PROCESS_CPU}
    weights, states = _weights(shape, work, strategy, value), _states(work, strategy)
    host = 0.0
    if strategy.offload:
        host, weights, states = work.processes * (weights + states), 0.0, 0.0
    static |= {"weights": weights, "optimiser states": states}
    if work.reference:
        static["reference weights"] = shape.parameters * value / _parts(work, strategy.weights)
    colocated = work.vllm == "colocate"
    vllm = {"vLLM": work.vllm_share * gpu_bytes} if colocated else {}
    generation = static | vllm | _generation(shape, work, strategy, value)
    update = static | ({} if work.vllm_sleeps else vllm) | _update(shape, work, strategy, value)
    return Memory(generation, update, host)


def value_bytes(shape: ModelShape, work: Workload, strategy: Strategy) -> float:
    """Bytes of a weight, and of what is computed from it."""
    if strategy.engine == "deepspeed" and work.half:
        return 2.0
    if work.dtype != "auto":
        return 4.0 if work.dtype == "float32" else 2.0
    if not work.on_gpu or not work.half:
        return 4.0
    small = shape.parameters * 2 < SMALL_BYTES
    return 2.0 if work.lora and not small else 4.0


def _parts(work: Workload, split: bool) -> int:
    return work.processes if split else 1


def _weights(shape: ModelShape, work: Workload, strategy: Strategy, value: float) -> float:
    base = shape.parameters * value
    if work.four_bit:
        linear = shape.layers * sum(a * b for a, b in shape.linears.values())
        base = linear * FOUR_BIT + (shape.parameters - linear) * value
    adapter = work.trainable * 4.0 if work.lora else 0.0
    return (base + adapter) / _parts(work, strategy.weights)


def _states(work: Workload, strategy: Strategy) -> float:
    """The optimiser's, and under DeepSpeed's bfloat16 a float32 copy of what is trained."""
    copy = 4.0 * work.trainable if strategy.engine == "deepspeed" and work.half else 0.0
    return (work.state_bytes + copy) / _parts(work, strategy.optimizer)


def _gathered(shape: ModelShape, value: float, strategy: Strategy) -> float:
    """Weights that are whole for the moment, in addition to the process's own part."""
    if not strategy.weights:
        return 0.0
    unit = max(shape.layer_parameters, shape.embedding_parameters)
    if strategy.engine == "deepspeed":
        return value * min(shape.parameters, max(unit, LIVE_PARAMETERS))
    return 2.0 * value * unit  # the next one is fetched while this one computes


def _generation(
    shape: ModelShape, work: Workload, strategy: Strategy, value: float
) -> dict[str, float]:
    if work.vllm:
        return {}
    rows, width = work.generated, work.row_tokens + ROOM
    whole = strategy.engine == "deepspeed" and work.gathers and strategy.weights
    found = {
        "KV cache": rows * width * shape.cache_token_bytes(value),
        # The prompts are read at once: an MLP's two inner tensors and the stream.
        "activations": rows * work.prompt * (2 * shape.inner + 4 * shape.hidden) * value,
        # Float32 logits of the next token, sorted or exponentiated.
        "logits": rows * shape.vocab * 4.0 * 3,
    }
    if strategy.weights:
        found["gathered weights"] = (
            shape.parameters * value if whole else _gathered(shape, value, strategy)
        )
    return found


def _update(
    shape: ModelShape, work: Workload, strategy: Strategy, value: float
) -> dict[str, float]:
    tokens = work.rows * work.row_tokens
    held = activation_bytes(shape, work, value)
    tile = min(tokens, TILE_TOKENS) * (2.0 if work.half else 4.0)
    tile *= TILE_COLUMNS if work.on_gpu else min(shape.vocab, TILE_COLUMNS)
    tiles = tile * (TILES_GPU if work.on_gpu else TILES_CPU)
    # What the backward pass needs within a layer, it takes from where the tiles were.
    held += max(0.0, backward_bytes(shape, work) - tiles)
    head = 0.0 if work.lora else shape.embedding_parameters * 4.0
    whole = (4.0 if value == 4.0 or work.lora else 2.0) * work.trainable
    gradients = whole / _parts(work, strategy.gradients)
    if strategy.name == DDP:
        gradients += whole  # the buckets that are sent
    if work.accumulation == 1:  # they grow as the activations go
        gradients = max(0.0, gradients - held - tiles - head)
    found = {"gradients": gradients, "activations": held, "logits": tiles + head}
    if strategy.weights:
        found["gathered weights"] = _gathered(shape, value, strategy)
    return found
