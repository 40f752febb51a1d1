"""A reward function for a rubric of verifiers.

::

    import verifiers as vf
    from rewards.adapters.verifiers import rubric_reward

    rubric = vf.Rubric(funcs=[rubric_reward({"correctness": {}}, "Qwen/Qwen3-4B")], weights=[1.0])

verifiers passes what a function names among ``prompt``, ``completion``, ``answer``, ``state``, ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rewards.function import StepReward
from rewards.prompts import last_question


@dataclass(frozen=True)
class RubricReward:
    """A reward function with the signature of verifiers.

    Attributes:
        reward: The reward behind it.
        close: The closing thinking delimiter, put between a message's reasoning and its answer.
    """

    reward: StepReward
    close: str
    __name__ = "step_reward"  # verifiers names its metrics by it

    def __call__(
        self,
        prompt: str | Sequence[Mapping[str, Any]],
        completion: str | Sequence[Mapping[str, Any]],
        answer: Any,
    ) -> float:
        """Reward one rollout.

        Args:
            prompt: Text, or messages.
            completion: Text, or messages: the last one of the assistant counts, its
                ``reasoning_content`` or ``reasoning`` before its ``content``.
            answer: The reference answer.

        Returns:
            The reward; 0 where no term applies.
        """
        text = completion if isinstance(completion, str) else self._last_turn(completion)
        (value,) = self.reward.score([text], [str(answer)], [last_question(prompt)])
        return 0.0 if value is None else value

    def _last_turn(self, messages: Sequence[Mapping[str, Any]]) -> str:
        turns = [m for m in messages if m.get("role") == "assistant"]
        if not turns:
            return ""
        thinking = turns[-1].get("reasoning_content") or turns[-1].get("reasoning")
        content = str(turns[-1].get("content") or "")
        return f"{thinking}{self.close}{content}" if thinking else content


def rubric_reward(terms: Mapping[str, Any], tokenizer: Any, **settings: Any) -> RubricReward:
    """Make a reward function for a rubric.

    Args:
        terms: As for `StepReward`.
        tokenizer: As for `StepReward`.
        settings: Further settings of `StepReward`.
    """
    reward = StepReward(terms, tokenizer, **settings)
    reward.require_fixed_weights("verifiers")
    return RubricReward(reward, reward.thinking_delimiters.close)
