"""Charges correct rollouts by how long they are among the group's correct ones.

For a correct rollout of L tokens

    reward = - sigmoid((L - mean) / (sd + 1e-7))

with mean and population deviation sd over the correct, finished rollouts of its group, so that a
lone one pays one half; 0 for all others. With correctness at weight 1 and this term at weight
alpha it is the reward of the paper, whose scripts have alpha 0.1.

Source: Arora and Zanette, Training Language Models to Reason Efficiently, arXiv 2502.04463, eq. 1;
reward_server/math_server.py at e3611e4. A correct rollout without an end token earns nothing
there; here it keeps what correctness pays and is left out of mean and deviation. ``deviation:
sample`` at weight 0.4 is compute_norm_length_penalty of hkust-nlp/Laser at c9e7c4e, but for a lone
correct rollout: there it has mean 0 and deviation 1 and so pays all of the weight, whatever its
length; here it pays one half.

Incorrect rollouts: nothing.

Example:
    length_sigmoid: {weight: 0.1}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind, always
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch

_EPSILON = 1e-7


@dataclass(frozen=True)
class LengthSigmoidParams(Settings):
    """Parameters of ``length_sigmoid``.

    Attributes:
        deviation: ``population`` divides by n as the paper's code does, ``sample`` by n - 1.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'length_sigmoid'"

    deviation: Literal["population", "sample"] = "population"


@dataclass(frozen=True)
class LengthSigmoid(Term[LengthSigmoidParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        counted, ddof = rollouts.completed, int(self.params.deviation == "sample")
        z = rollouts.groups.z_scores(rollouts.tokens, counted, ddof, _EPSILON)
        return (-z.sigmoid()).masked_fill(~counted, 0.0)


KIND = TermKind(
    LengthSigmoidParams,
    LengthSigmoid,
    lambda params: TermBounds(correct=(-1.0, 0.0), incorrect=(0.0, 0.0)),
    source="Arora and Zanette 2025, arXiv 2502.04463",
    compares=always,
)
