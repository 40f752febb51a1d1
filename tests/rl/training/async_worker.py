"""TRL's asynchronous rollout worker without vLLM: its own loops, its completions from a script.

``python -m tests.rl.training.async_worker`` runs all of it, in the process that TRL spawns;
``test_async_worker`` runs the same loops on a thread.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from trl.experimental.async_grpo import async_rollout_worker as worker

from rewards.function import StepReward
from tests.tagger.tokenizers_made_here import packaged

GROUP = 4
ROWS = 12
WORK = "So 1 times one half is a half."
CHECK = "Wait, let me check: 1 over 2 is a half."


def script(row: int) -> list[tuple[str, float, float]]:
    """Completions of a row with their rewards: by correctness, and with a charge of 0.1 a check.

    References such as 7/2 against ``\\\\frac{14}{4}`` need math-verify, in its process.
    """
    n = 2 * row + 1

    def written(thinking: str, answer: str) -> str:
        return f"<think>\n{thinking}\n</think>\n\nIt is $\\boxed{{{answer}}}$."

    return [
        (written(WORK, f"\\frac{{{2 * n}}}{{4}}"), 1.0, 1.0),
        (written(f"{WORK}\n\n{CHECK}", f"{n}\\cdot 2^{{-1}}"), 1.0, 0.9),
        (written(WORK, f"\\frac{{{n + 2}}}{{2}}"), 0.0, 0.0),
        (f"<think>\nIt is {n} halves, so", 0.0, 0.0),
    ]


def question(row: int) -> str:
    return f"What is {2 * row + 1} times one half?"


class Scripted(worker._AsyncRolloutLoop):
    """The worker's loops; only the request to vLLM is replaced."""

    async def _run_loops(self, stop_event: asyncio.Event) -> None:
        await asyncio.gather(self._generate_loop(stop_event), self._score_loop(stop_event))

    async def _generate_one_turn(self, prompt_ids: list[int]) -> tuple[list[int], list[float]]:
        prompt = self.tokenizer.decode(prompt_ids)
        (row,) = [r for r in range(ROWS) if question(r) in prompt]
        self._asked = getattr(self, "_asked", {})
        turn = self._asked[row] = self._asked.get(row, -1) + 1
        text, *_ = script(row)[turn % GROUP]
        await asyncio.sleep(0.001 * (row % 3))  # completions of several groups come interleaved
        ids = self.tokenizer.encode(text, add_special_tokens=False)
        ends = [self.tokenizer.eos_token_id] if "</think>" in text else []
        return ids + ends, [0.0] * (len(ids) + len(ends))


def settings() -> dict[str, Any]:
    """Arguments of the worker: two reward functions, which it runs on two threads at once."""
    from datasets import Dataset

    tokenizer = packaged("qwen3")
    plain = StepReward({"correctness": {}}, tokenizer, tagger="linear", group_size=GROUP)
    counted = StepReward(
        {"correctness": {}, "step_count": {"weight": 0.1}}, tokenizer, tagger="linear"
    )
    plain.__name__ = "plain"
    rows = [
        {"prompt": [{"role": "user", "content": question(r)}], "answer": f"{2 * r + 1}/2"}
        for r in range(ROWS)
    ]
    return {
        "model_name": "none",
        "dataset": Dataset.from_list(rows),
        "reward_funcs": [plain, counted],
        "processing_class": tokenizer,
        "eos_token_ids": [tokenizer.eos_token_id],
        "num_generations": GROUP,
        "max_inflight_tasks": 3 * GROUP,
    }


def expected(text: str) -> tuple[int, float, float]:
    """Row and rewards of a completion's text."""
    for row in range(ROWS):
        for written, *rewards in script(row):
            if written == text:
                return row, rewards[0], rewards[1]
    raise AssertionError(text)


def main() -> None:
    """Run the worker in its spawned process until each row was scored twice."""
    from accelerate.state import PartialState

    PartialState()
    worker.is_vllm_available = worker.is_aiohttp_available = lambda: True
    worker.AsyncRolloutWorker._loop_cls = Scripted
    running = worker.AsyncRolloutWorker(**settings(), queue_maxsize=8)
    begin = time.monotonic()
    running.start()
    samples = []
    try:
        while len(samples) < 2 * GROUP * ROWS:
            running.check_health(120)
            samples.append(running.rollout_buffer.get(timeout=120))
    finally:
        running.stop()
    tokenizer = packaged("qwen3")
    wrong = 0
    for sample in samples:
        text = tokenizer.decode(sample.input_ids[sample.completion_mask.astype(bool)])
        _, plain, counted = expected(text.removesuffix(tokenizer.eos_token))
        found = sample.metrics["rewards/plain"], sample.metrics["rewards/step_reward"]
        wrong += abs(found[0] - plain) + abs(found[1] - counted) > 1e-6
    seconds = time.monotonic() - begin
    print(json.dumps({"samples": len(samples), "wrong": wrong, "seconds": round(seconds, 1)}))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
