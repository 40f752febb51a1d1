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
        yield
    finally:
        vllm_generation.LLM = LLM


def _options(forces: bool) -> dict[str, Any]:
    import torch

    options: dict[str, Any] = {}
    if not torch.cuda.is_available():
        options["enforce_eager"] = True  # compiling takes minutes, and more than it saves
    if forces:
        from rl.sampling.vllm_processor import RowProcessor

        os.environ["VLLM_USE_V2_MODEL_RUNNER"] = "0"
        # A processor must see each token before the next draw.
        options |= {"logits_processors": [RowProcessor], "async_scheduling": False}
    return options
