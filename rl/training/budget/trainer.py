"""Training under a budget of thinking: what was forced carries no loss."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from trl import GRPOTrainer

from rewards.facts.compute import FactsComputer
from rl.training.budget.engine import starting_vllm
from rl.training.budget.thinking import ThinkingBudget


class BudgetedTrainer(GRPOTrainer):
    """`GRPOTrainer` that leaves forced tokens out of the loss.

    Args:
        thinking_budget: Most thinking tokens of a rollout; None sets no bound.
        kwargs: Passed to `GRPOTrainer`.

    Attributes:
        thinking_budget: Closes the thinking of rollouts and knows what it forced; None without.
    """

    facts: FactsComputer

    def __init__(self, thinking_budget: int | None = None, **kwargs: Any) -> None:
        self.thinking_budget: ThinkingBudget | None = None
        if thinking_budget is not None:
            analyze = self.facts.analyze
            self.thinking_budget = ThinkingBudget(
                thinking_budget, analyze.tokenizer, analyze.delimiters, analyze.prompt_end
            )
        args, forces = kwargs["args"], self.thinking_budget is not None
        colocated = args.use_vllm and args.vllm_mode == "colocate"
        with starting_vllm(forces=forces) if colocated else nullcontext():
            super().__init__(**kwargs)

    def _generate(self, prompts: list[Any]) -> Any:
        """As TRL's; forced tokens are marked as it marks those of tools, which carry no loss."""
        prompt_ids, ids, mask, *others = super()._generate(prompts)
        if self.thinking_budget is not None and self.model.training:
            mask = [self.thinking_budget.written(row) for row in ids]
            cut = sum(not all(row) for row in mask) / len(mask)
            shares = self.accelerator.gather(torch.tensor([cut], device=self.accelerator.device))
            self._metrics["train"]["completions/forced_ratio"].append(float(shares.mean()))
        return prompt_ids, ids, mask, *others
