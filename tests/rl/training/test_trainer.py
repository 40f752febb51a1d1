"""The advantage: weights stay meaningful, whatever the group looks like."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from datasets import Dataset

from rewards.aggregation.registry import build_aggregation
from rewards.facts.compute import FactsComputer, Task
from rewards.stack import build_stack
from rl.policy.load import load_policy
from rl.training.advantages.redraw import Drawn
from rl.training.config import config_from_dict
from rl.training.grpo_config import training_arguments
from rl.training.trainer import StepGRPOTrainer
from tests.rewards.fakes import KeywordTagger
from tests.world import World

ALL_RIGHT = [(0, True), (1, True), (2, True), (5, True)]
MIXED = [(0, False), (1, True), (2, True), (5, False)]


def completion(checks: int, right: bool) -> str:
    steps = ["3 + 4 = 7."] + ["Let me check: 3 + 4 = 7."] * checks
    return "\n\n".join(steps) + f"\n</think>\n\n\\boxed{{{7 if right else 8}}}"


class Bench:
    """A trainer fed with written rollouts."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        self.policy = load_policy(str(world.model), device="cpu")

    def trainer(
        self, group: list[tuple[int, bool]], weight: Any, aggregation: Any = None, **grpo: Any
    ) -> StepGRPOTrainer:
        """A trainer whose policy writes one group."""
        config = config_from_dict(
            self.world.config(
                self.folder / "run",
                grpo={"per_device_train_batch_size": 4, "num_generations": 4, **grpo},
            )
        )
        terms = {"correctness": {}, "step_count": {"weight": weight}}
        tagger, tokenizer = KeywordTagger(), self.policy.tokenizer
        trainer = StepGRPOTrainer(
            stack=build_stack(terms, tagger.taxonomy, allow_charge_above_correctness=True),
            facts=FactsComputer(tagger, tokenizer, self.policy.delimiters),
            tasks=[Task("3 + 4 = ?", "7")],
            model=self.policy.model,
            args=training_arguments(config, gpu=False),
            train_dataset=Dataset.from_list([{"prompt": "x", "problem": 0}]),
            processing_class=tokenizer,
            aggregation=aggregation and build_aggregation(aggregation),
        )
        texts = [completion(*member) for member in group]
        ids = [[*tokenizer.encode(t), tokenizer.eos_token_id] for t in texts]
        trainer._generate = lambda prompts: ([[1]] * 4, ids, None, texts, None, {}, None, [])
        trainer.model.train()
        return trainer

    def advantages(
        self, group: list[tuple[int, bool]], weight: Any, aggregation: Any = None, **grpo: Any
    ) -> tuple[torch.Tensor, dict[str, float]]:
        trainer = self.trainer(group, weight, aggregation, **grpo)
        scored = trainer._generate_and_score_completions([{"prompt": "x", "problem": 0}] * 4)
        metrics = {k: v[-1] for k, v in trainer._metrics["train"].items()}
        assert list(trainer._logs["advantages"]) == pytest.approx(scored["advantages"].tolist())
        return scored["advantages"], metrics


@pytest.fixture(scope="module")
def bench(world: World, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(world, tmp_path_factory.mktemp("bench"))


def test_the_advantage_is_the_reward_less_its_groups_mean(bench: Bench) -> None:
    advantages, metrics = bench.advantages(MIXED, 0.1)
    rewards = torch.tensor([0.0, 0.9, 0.8, 0.0])
    assert torch.allclose(advantages, rewards - rewards.mean(), atol=1e-6)
    assert metrics["facts/correct"] == 0.5
    assert metrics["facts/count/VERIFY"] == 2.0
    assert metrics["rewards/step_count/mean"] == pytest.approx(-0.75)  # unweighted
    assert metrics["weight/step_count"] == pytest.approx(0.1)


@pytest.mark.parametrize("group", [ALL_RIGHT, MIXED])
def test_doubling_a_weight_doubles_its_share(bench: Bench, group: list[tuple[int, bool]]) -> None:
    none, _ = bench.advantages(group, 0.0)
    once, logged_once = bench.advantages(group, 0.1)
    twice, logged_twice = bench.advantages(group, 0.2)
    assert (once - none).abs().max() > 0.01
    assert torch.allclose(twice - none, 2 * (once - none), atol=1e-6)
    key = "advantage/step_count"
    assert logged_twice[key] == pytest.approx(2 * logged_once[key], rel=1e-5)
    assert logged_once[key] == pytest.approx(float((once - none).abs().mean()), rel=1e-5)


def test_dividing_by_the_groups_deviation_would_cancel_the_weight(bench: Bench) -> None:
    """Why it is not the default: in an all-right group the weight has no effect at all."""
    once, _ = bench.advantages(ALL_RIGHT, 0.1, scale_rewards="group")
    twice, _ = bench.advantages(ALL_RIGHT, 0.2, scale_rewards="group")
    assert torch.allclose(once, twice, rtol=0.01)


def test_a_group_without_differences_moves_nothing(bench: Bench) -> None:
    advantages, metrics = bench.advantages([(2, True)] * 4, 0.1)
    assert torch.equal(advantages, torch.zeros(4))
    assert metrics["frac_reward_zero_std"] == 1.0


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("among_correct", [-0.5, 0.55, 0.45, -0.5]),
        ("batch", [-0.4250 / 0.4924, 0.4750 / 0.4924, 0.3750 / 0.4924, -0.4250 / 0.4924]),
        ({"kind": "gfpo", "keep": 2, "scale": "none"}, [-0.45, 0.45, 0.0, 0.0]),
        ("drpo", [-0.5, 0.731059, 0.268941, -0.5]),
        ("rdpo", None),
    ],
)
def test_a_method_of_ours_takes_the_place_of_trls_advantages(
    bench: Bench, method: Any, wanted: list[float] | None
) -> None:
    advantages, metrics = bench.advantages(MIXED, 0.1, method)
    if wanted is None:
        assert float(advantages.sum()) == pytest.approx(0, abs=1e-5)
        assert float(advantages.abs().min()) > 0.1
    else:
        assert advantages.tolist() == pytest.approx(wanted, abs=1e-3)
    assert metrics["advantage/step_count"] > 0.01 and metrics["advantage/correctness"] > 0.1


def test_what_learns_from_batches_sees_the_first_draw(bench: Bench) -> None:
    """Of a batch drawn again: the rollouts it trains on were chosen by their outcome."""
    trainer, seen = bench.trainer(MIXED, 0.1), list[float]()

    def see(table: torch.Tensor, groups: torch.Tensor, columns: Any) -> None:
        seen.append(float(table[:, columns.index("correct")].mean()))

    rows: list[dict[str, Any]] = [{"prompt": "x", "problem": 0}] * 4
    tokenizer = bench.policy.tokenizer

    def ids(group: list[tuple[int, bool]]) -> list[list[int]]:
        return [
            [*tokenizer.encode(completion(*member)), tokenizer.eos_token_id] for member in group
        ]

    def analyses(group: list[tuple[int, bool]]) -> Any:
        return trainer._scorer.analyze(ids(group), rows)

    trainer._watchers = [SimpleNamespace(see=see)]
    first = trainer.score(analyses(ALL_RIGHT), rows)
    trainer._drawn = Drawn(rows, ids(MIXED), analyses(MIXED), {}, first)
    terms = trainer._calculate_rewards(rows, [], [], ids(MIXED))
    assert seen == [1.0] and terms[:, 0].tolist() == [0.0, 1.0, 1.0, 0.0]
    assert trainer.stack.trend.state_dict()["sums"][0][2] == 0.0  # no group with both kinds


PER_ROLLOUT = ("grpo", "sapo", "luspo", "dr_grpo")
PER_TOKEN = ("bnpo", "dapo", "cispo", "vespo")


def test_gfpo_masks_the_others_out_of_every_loss(bench: Bench) -> None:
    """The loss is that of the kept rollouts alone; where it is a mean over rollouts, 2/4 of it."""
    aggregation = {"kind": "gfpo", "keep": 2}
    trainer = bench.trainer(MIXED, 0.1, aggregation, max_completion_length=64)
    whole = trainer._generate_and_score_completions([{"prompt": "x", "problem": 0}] * 4)
    kept = whole["completion_mask"].sum(dim=1) > 0
    assert kept.tolist() == [True, True, False, False]
    trainer.current_gradient_accumulation_steps = 1
    alone = {k: v[kept] if isinstance(v, torch.Tensor) and v.dim() else v for k, v in whole.items()}
    for loss_type in PER_ROLLOUT + PER_TOKEN:
        trainer.loss_type, share = loss_type, 0.5 if loss_type in PER_ROLLOUT else 1.0
        gradients = []
        for inputs in (whole, alone):
            trainer.model.zero_grad()
            trainer._compute_loss(trainer.model, inputs).backward()
            weight = trainer.model.get_output_embeddings().weight
            gradients.append(weight.grad.clone())
        assert float(gradients[0].abs().max()) > 1e-6, loss_type
        torch.testing.assert_close(
            gradients[0], share * gradients[1], rtol=1e-3, atol=1e-7, msg=loss_type
        )
