"""Stopping rules by their config name. A new one is a file here and a line in the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tagger.config.settings import build_settings
from tagger.errors import UserError, unknown_name
from tagger.stopping.rules.after_answer import AfterAnswerRule
from tagger.stopping.rules.base import Decision, RunningRule, StoppingRule, StreamState
from tagger.stopping.rules.count import CountRule
from tagger.stopping.rules.ratio import RatioRule
from tagger.stopping.rules.run import RunRule
from tagger.stopping.rules.step_budget import StepBudgetRule
from tagger.stopping.rules.token_budget import TokenBudgetRule
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy

__all__ = [
    "RULES",
    "AfterAnswerRule",
    "CountRule",
    "Decision",
    "RatioRule",
    "RunRule",
    "RunningRule",
    "StepBudgetRule",
    "StoppingRule",
    "StreamState",
    "TokenBudgetRule",
    "build_rule",
]

RuleKind = (
    type[AfterAnswerRule]
    | type[CountRule]
    | type[RatioRule]
    | type[RunRule]
    | type[StepBudgetRule]
    | type[TokenBudgetRule]
)

RULES: dict[str, RuleKind] = {
    AfterAnswerRule.name: AfterAnswerRule,
    CountRule.name: CountRule,
    RatioRule.name: RatioRule,
    RunRule.name: RunRule,
    StepBudgetRule.name: StepBudgetRule,
    TokenBudgetRule.name: TokenBudgetRule,
}


def build_rule(config: Mapping[str, Any], taxonomy: Taxonomy = REASONTYPE) -> StoppingRule:
    """Build a rule from its config, e.g. ``{"name": "count", "types": ["VERIFY"], "limit": 3}``.

    Args:
        config: The rule's name and parameters.
        taxonomy: The tagger's taxonomy, for rules that speak of types.

    Returns:
        The rule.

    Raises:
        UserError: Unknown name, parameter or type (the nearest valid one is suggested), a
            parameter that is missing, or one that is out of range.
    """
    if "name" not in config:
        raise UserError(f"A stopping rule has no name; give one of {', '.join(sorted(RULES))}.")
    name = str(config["name"])
    if name not in RULES:
        raise unknown_name("stopping rule", name, RULES)
    given = {str(k): v for k, v in config.items() if k != "name"}
    kind = RULES[name]
    own = {"taxonomy": taxonomy} if "taxonomy" in kind.__dataclass_fields__ else {}
    return build_settings(kind, given, "", own)
