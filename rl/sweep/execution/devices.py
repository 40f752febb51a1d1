"""Which GPU each of several workers gets: the processes of a sweep train on one each."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from rl.provenance import graphics

VISIBLE = "CUDA_VISIBLE_DEVICES"


def visible_devices() -> list[str]:
    """GPUs as `VISIBLE` names them: those it lists, else all of the machine; none without one."""
    named = os.environ.get(VISIBLE)
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip()]
    if graphics() is None:
        return []
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


def least_used(devices: Sequence[str], used: Collection[str]) -> str | None:
    """The device with the fewest processes, the first of several; None without a choice.

    Args:
        devices: All of them.
        used: Those of the processes that run, one for each.
    """
    if len(devices) < 2:
        return None
    return min(devices, key=list(used).count)


@contextmanager
def one_device(workers: int) -> Iterator[None]:
    """Have this process see one GPU, as each of several workers will.

    Args:
        workers: How many; with one, nothing is changed, and training itself refuses several GPUs.
    """
    before, devices = os.environ.get(VISIBLE), visible_devices() if workers > 1 else []
    if len(devices) > 1:
        os.environ[VISIBLE] = devices[0]
    try:
        yield
    finally:
        if len(devices) > 1:
            os.environ.pop(VISIBLE)
            os.environ |= {} if before is None else {VISIBLE: before}
