"""Reward terms and their weights, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isnan
from typing import TYPE_CHECKING, Any

from rewards.facts.columns import ROLLOUT_COLUMNS
from rewards.ranking import refuse_charge_above_correctness
from rewards.sites import site_of
from rewards.terms.base import RewardTerm, StatefulTerm, TermBounds
from rewards.terms.registry import (
    build_term,
    check_own_keys,
    compares,
    term_bounds,
    term_kind,
)
from rewards.weights import (
    Evaluated,
    LearningController,
    Site,
    WeightController,
    build_weight,
    summarize,
)
from rewards.weights.length_trend import LengthTrend
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import Taxonomy

if TYPE_CHECKING:
    import torch

_TERM = "term"
"""Key of a term's own state, next to those of its weight."""
_TOKENS = ROLLOUT_COLUMNS.index("tokens")
_CORRECT = ROLLOUT_COLUMNS.index("correct")


@dataclass(frozen=True)
class WeightedTerm:
    """A term under the name its metrics carry, with its weight and the values it can have.

    Attributes:
        name: Of its metrics.
        term: The term.
        weight: Its weight.
        bounds: The values it can have.
        may_not_apply: NaN means that it does not apply to a rollout, and is no error.
        kind: Its kind in the registry; empty for a term that comes from elsewhere.
        compares: It compares the rollouts of a group.
    """

    name: str
    term: RewardTerm
    weight: WeightController
    bounds: TermBounds
    may_not_apply: bool = True
    kind: str = ""
    compares: bool = False


class RewardStack:
    """All reward terms of a run.

    Attributes:
        terms: The terms.
        trend: The correlation of length and correctness over the batches observed.

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
        self.trend = LengthTrend()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the terms, in order."""
        return tuple(t.name for t in self.terms)

    @property
    def correctness(self) -> tuple[bool, ...]:
        """Which terms are of the kind ``correctness``, in order."""
        return tuple(t.kind == "correctness" for t in self.terms)

    def table(self, facts: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        """Every term of every rollout.

        Args:
            facts: Shape (B, C), gathered from all processes.
            groups: Shape (B,); rollouts of one prompt share a number.

        Returns:
            Shape (B, n_terms), unweighted; NaN where a term does not apply.

        Raises:
            UserError: A value is infinite, or NaN though the term applies to every rollout.
        """
        import torch

        found = [t.term(facts, groups) for t in self.terms]
        for term, values in zip(self.terms, found, strict=True):
            bad = values.isinf() if term.may_not_apply else ~values.isfinite()
            if bool(bad.any()):
                row = int(bad.nonzero()[0])
                raise UserError(
                    f"The reward term {term.name!r} is {float(values[row])} for rollout {row + 1} "
                    f"of {len(values)} of the step ({float(facts[row, _TOKENS]):g} tokens); it "
                    "must be finite: check its parameters."
                )
        return torch.stack(found, dim=1)

    def observe(
        self, facts: torch.Tensor, groups: torch.Tensor, terms: torch.Tensor, step: int
    ) -> bool:
        """Show a batch of training rollouts to the terms and weights that learn from them.

        Args:
            facts: Shape (B, C), gathered, so that all processes see the same.
            groups: Shape (B,).
            terms: What `table` returned for them.
            step: Optimizer steps done.

        Returns:
            Whether the correlation of length and correctness has turned positive with this batch,
            for the first time (`trend`).
        """
        for term in self.terms:
            if isinstance(term.term, StatefulTerm):
                term.term.observe(facts, groups)
        # On the CPU sums come out the same on every process.
        facts, groups, means = facts.cpu(), groups.cpu(), terms.double().cpu().nanmean(dim=0)
        turned = self.trend.see(facts[:, _TOKENS], facts[:, _CORRECT], groups)
        r, error = self.trend.correlation() or (None, None)
        batch = summarize(facts, groups, ROLLOUT_COLUMNS, step)
        for term, mean in zip(self.terms, means.tolist(), strict=True):
            if isinstance(term.weight, LearningController):
                value = None if isnan(mean) else mean
                term.weight.observe(
                    replace(batch, term=value, correlation=r, correlation_error=error)
                )
        return turned

    def observe_evaluation(self, seen: Evaluated) -> None:
        """Show an evaluation of the policy to the weights that learn from it."""
        for term in self.terms:
            if isinstance(term.weight, LearningController):
                term.weight.observe(seen)

    def metrics(self) -> dict[str, float]:
        """``constraint/<term>`` and ``slack/<term>`` of controlled weights, and the `trend`."""
        found = {}
        for term in self.terms:
            if isinstance(term.weight, LearningController):
                constraint = term.weight.constraint()
                if constraint is not None:
                    found[f"constraint/{term.name}"] = constraint.value
                    found[f"slack/{term.name}"] = constraint.slack
        return found | self.trend.metrics()

    def weights(self, step: int, known: Mapping[str, float] | None = None) -> torch.Tensor:
        """Weights at an optimizer step; shape (n_terms,), float32.

        Args:
            step: The optimizer step.
            known: Weights of some terms, by name, in place of their own.
        """
        import torch

        found = known or {}
        return torch.tensor(
            [found[t.name] if t.name in found else t.weight.weight(step) for t in self.terms],
            dtype=torch.float32,
        )

    def total(
        self, table: torch.Tensor, step: int, known: Mapping[str, float] | None = None
    ) -> torch.Tensor:
        """Weighted sum over the terms that apply.

        Args:
            table: What `table` returned.
            step: The optimizer step.
            known: As for `weights`.

        Returns:
            Shape (B,); NaN where no term applies.
        """
        total = (table * self.weights(step, known).to(table.device)).nansum(dim=1)
        return total.masked_fill(table.isnan().all(dim=1), float("nan"))

    def state_dict(self) -> dict[str, Any]:
        """States of weights and terms by term name, for the checkpoint."""
        return {
            t.name: t.weight.state_dict()
            | ({_TERM: t.term.state_dict()} if isinstance(t.term, StatefulTerm) else {})
            for t in self.terms
        }

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
            saved = dict(state[term.name])
            of_term = saved.pop(_TERM, None)
            if isinstance(term.term, StatefulTerm) and of_term is not None:
                term.term.load_state_dict(of_term)
            try:
                term.weight.load_state_dict(saved)
            except UserError as error:
                raise UserError(f"reward.terms.{term.name}.weight: {error}") from error


def build_stack(
    config: Mapping[str, Any],
    taxonomy: Taxonomy,
    allow_charge_above_correctness: bool = False,
    evaluates: bool = False,
) -> RewardStack:
    """Build the reward from its config.

    Args:
        config: Name to ``{weight: ..., **parameters}``. The name is the term's kind, unless
            ``kind`` says otherwise, so that one kind can serve twice under two names.
        taxonomy: Taxonomy of the tagger.
        allow_charge_above_correctness: Accept terms that can rank a correct rollout with or below
            an incorrect one.
        evaluates: Whether the policy is evaluated during training (``eval_problems``).

    Raises:
        UserError: Unknown term, parameter, type or value; or such terms, and they are not allowed.
    """
    terms, pays = [], _weights_of_correctness(config)
    for name, given in config.items():
        if given is not None and not isinstance(given, Mapping):
            raise UserError(
                f"reward.terms.{name} is {given!r}; it must be a mapping like {{weight: 1.0}}."
            )
        params = dict(given or {})
        given_weight = params.pop("weight", 1.0)
        kind = str(params.pop("kind", name))
        check_own_keys(kind, str(name), params)
        term, bounds = build_term(kind, params, taxonomy), term_bounds(kind, params)
        relative = compares(kind, params)
        site = site_of(str(name), term, bounds, taxonomy, pays, evaluates, relative)
        weight = build_weight(given_weight, site)
        optional = term_kind(kind).may_not_apply
        terms.append(WeightedTerm(str(name), term, weight, bounds, optional, kind, relative))
    stack = RewardStack(terms)
    if not allow_charge_above_correctness:
        refuse_charge_above_correctness({t.name: (t.weight, t.bounds) for t in stack.terms})
    return stack


def refuse_controllers(stack: RewardStack) -> None:
    """Refuse weights that follow the run: a reward function sees the rollouts of one process.

    Raises:
        UserError: There is one; the term is named.
    """
    for term in stack.terms:
        if isinstance(term.weight, LearningController):
            raise UserError(
                f"The weight of {term.name!r} follows the rollouts of the whole batch, which a "
                "reward function does not see; train with StepGRPOTrainer (suffice train), or give "
                "a number or a schedule."
            )


def _weights_of_correctness(config: Mapping[str, Any]) -> tuple[WeightController, ...]:
    """The weights of the terms of the kind ``correctness``, which make the unit of accuracy."""
    given = {name: term or {} for name, term in config.items()}
    return tuple(
        build_weight(term.get("weight", 1.0), Site(str(name)))
        for name, term in given.items()
        if isinstance(term, Mapping) and str(term.get("kind", name)) == "correctness"
    )
