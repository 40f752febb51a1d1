"""vLLM's rollouts: a seed for every row, and the kit's end tokens."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

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
    return SimpleNamespace(**values | {"state": SimpleNamespace(global_step=3)} | given)


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
