"""Pays for the correct final answer."""

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
class CorrectnessParams(Settings):
    """Correctness takes no parameters: 1 for a correct answer, 0 for an incorrect one."""

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'correctness'"


def build(params: CorrectnessParams, taxonomy: Taxonomy) -> RewardTerm:
    """Build the term; see `CorrectnessParams`."""
    column = column_index(columns(taxonomy), "correct")

    def correctness(facts: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        return facts[:, column]

    return correctness


def bounds(params: CorrectnessParams) -> TermBounds:
    """Correctness alone tells the two apart."""
    return TermBounds(correct=(1.0, 1.0), incorrect=(0.0, 0.0))
