"""What facts, terms and tagging cost: our GRPO step against TRL's with a constant reward.

Paired in one run: on every step both rewards are computed for the same rollouts, and each is
timed, so the step's remaining time (generation, update, logging) is the very same for both.

python -m tests.end_to_end.overhead [MODEL] [STEPS]

Without a model, a random one of the overthinker's size generates 160 tokens a rollout, and the
rewards read traces of the overthinker's writer in their place: as long, and with as many steps.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback
from trl import GRPOTrainer

from rewards.facts.compute import FactsComputer, Task
from rewards.stack import build_stack
from rl.overthinker.build import BuildSettings, new_model, train_tokenizer, written_traces
from rl.policy.load import Policy, load_policy
from rl.training.callbacks import MetricsFile
from rl.training.config import config_from_dict
from rl.training.grpo_config import training_arguments
from rl.training.trainer import StepGRPOTrainer
from tagger.frozen import FrozenTagger
from tagger.thinking.split import delimiters_from_tokenizer

BATCH = 64
TOKENS = 160


def constant(completions: list[Any], **_: Any) -> list[float]:
    return [1.0] * len(completions)


class PairedTrainer(StepGRPOTrainer):
    """Computes TRL's constant reward and ours, and times both."""

    written: list[list[int]] | None = None

    def _calculate_rewards(self, inputs: Any, prompts: Any, completions: Any, ids: Any) -> Any:
        if self.written:  # the writer's trace of problem i stands in row i
            ids = self.written
            inputs = [{**row, "problem": i} for i, row in enumerate(inputs)]
        begin = time.perf_counter()
        GRPOTrainer._calculate_rewards(self, inputs, prompts, completions, ids)
        between = time.perf_counter()
        terms = super()._calculate_rewards(inputs, prompts, completions, ids)
        self.times.append((between - begin, time.perf_counter() - between))
        return terms


class Clock(TrainerCallback):
    """Notes when each step begins; the time between two is a whole step, logging included."""

    def __init__(self) -> None:
        self.begins: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.begins.append(time.perf_counter())


def stand_in() -> tuple[Policy, list[list[int]], list[Task]]:
    """A random policy of the overthinker's size, and what its writer would have written."""
    pairs = list(written_traces(BATCH, 0))
    texts = (text for p, t in written_traces(400, 1) for text in (p.question, t.completion))
    tokenizer = train_tokenizer(texts, 512)
    model = new_model(BuildSettings(vocabulary=len(tokenizer)), tokenizer)
    written = [[*tokenizer.encode(t.completion), tokenizer.eos_token_id] for _, t in pairs]
    tasks = [Task(p.question, p.reference, p.metadata) for p, _ in pairs]
    return Policy(model, tokenizer, delimiters_from_tokenizer(tokenizer), ""), written, tasks


def measure(model: str | None, steps: int) -> dict[str, float]:
    """Run `steps` steps of 64 rollouts; the first is a warm-up."""
    folder = Path(tempfile.mkdtemp())
    written: list[list[int]] | None = None
    if model is None:
        policy, written, tasks = stand_in()
    else:
        from rl.problems.registry import load_problems

        policy = load_policy(model, device="cpu")
        problems = load_problems("overthinker", "train", BATCH, 0)
        tasks = [Task(p.question, p.reference, p.metadata) for p in problems]
    forced = {"min_new_tokens": TOKENS} if written else {}
    config = config_from_dict(
        {
            "output": str(folder / "run"),
            "grpo": {
                "per_device_train_batch_size": BATCH,
                "num_generations": 8,
                "max_completion_length": TOKENS if written else 512,
                "max_steps": steps + 2,
                "save_strategy": "no",
                "generation_kwargs": forced,
            },
        }
    )
    tagger = FrozenTagger.load()
    clock = Clock()
    trainer = PairedTrainer(
        stack=build_stack(config.reward.terms, tagger.taxonomy),
        facts=FactsComputer(
            tagger, policy.tokenizer, policy.delimiters, known_words=tagger.extras.known_words
        ),
        tasks=tasks,
        model=policy.model,
        args=training_arguments(config, gpu=False),
        train_dataset=Dataset.from_list(
            [
                {"prompt": [{"role": "user", "content": t.question}], "problem": i}
                for i, t in enumerate(tasks)
            ]
        ),
        processing_class=policy.tokenizer,
        callbacks=[clock, MetricsFile(folder / "metrics.jsonl")],
    )
    trainer.reward_funcs = [constant] * len(trainer.reward_funcs)
    trainer.remove_callback(PrinterCallback)
    trainer.written = written
    trainer.times = []
    trainer.train()
    whole = np.diff(clock.begins)[1:]
    stock, ours = np.array(trainer.times)[1 : len(whole) + 1].T
    ratios = (whole - stock) / (whole - ours)
    return {
        "stock_seconds": float((whole - ours).mean()),
        "ours_seconds": float((whole - stock).mean()),
        "constant_reward_seconds": float(stock.mean()),
        "our_reward_seconds": float(ours.mean()),
        "ratio": float((whole - stock).sum() / (whole - ours).sum()),
        "worst_ratio": float(ratios.max()),
    }


if __name__ == "__main__":
    name = sys.argv[1] if len(sys.argv) > 1 else None
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    for key, value in measure(None if name in (None, "-") else name, count).items():
        print(f"{key}: {value:.4f}")
