"""Reward terms and their weights, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rewards.ranking import refuse_charge_above_correctness
from rewards.terms.base import RewardTerm, TermBounds
from rewards.terms.registry import build_term, term_bounds
from rewards.weights import WeightController, build_weight
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import Taxonomy

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class WeightedTerm:
    """A term under the name its metrics carry, with its weight and the values it can have."""

    name: str
    term: RewardTerm
    weight: WeightController
    bounds: TermBounds


class RewardStack:
    """All reward terms of a run.

    Args:
        terms: The terms; their names must differ.

    Raises:
        UserError: No term, or two with one name.
    """

    def __init__(self, terms: list[WeightedTerm]) -> None:
        if not terms:
            raise UserError("The reward has no terms; add at least 'correctness'.")
        names = [t.name for t in terms]
        if len(set(names)) != len(names):
            raise UserError(f"Two reward terms share a name in {names}; rename one.")
        self.terms = tuple(terms)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the terms, in order."""
        return tuple(t.name for t in self.terms)

    def table(self, facts: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        """Every term of every rollout.

        Args:
            facts: Shape (B, C), gathered from all processes.
            groups: Shape (B,); rollouts of one prompt share a number.

        Returns:
            Shape (B, n_terms), unweighted; NaN where a term does not apply.
        """
        import torch

        return torch.stack([t.term(facts, groups) for t in self.terms], dim=1)

    def weights(self, step: int) -> torch.Tensor:
        """Weights at an optimizer step; shape (n_terms,), float32."""
        import torch

        return torch.tensor([t.weight.weight(step) for t in self.terms], dtype=torch.float32)

    def total(self, table: torch.Tensor, step: int) -> torch.Tensor:
        """Weighted sum over the terms that apply.

        Args:
            table: What `table` returned.
            step: The optimizer step.

        Returns:
            Shape (B,); NaN where no term applies.
        """
        total = (table * self.weights(step).to(table.device)).nansum(dim=1)
        return total.masked_fill(table.isnan().all(dim=1), float("nan"))

    def state_dict(self) -> dict[str, Any]:
        """States of the weights by term name, for the checkpoint."""
        return {t.name: t.weight.state_dict() for t in self.terms}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the states of a checkpoint.

        Raises:
            UserError: It was made with other terms or weights.
        """
        if set(state) != set(self.names):
            raise UserError(
                f"The checkpoint has the reward terms {sorted(state)}, the config has "
                f"{sorted(self.names)}; resume with the config of the run."
            )
        for term in self.terms:
            term.weight.load_state_dict(state[term.name])


def build_stack(
    config: Mapping[str, Any],
    taxonomy: Taxonomy,
    allow_charge_above_correctness: bool = False,
) -> RewardStack:
    """Build the reward from its config.

    Args:
        config: Name to ``{weight: ..., **parameters}``. The name is the term's kind, unless
            ``kind`` says otherwise, so that one kind can serve twice under two names.
        taxonomy: Taxonomy of the tagger.
        allow_charge_above_correctness: Accept terms that can rank a correct rollout with or below
            an incorrect one.

    Raises:
        UserError: Unknown term, parameter, type or value; or such terms, and they are not allowed.
    """
    terms = []
    for name, given in config.items():
        if given is not None and not isinstance(given, Mapping):
            raise UserError(
                f"reward.terms.{name} is {given!r}; it must be a mapping like {{weight: 1.0}}."
            )
        params = dict(given or {})
        weight = build_weight(params.pop("weight", 1.0))
        kind = str(params.pop("kind", name))
        term, bounds = build_term(kind, params, taxonomy), term_bounds(kind, params)
        terms.append(WeightedTerm(str(name), term, weight, bounds))
    stack = RewardStack(terms)
    if not allow_charge_above_correctness:
        refuse_charge_above_correctness({t.name: (t.weight, t.bounds) for t in stack.terms})
    return stack
