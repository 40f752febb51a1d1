"""verl's custom reward function.

In verl's config::

    custom_reward_function.path=my_reward.py custom_reward_function.name=compute_score

and in ``my_reward.py``::

    from rewards.adapters.verl import verl_reward
    compute_score = verl_reward({"correctness": {}, "step_count": {"weight": 0.1}}, "Qwen/Qwen3-4B")

verl calls ``compute_score(data_source, solution_str, ground_truth, extra_info)`` once a rollout and
takes a float, or a mapping whose ``score`` is the reward and whose other numbers are logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rewards.function import StepReward


@dataclass(frozen=True)
class VerlReward:
    """A reward function with verl's signature; it pickles, as verl's workers need.

    Attributes:
        reward: The reward behind it.
    """

    reward: StepReward

    def __call__(
        self,
        data_source: str,
        solution_str: str,
        ground_truth: str,
        extra_info: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> float:
        """Reward one rollout.

        Args:
            data_source: verl's name of the data set; not read.
            solution_str: Text of the response.
            ground_truth: The reference answer.
            extra_info: Its ``question``, if there is one, is shown to the tagger.

        Returns:
            The reward; 0 where no term applies.
        """
        question = str((extra_info or {}).get("question", ""))
        (value,) = self.reward.score([solution_str], [ground_truth], [question])
        return 0.0 if value is None else value


def verl_reward(terms: Mapping[str, Any], tokenizer: Any, **settings: Any) -> VerlReward:
    """Make a reward function for verl.

    Args:
        terms: As for `StepReward`.
        tokenizer: As for `StepReward`.
        settings: Further settings of `StepReward`.
    """
    reward = StepReward(terms, tokenizer, **settings)
    reward.require_fixed_weights("verl")
    return VerlReward(reward)
