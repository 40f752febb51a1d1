"""Baselines that need no training: base asked to be brief, base without thinking, a tuned budget.

``prompt_guided`` asks base to be brief in the user turn (Renze and Guven, The Benefits of a Concise
Chain of Thought, 2024, arXiv 2401.05618: "Be concise."). ``no_thinking`` switches its thinking off
(`rl.policy.no_thinking`). Both are policies of their own that run without any rule.
``token_budget`` is a stopping rule whose limit is chosen on the calibration problems.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rl.analysis.arms import BASE
from rl.comparison.policies import PolicyEntry
from rl.policy.config import PolicySettings
from rl.policy.no_thinking import SWITCHES
from tagger.errors import UserError

PROMPT_GUIDED, NO_THINKING, TOKEN_BUDGET = "prompt_guided", "no_thinking", "token_budget"
Baseline = Literal["prompt_guided", "no_thinking", "token_budget"]

GUIDANCE = "Be concise."
SHARES = (0.1, 0.25, 0.5, 0.75)
"""Budgets of ``token_budget`` as shares of base's mean, where the rules name no such rule."""


def baseline_policies(names: Sequence[str]) -> list[str]:
    """Those of the baselines that are policies, in the order of their arms."""
    return [name for name in (PROMPT_GUIDED, NO_THINKING) if name in names]


def with_baselines(
    policies: Mapping[str, PolicyEntry],
    rules: Mapping[str, dict[str, Any]],
    names: Sequence[str],
    guidance: str,
    shared: PolicySettings,
) -> tuple[dict[str, PolicyEntry], dict[str, dict[str, Any]]]:
    """Add baselines to the policies, right behind base, and to the rules.

    Args:
        policies: Policies by name; a saved config holds the baselines already.
        rules: Stopping rules by name.
        names: The config key ``baselines``.
        guidance: What ``prompt_guided`` adds to the user turn.
        shared: What the comparison says of all policies.

    Raises:
        UserError: Another policy has the name of a baseline.
    """
    base = policies[BASE]
    keys: dict[str, Any] = {"model": base} if isinstance(base, str) else dict(base)
    asked = f"{keys.get('prompt_template', shared.prompt_template)}\n\n{guidance}"
    options = keys.get("chat_template_kwargs", shared.chat_template_kwargs)
    if isinstance(options, Mapping) and set(SWITCHES) & set(options):
        off = {"chat_template_kwargs": {k: v for k, v in options.items() if k not in SWITCHES}}
    else:
        off = {}
    made: dict[str, PolicyEntry] = {
        PROMPT_GUIDED: {**keys, "prompt_template": asked},
        NO_THINKING: {**keys, **off, "thinking": False},
    }
    added = {name: made[name] for name in baseline_policies(names)}
    for name, entry in added.items():
        if policies.get(name, entry) != entry:
            raise UserError(
                f"The policy {name!r} has the name of a baseline in 'baselines'; give it another,"
                " or leave the baseline out."
            )
    others = {name: entry for name, entry in policies.items() if name not in added}
    budget = {TOKEN_BUDGET: {"share": list(SHARES)}} if TOKEN_BUDGET in names else {}
    return {BASE: base, **added, **others}, {**budget, **rules}
