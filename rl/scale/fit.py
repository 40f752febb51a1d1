"""Which strategies fit a GPU, and what to change where none does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from rl.scale.memory import GIB, Memory, memory_of
from rl.scale.resolve import Resolved
from rl.scale.strategies import Strategy, applicable
from tagger.errors import UserError

USABLE = 0.95
"""Share of a GPU's memory that a plan may fill; the rest goes to fragmentation."""
MOST_GPUS = 64
MOST_OF_VLLM = 0.8
"""Largest share of a GPU that vLLM is given by `advice`."""


@dataclass(frozen=True)
class Fit:
    """A strategy on a machine.

    Attributes:
        strategy: The strategy.
        memory: Memory of each process.
        why_not: Why it does not fit; empty if it does.
    """

    strategy: Strategy
    memory: Memory
    why_not: str

    @property
    def fits(self) -> bool:
        """Whether it fits."""
        return not self.why_not


def fits_of(found: Resolved, gpu_memory: float) -> list[Fit]:
    """Every strategy that is made for the run's number of GPUs.

    Args:
        found: The run, resolved for that number.
        gpu_memory: Memory of a GPU, or of the machine if there is none, in GiB.
    """
    gpus = found.work.processes if found.work.on_gpu else 0
    return [_fit(found, strategy, gpu_memory) for strategy in applicable(gpus)]


def _fit(found: Resolved, strategy: Strategy, gpu_memory: float) -> Fit:
    memory = memory_of(found.shape, found.work, strategy, gpu_memory * GIB)
    room = USABLE * gpu_memory * GIB
    why = ""
    if memory.peak > room:
        why = (
            f"needs {memory.peak / GIB:.1f} GiB, most of it {memory.largest} "
            f"({memory.phase}), and {room / GIB:.1f} of {gpu_memory:g} may be used"
        )
    elif (least := vllm_needs(found)) > found.work.vllm_share * gpu_memory * GIB:
        why = (
            f"leaves vLLM {found.work.vllm_share * gpu_memory:.1f} GiB, and it needs "
            f"{least / GIB:.1f} for its weights and one rollout"
        )
    return Fit(strategy, memory, why)


def vllm_needs(found: Resolved) -> float:
    """Bytes a GPU that a colocated vLLM cannot do without; 0 without one."""
    shape, work = found.shape, found.work
    if work.vllm != "colocate":
        return 0.0
    whole = shape.parameters * 2.0 + work.row_tokens * shape.cache_token_bytes(2.0)
    return whole / work.vllm_parallel + GIB


Change = tuple[str, ...]
"""``KEY=VALUE`` words."""


def advice(
    found: Resolved, gpu_memory: float, resolved: Callable[[Sequence[str], int], Resolved]
) -> str:
    """What to change where nothing fits, tried out: the first change, or sum of changes, that does.

    Args:
        found: The run, resolved for the GPUs there are.
        gpu_memory: Memory of each, in GiB.
        resolved: Resolves the run with ``KEY=VALUE`` words more, for a number of GPUs.

    Returns:
        A clause for a sentence.
    """
    gpus = found.work.processes if found.work.on_gpu else 0

    def fits(words: Sequence[str], number: int) -> bool:
        try:
            return any(fit.fits for fit in fits_of(resolved(words, number), gpu_memory))
        except UserError:  # e.g. rollouts that do not split among so many
            return False

    changes = _changes(found, gpu_memory)
    for words in changes:
        if fits(words, gpus):
            return f"set {' '.join(words)}"
    for number in range(2, len(changes) + 1):
        together = _together(changes[:number])
        if fits(together, gpus):
            return f"set {' '.join(together)}"
    more = max(1, gpus)
    while gpus > 0 and more < MOST_GPUS:
        more *= 2
        for words in ((), _together(changes)):
            if fits(words, more):
                return f"take {more} GPUs" + (f" and set {' '.join(words)}" if words else "")
    return "take a GPU with more memory, or a smaller model"


def _changes(run: Resolved, gpu_memory: float) -> list[Change]:
    """Changes that save memory, those that change least of the training first."""
    found: list[Change] = []
    work = run.work
    if work.vllm == "colocate":
        found += _changes_of_vllm(run, gpu_memory)
    if work.rows > 1:
        passes = work.rows * work.accumulation
        found.append(
            (
                "grpo.per_device_train_batch_size=1",
                f"grpo.gradient_accumulation_steps={passes}",
            )
        )
    if not work.checkpointing:
        found.append(("grpo.gradient_checkpointing=true",))
    if not work.lora:
        found.append(("lora.r=32",))
    if work.on_gpu and not work.four_bit and not work.vllm:
        found.append(("quantization=nf4", *(() if work.lora else ("lora.r=32",))))
    if work.completion > 2048:
        found.append((f"grpo.max_completion_length={work.completion // 2}",))
    return found


def _changes_of_vllm(run: Resolved, gpu_memory: float) -> list[Change]:
    """Let a colocated vLLM sleep, split its weights, and give it what it needs."""
    work = run.work
    found: list[Change] = []
    if not work.vllm_sleeps:
        found.append(("grpo.vllm_enable_sleep_mode=true",))
    parallel = work.vllm_parallel
    if work.processes > parallel and run.shape.heads % work.processes == 0:
        parallel = work.processes
        found.append((f"grpo.vllm_tensor_parallel_size={parallel}",))
    share = _share(run, parallel, gpu_memory)
    if share > work.vllm_share and share <= MOST_OF_VLLM:
        found.append((f"grpo.vllm_gpu_memory_utilization={share:g}",))
    return found


def _share(run: Resolved, parallel: int, gpu_memory: float) -> float:
    """The share of a GPU that vLLM cannot do without, to the next twentieth."""
    least = (vllm_needs(run) - GIB) * run.work.vllm_parallel / parallel + GIB
    return ceil(20 * least / (gpu_memory * GIB)) / 20


def _together(changes: Sequence[Change]) -> Change:
    by_key = {word.partition("=")[0]: word for words in changes for word in words}
    return tuple(by_key.values())


def too_small(fits: Sequence[Fit], name: str, change: str) -> UserError:
    """The error for a machine on which no strategy fits.

    Args:
        fits: All that were tried.
        name: What to call the run.
        change: As `advice` returns.
    """
    best = min(fits, key=lambda fit: fit.memory.peak)
    return UserError(f"{name} does not fit: {best.strategy.name} {best.why_not}; {change}.")


def best_fit(fits: Sequence[Fit]) -> Fit | None:
    """The first that fits, which is the simplest; None if none does."""
    return next((fit for fit in fits if fit.fits), None)
