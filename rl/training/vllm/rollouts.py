"""Rollouts of vLLM as those of the kit's sampler: seeded row by row, ended and closed alike.

TRL hands vLLM one set of sampling parameters for all rows, without a seed: a resumed run would draw
other rollouts. Here every row has a seed of its own, by run, step and place in the whole batch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from copy import copy
from typing import Any

import numpy as np

from rl.sampling.rows import Row
from rl.sampling.vllm_rows import NUMBER, NUMBERS, RUNNING, LiveRow
from rl.training.budget.thinking import ThinkingBudget

Key = tuple[int, ...]


class SeededLLM:
    """vLLM's `LLM`, whose `generate` gives every row its own seed, and a monitor under a budget.

    Args:
        llm: vLLM's.
        key: What the seeds depend on at this moment, next to the row's place.
        group: Number of the group of processes that share this engine.
        budget: Closes the thinking of rows; None without. Needs an engine started under
            `rl.training.budget.engine.starting_vllm`.
        policy: What to call the policy in errors.
    """

    def __init__(
        self,
        llm: Any,
        key: Callable[[], Key],
        group: int,
        budget: ThinkingBudget | None = None,
        policy: str = "",
    ) -> None:
        self._llm, self._key, self._group = llm, key, group
        self._budget, self._policy = budget, policy

    def generate(self, prompts: Sequence[Any], sampling_params: Any, **kwargs: Any) -> Any:
        """As vLLM's, with one set of parameters given for all rows."""
        first, key = self._group * len(prompts), self._key()
        own, watched = [], []
        for place in range(first, first + len(prompts)):
            params = copy(sampling_params)
            params.seed = row_seed(key, place)
            if self._budget is not None:
                watched.append(next(NUMBERS))
                row = Row(place, 0, (), np.empty(0), self._budget.monitor())
                RUNNING[watched[-1]] = LiveRow(row, self._policy, settings=None)
                params.extra_args = {**(params.extra_args or {}), NUMBER: watched[-1]}
            own.append(params)
        try:
            return self._llm.generate(prompts, sampling_params=own, **kwargs)
        finally:
            for number in watched:
                del RUNNING[number]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._llm, name)


def row_seed(key: Key, place: int) -> int:
    """Seed of a row, 0 to 2**63 - 1.

    Args:
        key: Seed of the run, step, draw.
        place: Of the row in the batch of all processes.
    """
    digest = hashlib.sha256(repr((*key, place)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def prepare_vllm(trainer: Any, end_ids: Collection[int], draw: Callable[[], int]) -> None:
    """Make a trainer's vLLM end rows where the kit does, seed and watch them; a server's not.

    Args:
        trainer: A `StepGRPOTrainer`, with vLLM or without.
        end_ids: Token ids that end a completion.
        draw: How many batches this step has drawn before.
    """
    if not trainer.use_vllm:
        return
    vllm = trainer.vllm_generation
    vllm.generation_kwargs = {"stop_token_ids": sorted(end_ids), **vllm.generation_kwargs}
    if trainer.vllm_mode != "colocate":
        return

    def key() -> Key:
        return trainer.args.seed, trainer.state.global_step, draw()

    group = trainer.accelerator.process_index // vllm.tensor_parallel_size
    name = str(trainer.model.name_or_path)
    vllm.llm = SeededLLM(vllm.llm, key, group, trainer.thinking_budget, name)
