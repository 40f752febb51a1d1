"""Scores fixed rollouts and writes this process's advantages; run plainly or under torchrun.

python -m tests.end_to_end.advantages_of_one_process WORLD OUTPUT PER_DEVICE
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset

from rewards.facts.compute import FactsComputer, Task
from rewards.stack import build_stack
from rl.policy.load import load_policy
from rl.training.config import config_from_dict
from rl.training.grpo_config import training_arguments
from rl.training.trainer import StepGRPOTrainer
from tagger.frozen import FrozenTagger
from tests.world import World

GROUP = 4
QUESTIONS = [("2 + 3 = ?", "5"), ("1 + 1 = ?", "2"), ("4 + 4 = ?", "8")]
CHECK = "Let me double-check: 2 + 3 = 5. That matches."
REWARD = {
    "correctness": {},
    "format": {"weight": 0.3},
    "step_count": {"weight": 0.2, "gate": "group_solved", "types": {"VERIFY": {"allowance": 1}}},
    "length": {
        "kind": "step_count",
        "weight": 0.01,
        "gate": "none",
        "unit": "tokens",
        "types": {"VERIFY": {}, "CONCLUDE": {}, "SUBSTITUTE": {}},
    },
}


def completion(row: int) -> str:
    """Fixed rollouts: group 0 all right, group 1 mixed, group 2 cut off now and then."""
    group, member = divmod(row, GROUP)
    answer = int(QUESTIONS[group][1]) + (group == 1 and member % 2)
    steps = ["2 + 3 = 5.", f"So the answer is {answer}.", *[CHECK] * (row % 3 + member)]
    ending = (
        "" if group == 2 and member == 3 else f"\n</think>\n\nThe answer is \\boxed{{{answer}}}."
    )
    return "\n\n".join(steps) + ending


def main(world: World, output: Path, per_device: int) -> None:
    config = config_from_dict(
        world.config(
            output / "unused",
            reward={"terms": REWARD},
            grpo={
                "per_device_train_batch_size": per_device,
                "num_generations": GROUP,
                "max_completion_length": 256,
                "max_steps": 1,
            },
        )
    )
    policy = load_policy(config.model, device="cpu")
    tagger = FrozenTagger.load(config.tagger)
    trainer = StepGRPOTrainer(
        stack=build_stack(REWARD, tagger.taxonomy, allow_charge_above_correctness=True),
        facts=FactsComputer(tagger, policy.tokenizer, policy.delimiters),
        tasks=[Task(q, r) for q, r in QUESTIONS],
        model=policy.model,
        args=training_arguments(config, gpu=False),
        train_dataset=Dataset.from_list([{"prompt": "x", "problem": 0}] * len(QUESTIONS)),
        processing_class=policy.tokenizer,
    )
    rank = trainer.accelerator.process_index
    rows = range(rank * per_device, (rank + 1) * per_device)

    def generate(prompts: list[Any]) -> tuple[Any, ...]:
        texts = [completion(row) for row in rows]
        end = policy.tokenizer.eos_token_id
        ids = [policy.tokenizer.encode(t) + ([end] if "</think>" in t else []) for t in texts]
        return [[1, 2]] * len(ids), ids, None, texts, None, {}, None, []

    trainer._generate = generate
    trainer.model.train()
    inputs = [{"prompt": "x", "problem": row // GROUP} for row in rows]
    scored = trainer._generate_and_score_completions(inputs)
    metrics = {k: v[-1] for k, v in trainer._metrics["train"].items()}
    report = {
        "rows": list(rows),
        "advantages": scored["advantages"].tolist(),
        "metrics": {k: v for k, v in metrics.items() if k.startswith(("facts", "rew", "adv"))},
    }
    (output / f"rank{rank}.json").write_text(json.dumps(report))
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    root = Path(sys.argv[1])
    small_world = World(root, root / "model", root / "tagger", root / "problems.jsonl")
    main(small_world, Path(sys.argv[2]), int(sys.argv[3]))
