"""Charges the share of a completion's n-grams that have occurred before.

For a rollout that the gate lets through

    reward = - (1 - distinct n-grams / n-grams)

over the token ids of the completion; 0 for all others, and for completions of fewer than n tokens.

Source: Demystifying Long Chain-of-Thought Reasoning, arXiv 2502.03373, appendix C.2; TRL's
get_repetition_penalty_reward, which has n = 3, charges everybody (`gate: none`) and scales by
max_penalty, here the weight. The paper charges each repeated token of a 40-gram on its own (-0.05);
this term charges the rollout, and n is one of the sizes that are facts of a rollout.

Incorrect rollouts: nothing. With `gate: none`, as published, one that repeats itself loses up to 1;
as repetition grows with length, that pays incorrect rollouts for being short.

Example:
    repetition: {weight: 0.2, ngram: 4}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from rewards.terms.population import Gate, let_through
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class RepetitionParams(Settings):
    """Parameters of ``repetition``.

    Attributes:
        ngram: Tokens of an n-gram.
        gate: Who is charged: ``correct`` rollouts, or everybody (``none``).
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'repetition'"

    ngram: Literal[2, 3, 4, 6] = 3
    gate: Gate = "correct"


@dataclass(frozen=True)
class Repetition(Term[RepetitionParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        charge = rollouts[f"repeated_{self.params.ngram}grams"]
        charged = let_through(rollouts, self.params.gate)
        return 0.0 - charge.masked_fill(~charged, 0.0)


def bounds(params: RepetitionParams) -> TermBounds:
    """Down to -1 for whoever is charged."""
    incorrect = (0.0, 0.0) if params.gate == "correct" else (-1.0, 0.0)
    return TermBounds((-1.0, 0.0), incorrect)


KIND = TermKind(
    RepetitionParams,
    Repetition,
    bounds,
    source="Yeo et al. 2025, Demystifying Long Chain-of-Thought Reasoning, arXiv 2502.03373",
)
