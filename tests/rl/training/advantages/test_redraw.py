"""Dynamic sampling: which groups are drawn again, with which problems, on how many processes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from rl.training.advantages.redraw import (
    Drawing,
    Drawn,
    check_dynamic_sampling,
    draw_batch,
    draw_with_spread,
    other_problems,
)
from tagger.errors import UserError

DATA = [{"problem": i, "prompt": f"problem {i}"} for i in range(12)]


class Process:
    """One process of several that run in step; problems in `good` give groups with spread."""

    def __init__(self, rank: int, world: Any, good: set[int]) -> None:
        self.rank, self.world, self.good = rank, world, good
        self.sampled: list[list[int]] = []
        self.noise: list[tuple[int, list[int]]] = []

    def sample(
        self, rows: Sequence[dict[str, Any]], places: Sequence[int], draw: int
    ) -> list[list[int]]:
        self.noise.append((draw, list(places)))
        self.sampled.append([row["problem"] for row in rows])
        return [[row["problem"]] * 3 for row in rows]

    def gather(self, tensor: torch.Tensor) -> torch.Tensor:
        return self.world.gather(self.rank, tensor)

    def draw(self, problems: list[int], first: int, max_draws: int, key: int = 0) -> Drawn:
        def flat(found: Sequence[Any], rows: Sequence[dict[str, Any]]) -> torch.Tensor:
            assert [f"of {row['problem']}" for row in rows] == list(found)
            everybody = self.gather(torch.tensor([row["problem"] for row in rows]))
            return torch.tensor([int(p) not in self.good for p in everybody[::4]])

        return draw_with_spread(
            [DATA[p] for p in problems], DATA, Drawing(4, first, max_draws, (key,)), self.sample,
            lambda ids, rows: [f"of {row['problem']}" for row in rows],  # type: ignore[misc]
            flat, self.gather,
        )  # fmt: skip


class World:
    """Gathers between threads."""

    def __init__(self, size: int) -> None:
        self.parts: list[Any] = [None] * size
        self.barrier = threading.Barrier(size, timeout=20)

    def gather(self, rank: int, tensor: torch.Tensor) -> torch.Tensor:
        self.parts[rank] = tensor
        self.barrier.wait()
        whole = torch.cat(self.parts)
        self.barrier.wait()
        return whole


def alone(problems: list[int], good: set[int], max_draws: int, key: int = 0) -> Any:
    process = Process(0, World(1), good)
    return process.draw([p for p in problems for _ in range(4)], 0, max_draws, key), process


def test_draw_with_spread_draws_only_groups_without_it_again() -> None:
    drawn, process = alone([0, 1, 2], {0, 2, *range(3, 12)}, 3)
    used = [row["problem"] for row in drawn.rows][::4]
    assert used[0] == 0 and used[2] == 2 and used[1] in range(3, 12)
    assert process.sampled == [[0] * 4 + [1] * 4 + [2] * 4, [used[1]] * 4]
    assert drawn.completion_ids == [[p] * 3 for p in used for _ in range(4)]
    assert drawn.metrics == pytest.approx(
        {
            "dynamic_sampling/draws": 2,
            "dynamic_sampling/redrawn": 1 / 3,
            "dynamic_sampling/without_spread": 0,
            "dynamic_sampling/discarded_tokens": 12,
        }
    )


def test_draw_with_spread_uses_the_batch_as_it_is_when_draws_are_used_up() -> None:
    drawn, process = alone([0, 1], set(), 3)
    assert len(process.sampled) == 3
    tried = [p for draw in process.sampled for p in draw[::4]]
    assert len(set(tried)) == 6  # never the same problem twice in a batch
    assert [row["problem"] for row in drawn.rows][::4] == tried[-2:]
    assert drawn.metrics["dynamic_sampling/without_spread"] == 1
    assert drawn.metrics["dynamic_sampling/draws"] == 3


def test_draw_with_spread_stops_when_no_problem_is_left() -> None:
    drawn, process = alone(list(range(11)), set(), 9)
    assert len(process.sampled) == 2 and process.sampled[1] == [11] * 4
    assert drawn.metrics["dynamic_sampling/redrawn"] == pytest.approx(1 / 11)


def test_draw_with_spread_draws_once_where_every_group_has_it() -> None:
    drawn, process = alone([0, 1], set(range(12)), 5)
    assert len(process.sampled) == 1 and drawn.metrics["dynamic_sampling/draws"] == 1


def test_draw_with_spread_repeats_itself_for_a_key_and_differs_between_keys() -> None:
    runs = [[r["problem"] for r in alone([0, 1], {0}, 4, key)[0].rows] for key in (1, 1, 2, 3)]
    assert runs[0] == runs[1] and len({tuple(run) for run in runs}) > 1


@pytest.mark.parametrize("good", [set(), {0, 5, 7}, {2, 3, 9, 10, 11}])
def test_two_processes_decide_as_one_though_a_group_is_cut_in_two(good: set[int]) -> None:
    rows = [p for p in (0, 1, 2) for _ in range(4)]
    (wanted, one), world = alone([0, 1, 2], good, 4), World(2)
    processes = [Process(rank, world, good) for rank in (0, 1)]
    with ThreadPoolExecutor(2) as pool:
        halves = [
            pool.submit(process.draw, rows[6 * process.rank :][:6], 6 * process.rank, 4)
            for process in processes
        ]
        found = [half.result() for half in halves]
    noise = [(draw, p) for process in processes for draw, ps in process.noise for p in ps]
    assert sorted(noise) == [(draw, p) for draw, ps in one.noise for p in ps]
    assert [row for half in found for row in half.rows] == wanted.rows
    assert [ids for half in found for ids in half.completion_ids] == wanted.completion_ids
    assert found[0].metrics == found[1].metrics == wanted.metrics


def test_draw_batch_keeps_the_first_draw_which_nothing_has_chosen() -> None:
    trainer: Any = SimpleNamespace(
        accelerator=SimpleNamespace(process_index=0, device="cpu"),
        args=SimpleNamespace(seed=0),
        state=SimpleNamespace(global_step=0),
        num_generations=4,
        train_dataset=DATA,
        _tokenize_prompts=lambda prompts: ([[0]] * len(prompts), None, {}),
        draw_rollouts=lambda prompt_ids, places, draw: [[1]] * len(places),
        score=lambda found, rows: SimpleNamespace(scored=[row["problem"] for row in rows][::4]),
    )
    scorer: Any = SimpleNamespace(
        analyze=lambda ids, rows: [None] * len(rows),
        flat=lambda problems: torch.tensor([p in (0, 1) for p in problems]),
    )
    drawn = draw_batch(trainer, scorer, [DATA[p] for p in (0, 1, 2) for _ in range(4)], 3)
    first: Any = drawn.first
    assert first.scored == [0, 1, 2]
    assert [row["problem"] for row in drawn.rows][::4] != [0, 1, 2]
    assert drawn.metrics["dynamic_sampling/draws"] == 2


def test_other_problems_are_distinct_and_new() -> None:
    found = other_problems(4, range(9), [1, 3, 5], (1, 2))
    assert len(set(found)) == 4 and not {1, 3, 5} & set(found)
    assert found == other_problems(4, range(9), [1, 3, 5], (1, 2))
    assert sorted(other_problems(99, range(5), [0], (0,))) == [1, 2, 3, 4]
    choices = {tuple(other_problems(4, range(99), tried, (0, 7))) for tried in ([1], [2], [3])}
    assert len(choices) == 3  # batches of one step choose apart


PLAIN = {
    "use_vllm": False, "use_transformers_continuous_batching": False, "generation_kwargs": None,
    "min_p": None, "repetition_penalty": 1.0, "deepspeed_plugin": None, "fsdp": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "problems", "words"),
    [
        ({"use_vllm": True}, 99, "grpo.use_vllm"),
        ({"repetition_penalty": 1.1}, 99, "grpo.repetition_penalty"),
        ({}, 8, "one step takes 8 of 8"),
    ],
)
def test_check_dynamic_sampling_names_what_stands_in_its_way(
    changes: dict[str, Any], problems: int, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        check_dynamic_sampling(SimpleNamespace(**PLAIN | changes), problems, 8, {})
    check_dynamic_sampling(SimpleNamespace(**PLAIN), 9, 8, {})
