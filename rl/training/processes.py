"""One process or several: how a run must be started, and what all processes agree on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from tagger.errors import UserError


def check_launch(gpus: int, environment: Mapping[str, str]) -> None:
    """Refuse one process with several GPUs, which would silently train by `DataParallel`.

    Args:
        gpus: How many this process sees.
        environment: Environment variables; a launcher sets ``LOCAL_RANK``.

    Raises:
        UserError: There are several and no launcher started the process.
    """
    if gpus > 1 and "LOCAL_RANK" not in environment:
        raise UserError(
            f"{gpus} GPUs are visible, but training was started as one process; start one a GPU by "
            f"'torchrun --nproc-per-node {gpus} --no-python suffice train …', or choose one GPU by "
            "CUDA_VISIBLE_DEVICES=0."
        )


def agreed_output(output: str) -> str:
    """The main process's name of the output folder, on every process.

    A default name holds the time, so processes may come with different ones. To be called when
    the process group is set up.
    """
    from accelerate import PartialState
    from accelerate.utils import broadcast_object_list

    if PartialState().num_processes == 1:
        return output
    names = [output]
    broadcast_object_list(names, from_process=0)
    return names[0]


@cache
def accept_numbered_cpu() -> None:
    """Have `torch.load` take ``cpu:0``, as several processes on a CPU name their device.

    accelerate gives each of them the device ``cpu:0``, transformers maps the optimizer's state to
    it, and torch knows no such place (torch 2.13, accelerate 1.15, transformers 5.17).
    """
    from torch.serialization import register_package

    def restore(storage: Any, location: str) -> Any:
        return storage if str(location).startswith("cpu:") else None

    register_package(_AFTER_TORCHS_OWN, lambda _storage: None, restore)


_AFTER_TORCHS_OWN = 1000
