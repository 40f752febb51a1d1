"""vLLM's rollouts: a seed for every row, and the kit's end tokens."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from rl.sampling.rows import Row
from rl.sampling.vllm_rows import NUMBER, RUNNING, LiveRow, leave_one_token
from rl.training.vllm.rollouts import SeededLLM, prepare_vllm, row_seed


class LLM:
    """Notes what it is asked."""

    version = "0.31"

    def generate(self, prompts: list[Any], sampling_params: list[Any], **given: Any) -> list[int]:
        self.given = given
        return [params.seed for params in sampling_params]


def seeds(group: int, rows: int, step: int = 3, draw: int = 0) -> list[int]:
    shared = SimpleNamespace(seed=None, temperature=1.0)
    llm = SeededLLM(LLM(), lambda: (7, step, draw), group)
    found: list[int] = llm.generate(["p"] * rows, sampling_params=shared, use_tqdm=False)
    assert shared.seed is None and llm.version == "0.31" and llm._llm.given == {"use_tqdm": False}
    return found


def test_rows_of_a_batch_have_seeds_of_their_own_that_a_resumed_run_finds_again() -> None:
    found = seeds(0, 6)
    assert found == seeds(0, 6) and len(set(found)) == 6
    assert not set(found) & set(seeds(0, 6, step=4)) and not set(found) & set(seeds(0, 6, draw=1))
    assert all(0 <= seed < 2**63 for seed in found)


def test_seeds_are_those_of_the_place_in_the_whole_batch() -> None:
    assert seeds(0, 3) + seeds(1, 3) == seeds(0, 6)
    assert seeds(1, 3)[0] == row_seed((7, 3, 0), 3)


def trainer(**given: Any) -> Any:
    vllm = SimpleNamespace(generation_kwargs={}, llm=LLM(), tensor_parallel_size=2)
    accelerator = SimpleNamespace(process_index=5)
    values = {"use_vllm": True, "vllm_mode": "colocate", "vllm_generation": vllm}
    values |= {"accelerator": accelerator, "args": SimpleNamespace(seed=7)}
    values |= {"state": SimpleNamespace(global_step=3), "thinking_budget": None}
    return SimpleNamespace(**values | {"model": SimpleNamespace(name_or_path="m")} | given)


def test_a_trainers_vllm_is_seeded_by_its_step_and_ends_at_the_kits_end_tokens() -> None:
    some = trainer()
    prepare_vllm(some, {9, 2}, lambda: 0)
    assert some.vllm_generation.generation_kwargs == {"stop_token_ids": [2, 9]}
    params = SimpleNamespace(seed=None)
    found = some.vllm_generation.llm.generate(["p"] * 3, params)
    assert found == [row_seed((7, 3, 0), place) for place in (6, 7, 8)]  # the third group of two


def test_a_server_is_not_seeded_and_a_trainer_without_vllm_left_alone() -> None:
    server = trainer(vllm_mode="server")
    prepare_vllm(server, {2}, lambda: 0)
    assert isinstance(server.vllm_generation.llm, LLM)
    prepare_vllm(trainer(use_vllm=False, vllm_generation=None), {2}, lambda: 0)


class Watching(LLM):
    """Notes which rows are watched while it generates."""

    def generate(self, prompts: list[Any], sampling_params: list[Any], **given: Any) -> list[Any]:
        numbers = [params.extra_args[NUMBER] for params in sampling_params]
        rows = [RUNNING[number] for number in numbers]
        assert len(set(numbers)) == len(numbers) and all(row.settings is None for row in rows)
        if not prompts[0]:
            raise KeyboardInterrupt
        return [(row.policy, row.row.monitor) for row in rows]


def test_rows_under_a_budget_are_watched_while_they_are_drawn() -> None:
    given: Any = SimpleNamespace(monitor=object)
    llm = SeededLLM(Watching(), lambda: (1,), 0, given, "runs/x")
    params = SimpleNamespace(seed=None, extra_args={"own": 1})
    found = llm.generate(["p"] * 3, params)
    assert [name for name, _ in found] == ["runs/x"] * 3
    assert len({id(monitor) for _, monitor in found}) == 3 and params.extra_args == {"own": 1}
    with pytest.raises(KeyboardInterrupt):
        llm.generate([""], params)
    assert not RUNNING


def test_where_vllm_draws_only_forced_rows_are_changed() -> None:
    fed: list[int] = []
    monitor: Any = SimpleNamespace(
        needs_scores=False, forced_token=5, feed_token=lambda t, _: fed.append(t)
    )
    rows = {
        0: LiveRow(Row(0, 0, (), np.empty(0), None), "m", None, [7]),
        2: LiveRow(Row(1, 0, (), np.empty(0), monitor), "m", None, [7, 8]),
    }
    logits = torch.rand(3, 9)
    before = logits.clone()
    after = leave_one_token(logits, rows)
    assert torch.equal(after[:2], before[:2]) and fed == [7, 8]
    assert after[2].isfinite().nonzero().flatten().tolist() == [5]
