"""Device of a net: the GPU if there is one, else the CPU."""

from __future__ import annotations

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
