"""Where a policy's weights are put, and in which number format."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from tagger.errors import UserError

SMALL_BYTES = 64_000_000
"""Weights of a model that stays float32 everywhere: shorter numbers would save nothing."""


def device_of(gpus: int, environment: Mapping[str, str]) -> str:
    """The device of this process: the GPU of its local rank, the first one, or the CPU.

    Args:
        gpus: How many this process sees.
        environment: Environment variables; a launcher sets ``LOCAL_RANK``.
    """
    if not gpus:
        return "cpu"
    rank = environment.get("LOCAL_RANK", "0")
    return f"cuda:{int(rank) % gpus}" if rank.isdecimal() else "cuda:0"


def resolve_dtype(wanted: str, device: str, *, bf16: bool, small: bool, trained: bool) -> str:
    """Name of the data type that weights are loaded in.

    Args:
        wanted: The config key ``dtype``.
        device: ``cpu`` or a GPU.
        bf16: Whether the GPU computes with bfloat16.
        small: Whether the model is one of under `SMALL_BYTES`.
        trained: Whether the weights themselves are trained, not an adapter. Steps of the optimizer
            are smaller than the spacing of bfloat16 numbers: such weights would stand still.

    Raises:
        UserError: The device lacks the type.
    """
    on_cpu = device == "cpu"
    if wanted == "auto":
        return "float32" if on_cpu or small or trained or not bf16 else "bfloat16"
    if wanted == "float16" and on_cpu:
        raise UserError(
            "dtype is float16, in which a CPU does not compute; leave dtype out, or set float32."
        )
    if wanted == "bfloat16" and not on_cpu and not bf16:
        raise UserError(
            "dtype is bfloat16, which this GPU does not compute with; leave dtype out, or set "
            "float16 or float32."
        )
    return wanted


def check_quantization(kind: str | None, device: str) -> None:
    """Refuse 4-bit weights where they cannot be loaded.

    Args:
        kind: The config key ``quantization``.
        device: ``cpu`` or a GPU.

    Raises:
        UserError: There is no GPU, or no bitsandbytes.
    """
    if kind is None:
        return
    if device == "cpu":
        raise UserError(
            f"quantization is {kind}, which needs a GPU, and there is none; leave quantization out."
        )
    if find_spec("bitsandbytes") is None:
        raise UserError(
            f'quantization is {kind}, which needs bitsandbytes; pip install "suffice[quant]".'
        )


def quantization_config(compute_dtype: Any) -> Any:
    """4-bit NormalFloat with double quantization (QLoRA, Dettmers et al. 2023)."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute_dtype,
    )
