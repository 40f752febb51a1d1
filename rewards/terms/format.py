"""Pays for closing the thinking once and answering after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rewards.facts.columns import column_index, columns
from rewards.terms.base import RewardTerm, TermBounds
from tagger.config.settings import Settings
from tagger.taxonomies.taxonomy import Taxonomy

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


def build(params: FormatParams, taxonomy: Taxonomy) -> RewardTerm:
    """Build the term: 1 for a well-formed rollout, else 0."""
    names = columns(taxonomy)
    format_ok, finished = column_index(names, "format_ok"), column_index(names, "finished")

    def well_formed(facts: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        value = facts[:, format_ok]
        return value * facts[:, finished] if params.require_end else value

    return well_formed


def bounds(params: FormatParams) -> TermBounds:
    """A correct rollout may be malformed, an incorrect one well-formed."""
    return TermBounds(correct=(0.0, 1.0), incorrect=(0.0, 1.0))
