"""A budget of thinking for training rollouts: closed by force, forced tokens left out of the loss.

Source: budget forcing, Muennighoff et al. 2025 (s1), arXiv 2501.19393, there at inference time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rl.training.grpo.keys import keys_of_other_sampling
from rl.training.sharding import weights_in_parts
from tagger.errors import UserError
from tagger.stopping.closing import ClosingSequence
from tagger.stopping.monitor import StepMonitor
from tagger.stopping.rules.token_budget import TokenBudgetRule
from tagger.thinking.split import PromptEnd, ThinkingDelimiters


@dataclass(frozen=True)
class ThinkingBudget:
    """Closes the thinking of rollouts that have used up their budget.

    Attributes:
        limit: Thinking tokens, at least 1.
        tokenizer: The policy's tokenizer.
        delimiters: The thinking delimiters.
        after: Where the prompts leave off.
    """

    limit: int
    tokenizer: Any
    delimiters: ThinkingDelimiters
    after: PromptEnd

    @cached_property
    def _closing(self) -> ClosingSequence:
        return ClosingSequence(self.tokenizer, self.delimiters)

    def monitor(self) -> StepMonitor:
        """What watches one rollout while it is drawn."""
        rule = TokenBudgetRule(limit=self.limit)
        return StepMonitor(
            None, rule, "", self.delimiters, self.tokenizer, self._closing, self.after
        )

    def written(self, ids: Sequence[int]) -> list[int]:
        """Which tokens of a rollout the policy wrote itself.

        The monitor is run over the tokens anew; it decides by them alone, so whatever drew the
        rollout under it forced the very same ones.

        Args:
            ids: Token ids of the rollout, end token included.

        Returns:
            One number a token: 1, or 0 where the token was forced.
        """
        if len(ids) <= self.limit:
            return [1] * len(ids)
        monitor, written = self.monitor(), []
        for token in ids:
            written.append(int(monitor.forced_token is None))
            monitor.feed_token(token)
        return written


def check_thinking_budget(limit: int, arguments: Any, environment: Mapping[str, str]) -> None:
    """Refuse a budget that would never act, or where rollouts are drawn without a monitor.

    Args:
        limit: The key ``thinking_budget``.
        arguments: TRL's `GRPOConfig`.
        environment: Environment variables, by which a launcher may ask for FSDP.

    Raises:
        UserError: It cannot work; the key is named.
    """
    if limit >= arguments.max_completion_length:
        raise UserError(
            f"thinking_budget is {limit}, and completions end at grpo.max_completion_length "
            f"({arguments.max_completion_length}) anyway; lower it, so that an answer fits behind."
        )
    if arguments.use_vllm:
        if arguments.vllm_mode == "server":
            raise UserError(
                "thinking_budget cannot act in a vLLM server (grpo.vllm_mode); take colocate, or "
                "leave it out."
            )
        if arguments.vllm_structured_outputs_regex is not None:
            raise UserError(
                "thinking_budget forces tokens that grpo.vllm_structured_outputs_regex may forbid; "
                "leave one of them out."
            )
        return
    for key in keys_of_other_sampling(arguments):
        raise UserError(
            f"thinking_budget acts in the kit's own sampler, which grpo.{key} replaces; leave one "
            "of them out."
        )
    deepspeed = arguments.deepspeed_plugin is not None
    if weights_in_parts(arguments, environment) and not (
        deepspeed and arguments.ds3_gather_for_generation
    ):
        raise UserError(
            "thinking_budget cannot act where rollouts are drawn by weights in parts (FSDP, or "
            "DeepSpeed with grpo.ds3_gather_for_generation: false); leave it out."
        )
