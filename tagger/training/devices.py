"""Device of a net, the GPU if there is one, and the number type that it computes in there."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from tagger.backends.pretrained.settings import Precision
from tagger.errors import UserError


def resolve_device(name: str) -> str:
    """Choose the device.

    Args:
        name: ``auto``, ``cpu`` or ``cuda``.

    Returns:
        ``cpu`` or ``cuda``; ``auto`` is ``cuda`` if PyTorch finds a GPU.

    Raises:
        UserError: ``cuda`` where PyTorch finds no GPU.
    """
    if name == "cpu":
        return name
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if name == "cuda":
        raise UserError(
            "device=cuda: PyTorch finds no GPU on this machine; give device=cpu, or leave device "
            "out to use a GPU only where there is one."
        )
    return "cpu"


def computing_in(precision: Precision, device: str) -> AbstractContextManager[object]:
    """A context in which PyTorch computes matrix products in a number type.

    Args:
        precision: ``float32`` changes nothing. ``bfloat16`` keeps 8 bits of a number: about half
            the time on processors that multiply such matrices themselves (AMX, on x86), and on
            GPUs; on others it may take longer.
        device: ``cpu`` or ``cuda``.
    """
    if precision == "float32":
        return nullcontext()
    import torch

    return torch.autocast(device, torch.bfloat16)
