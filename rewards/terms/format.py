"""Pays for closing the thinking once and answering after it.

    reward = 1 if the thinking is closed once, is not blank and an answer follows, else 0

With ``require_end`` the model must have ended the answer itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class FormatParams(Settings):
    """Parameters of ``format``.

    Attributes:
        require_end: Pay only if the answer was ended too, not cut off by the token budget.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'format'"

    require_end: bool = True


@dataclass(frozen=True)
class Format(Term[FormatParams]):
    """See `FormatParams`."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """1 for a well-formed rollout, else 0; (B,)."""
        value = rollouts["format_ok"]
        return value * rollouts["finished"] if self.params.require_end else value


def bounds(params: FormatParams) -> TermBounds:
    """A correct rollout may be malformed, an incorrect one well-formed."""
    return TermBounds(correct=(0.0, 1.0), incorrect=(0.0, 1.0))


KIND = TermKind(FormatParams, Format, bounds)
