"""How weights, gradients and optimiser states are split among processes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Strategy:
    """A way to train on one or several GPUs.

    Attributes:
        name: What ``suffice plan`` calls it.
        engine: ``torch``, ``fsdp`` or ``deepspeed``.
        weights: Whether each process holds a part of the weights only.
        gradients: Whether of the gradients.
        optimizer: Whether of the optimiser states.
        offload: Whether weights and optimiser states lie in the host's memory.
        several: Whether it is made for several processes.
    """

    name: str
    engine: str = "torch"
    weights: bool = False
    gradients: bool = False
    optimizer: bool = False
    offload: bool = False
    several: bool = True

    @property
    def config(self) -> str:
        """Its file for ``accelerate launch``."""
        return f"configs/accelerate/{self.name}.yaml"


SINGLE = Strategy("one_gpu", several=False)
CPU = Strategy("cpu", several=False)
STRATEGIES: tuple[Strategy, ...] = (
    SINGLE,
    Strategy("ddp"),
    Strategy("zero2", "deepspeed", gradients=True, optimizer=True),
    Strategy("fsdp2", "fsdp", weights=True, gradients=True, optimizer=True),
    Strategy("zero3", "deepspeed", weights=True, gradients=True, optimizer=True),
    Strategy("zero3_offload", "deepspeed", True, True, True, offload=True),
)
"""Those for GPUs, the simplest first: that is the order in which they are recommended."""
BY_NAME = {strategy.name: strategy for strategy in (CPU, *STRATEGIES)}


def applicable(gpus: int) -> tuple[Strategy, ...]:
    """The strategies for a number of GPUs; 0 is a CPU."""
    if gpus == 0:
        return (CPU,)
    return tuple(s for s in STRATEGIES if s.offload or s.several == (gpus > 1))
