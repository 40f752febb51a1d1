"""A colocated vLLM that can force tokens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial


@contextmanager
def forcing_llm() -> Iterator[None]:
    """While this holds, TRL starts vLLM with the processor that forces tokens.

    TRL has no argument for it.
    """
    from trl.generation import vllm_generation
    from vllm import LLM

    from rl.sampling.vllm_processor import RowProcessor

    os.environ["VLLM_USE_V2_MODEL_RUNNER"] = "0"
    # A processor must see each token before the next draw.
    started = partial(LLM, logits_processors=[RowProcessor], async_scheduling=False)
    vllm_generation.LLM = started
    try:
        yield
    finally:
        vllm_generation.LLM = LLM
