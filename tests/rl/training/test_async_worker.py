"""The plain reward function in TRL's asynchronous worker, which calls it on threads of its own."""

from __future__ import annotations

import pickle
import queue
import threading
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rewards.answers.algebra.client import ask
from tests.rl.training.async_worker import GROUP, ROWS, Scripted, expected, settings
from tests.tagger.tokenizers_made_here import packaged

REWARDS = [2.0, 1.9, 0.0, 0.0]
"""Sums over both functions of the four completions of a row."""


@pytest.fixture(scope="module")
def samples() -> list[Any]:
    """What the worker's loops make of two passes over the data."""
    from accelerate.state import PartialState

    PartialState()
    buffer: queue.Queue[Any] = queue.Queue()
    loop = Scripted(
        **pickle.loads(pickle.dumps(settings())),  # as the process that TRL spawns gets them
        rollout_buffer=buffer,
        model_version_value=SimpleNamespace(value=0),
        heartbeat_value=SimpleNamespace(value=0.0),
        failed_event=threading.Event(),
        exception_info_queue=queue.Queue(),
        metrics_queue=queue.Queue(),
    )
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()
    try:
        return [buffer.get(timeout=120) for _ in range(2 * GROUP * ROWS)]
    finally:
        loop._loop.call_soon_threadsafe(loop._stop_event.set)
        thread.join(60)


@cache
def tokenizer() -> Any:
    return packaged("qwen3")


def text_of(sample: Any) -> str:
    ids = sample.input_ids[sample.completion_mask.astype(bool)]
    return str(tokenizer().decode(ids)).removesuffix(tokenizer().eos_token)


def test_rewards_in_the_asynchronous_worker_are_those_of_each_completion(
    samples: list[Any],
) -> None:
    for sample in samples:
        _, plain, counted = expected(text_of(sample))
        assert sample.metrics["rewards/plain"] == plain
        assert sample.metrics["rewards/step_reward"] == pytest.approx(counted)
        assert sample.metrics["reward"] == pytest.approx(plain + counted)
    assert {expected(text_of(s))[0] for s in samples} == set(range(ROWS))
    assert ask.cache_info().currsize >= ROWS, "math-verify was asked, in its own process"


def test_advantages_in_the_asynchronous_worker_are_those_of_whole_groups(
    samples: list[Any],
) -> None:
    centred = np.array(REWARDS) - np.mean(REWARDS)
    wanted = dict(zip(REWARDS, centred / np.std(REWARDS), strict=True))
    for sample in samples:
        reward = min(wanted, key=lambda r: abs(r - sample.metrics["reward"]))
        assert sample.advantage == pytest.approx(wanted[reward], abs=1e-5)
