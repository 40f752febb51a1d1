"""`StepGRPOTrainer` against stock `GRPOTrainer`: the same rewards give the same training.

Both trainers are fed the same written rollouts; the stock one is paid by plain reward functions
that know nothing of the kit, ours by reward terms over facts. Advantages, losses and weights after
the updates must agree to 1e-6, whatever of TRL's settings is in play.
"""

from __future__ import annotations

import copy
import pickle
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import set_seed
from trl import GRPOTrainer

from rewards.facts.compute import FactsComputer, Task
from rewards.function import StepReward
from rewards.stack import build_stack
from rl.policy.load import Policy, load_policy, lora_config
from rl.training.config import config_from_dict
from rl.training.grpo_config import training_arguments
from rl.training.trainer import StepGRPOTrainer
from tagger.frozen import FrozenTagger
from tests.rewards.fakes import KeywordTagger
from tests.world import World, make_world

pytestmark = pytest.mark.slow

GROUP = 4
WEIGHTS = {"correct": 1.0, "verification": 0.1}
TASKS = [(f"{a} + {b} = ?", a + b) for a in (1, 2, 3, 4) for b in (2, 5)]
TOLERANCE = 1e-6

CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "gradient accumulation": {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2},
    "a generation reused": {"steps_per_generation": 2},
    "two iterations": {"num_iterations": 2},
    "truncated completions masked": {"mask_truncated_completions": True},
    "scaled by the group's deviation": {"scale_rewards": "group"},
    "scaled by the batch's deviation": {"scale_rewards": "batch"},
    "terms normalised before the sum": {"multi_objective_aggregation": "normalize_then_sum"},
    "a KL term": {"beta": 0.05},
}


def rollout(question: str, member: int) -> tuple[str, bool]:
    """A completion and whether it ends: correct or not, with 0 to 3 checks, one in four cut off."""
    answer = dict(TASKS)[question]
    wrong = (answer + member) % 3 == 0
    checks = (answer * 2 + member) % 4
    steps = [f"I add: {question[:5]} = {answer}."]
    steps += [f"Let me check: {question[:5]} = {answer}."] * checks
    if (answer + 2 * member) % 4 == 3:
        return "\n\n".join(steps), False
    return "\n\n".join(steps) + f"\n</think>\n\n\\boxed{{{answer + wrong}}}", True


def correct(completions: list[Any], answer: list[int], **_: Any) -> list[float]:
    """1 for a box that holds the answer."""
    boxes = [re.findall(r"\\boxed\{(\d+)\}", c[0]["content"]) for c in completions]
    return [float(bool(b) and int(b[-1]) == a) for b, a in zip(boxes, answer, strict=True)]


def verification(completions: list[Any], answer: list[int], **_: Any) -> list[float]:
    """Minus the number of checks, for correct completions."""
    paid = correct(completions, answer)
    return [-p * c[0]["content"].count("check") for p, c in zip(paid, completions, strict=True)]


class Written:
    """Feeds a trainer with written rollouts and notes the advantages it makes of them."""

    def __init__(self, policy: Policy, ends: list[int]) -> None:
        self.policy, self.ends = policy, ends
        self.advantages: list[torch.Tensor] = []

    def attach(self, trainer: GRPOTrainer) -> GRPOTrainer:
        score = trainer._generate_and_score_completions

        def noted(inputs: Any) -> Any:
            scored = score(inputs)
            self.advantages.append(scored["advantages"].clone())
            return scored

        trainer._generate_single_turn = self._generate
        trainer._generate_and_score_completions = noted
        return trainer

    def _generate(self, prompt_ids: list[list[int]], *_: Any, **__: Any) -> tuple[Any, None]:
        tokenizer = self.policy.tokenizer
        out = []
        for row, ids in enumerate(prompt_ids):
            (question,) = (q for q, _ in TASKS if q in tokenizer.decode(ids))
            text, ended = rollout(question, row % GROUP)
            end = [self.ends[row % len(self.ends)]] if ended else []
            out.append(tokenizer.encode(text) + end)
        return out, None


def run(
    world: World, folder: Path, stock: str, grpo: dict[str, Any], *,
    lora: bool = False, second_end: bool = False, trim: bool = False, tagger: Any = None,
) -> tuple[list[torch.Tensor], list[dict[str, float]], dict[str, torch.Tensor]]:  # fmt: skip
    """Train for four steps; advantages, logged losses, and weights at the end.

    Args:
        world: Policy and tagger.
        folder: Where the run would write.
        stock: ``plain`` or ``callable``: TRL's trainer with plain reward functions, or with the
            kit's; empty for ours.
        grpo: Settings of TRL.
        lora: Train an adapter.
        second_end: End every other completion with a second end token.
        trim: Our trainer leaves padding out.
        tagger: Of ours; a tagger by keywords if None.
    """
    policy = load_policy(str(world.model), device="cpu")
    tokenizer = policy.tokenizer
    ends = [int(tokenizer.eos_token_id)]
    if second_end:
        ends.append(int(tokenizer.encode("?")[-1]))
        policy.model.generation_config.eos_token_id = list(ends)
    settings = {
        "per_device_train_batch_size": 8,
        "num_generations": GROUP,
        "max_completion_length": 256,
        "learning_rate": 1e-2,
        "max_steps": 4,
        "save_strategy": "no",
        **grpo,
    }
    config = config_from_dict(world.config(folder / "run", grpo=settings))
    args = training_arguments(config, gpu=False)
    rows = [
        {"prompt": [{"role": "user", "content": q}], "problem": i, "answer": a}
        for i, (q, a) in enumerate(TASKS)
    ]
    common: dict[str, Any] = {
        "model": policy.model,
        "train_dataset": Dataset.from_list(rows),
        "processing_class": tokenizer,
        "peft_config": lora_config({"r": 4, "lora_alpha": 8}) if lora else None,
    }
    set_seed(0)
    terms = {
        "correctness": {"weight": WEIGHTS["correct"]},
        "step_count": {"weight": WEIGHTS["verification"]},
    }
    if stock == "plain":
        args = copy.deepcopy(args)
        args.reward_weights = list(WEIGHTS.values())
        trainer = GRPOTrainer(reward_funcs=[correct, verification], args=args, **common)
    elif stock == "callable":
        reward = StepReward(terms, tokenizer, tagger=str(world.tagger), group_size=GROUP)
        trainer = GRPOTrainer(
            reward_funcs=[pickle.loads(pickle.dumps(reward))], args=args, **common
        )
    else:
        tagger = tagger or KeywordTagger()
        trainer = StepGRPOTrainer(
            stack=build_stack(terms, tagger.taxonomy),
            facts=FactsComputer(tagger, tokenizer, policy.delimiters, end_ids=ends),
            tasks=[Task(q, str(a)) for q, a in TASKS],
            args=args,
            trim_padding=trim,
            **common,
        )
    written = Written(policy, ends)
    written.attach(trainer)
    trainer.train()
    losses = [row for row in trainer.state.log_history if "loss" in row]
    return written.advantages, losses, trainer.model.state_dict()


def differences(world: World, folder: Path, grpo: dict[str, Any], **how: bool) -> dict[str, float]:
    """Largest difference of each kind between the two trainers."""
    theirs, their_log, their_weights = run(world, folder / "stock", "plain", grpo, **how)
    ours, our_log, our_weights = run(world, folder / "ours", "", grpo, **how)
    assert len(ours) == len(theirs) > 1 and len(our_log) == len(their_log) == 4
    assert max(float(a.abs().max()) for a in theirs) > 0.1  # there is something to learn from
    start = load_policy(str(world.model), device="cpu").model.state_dict()
    moved = [float((w - start[k]).abs().max()) for k, w in their_weights.items() if k in start] or [
        float(w.abs().max()) for k, w in their_weights.items() if "lora_B" in k
    ]
    assert max(moved) > 1e-3  # and the weights do move
    assert our_weights.keys() == their_weights.keys()
    return {
        "advantages": max(float((a - b).abs().max()) for a, b in zip(ours, theirs, strict=True)),
        "loss": max(abs(a["loss"] - b["loss"]) for a, b in zip(our_log, their_log, strict=True)),
        "weights": max(float((our_weights[k] - w).abs().max()) for k, w in their_weights.items()),
    }


@pytest.mark.parametrize("case", CASES)
def test_step_grpo_trainer_equals_stock_trl(world: World, tmp_path: Path, case: str) -> None:
    found = differences(world, tmp_path, CASES[case])
    assert max(found.values()) <= TOLERANCE, found


def test_step_grpo_trainer_without_padding_equals_stock_trl(world: World, tmp_path: Path) -> None:
    grpo = {"learning_rate": 1e-3, **CASES["gradient accumulation"]}
    found = differences(world, tmp_path, grpo, trim=True)
    # Sums in another order: noise of 1e-8 in a gradient, which Adam divides by the gradient.
    assert found["loss"] <= TOLERANCE and found["weights"] <= 1e-5, found


def test_step_grpo_trainer_equals_stock_trl_with_lora(world: World, tmp_path: Path) -> None:
    found = differences(world, tmp_path, {}, lora=True)
    assert max(found.values()) <= TOLERANCE, found


@pytest.mark.parametrize("mask", [False, True])
def test_step_grpo_trainer_equals_stock_trl_with_two_end_ids(
    world: World, tmp_path: Path, mask: bool
) -> None:
    grpo = {"mask_truncated_completions": mask}
    found = differences(world, tmp_path, grpo, second_end=True)
    assert max(found.values()) <= TOLERANCE, found


def test_step_reward_in_stock_trl_equals_step_grpo_trainer(world: World, tmp_path: Path) -> None:
    theirs, their_log, their_weights = run(world, tmp_path / "stock", "callable", {})
    tagger = FrozenTagger.load(world.tagger)
    ours, our_log, our_weights = run(world, tmp_path / "ours", "", {}, tagger=tagger)
    assert max(float(a.abs().max()) for a in ours) > 0.1
    for a, b in zip(ours, theirs, strict=True):
        assert float((a - b).abs().max()) <= TOLERANCE
    for name, weight in our_weights.items():
        assert float((their_weights[name] - weight).abs().max()) <= TOLERANCE
    for mine, stock in zip(our_log, their_log, strict=True):
        assert mine["reward"] == pytest.approx(stock["reward"], abs=TOLERANCE)
        assert stock["step_reward/correctness"] == pytest.approx(
            mine["rewards/correctness/mean"], abs=TOLERANCE
        )


def main() -> None:
    """Print the largest differences (``python -m tests.rl.training.test_against_trl``)."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        world = make_world(root)
        found = {case: differences(world, root / case, grpo) for case, grpo in CASES.items()}
        found["LoRA"] = differences(world, root / "lora", {}, lora=True)
        found["two end ids"] = differences(world, root / "ends", {}, second_end=True)
        masked = {"mask_truncated_completions": True}
        found["two end ids, masked"] = differences(world, root / "mask", masked, second_end=True)
    for case, values in found.items():
        print(f"{case}: " + ", ".join(f"{name} {value:.1e}" for name, value in values.items()))


if __name__ == "__main__":
    main()
