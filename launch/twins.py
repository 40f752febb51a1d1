"""The runs that a trained policy is measured against: the same config with another reward.

The *control* is trained on correctness alone, the *length twin* with a plain charge on tokens.
What the shaped reward does is what the trained policy has over them, not over the base.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rl.training.config import RunConfig
from tagger.errors import UserError

UNSHAPED = ("correctness", "format")
"""Kinds of terms that a control keeps; all others shape what a correct answer looks like."""


def control_of(config: RunConfig) -> RunConfig:
    """The run with every shaped term at weight 0, where it is logged and pays nothing.

    Raises:
        UserError: No term is shaped, so the run would be its own control.
    """
    terms = copy.deepcopy(config.reward.terms)
    shaped = [name for name, given in terms.items() if _is_shaped(name, given)]
    if not shaped:
        raise UserError(
            "train.reward.terms has no shaped term with a weight, so the control, trained on "
            "correctness alone, would be the same run; add one, e.g. step_count."
        )
    for name in shaped:
        terms[name] = {**(terms[name] or {}), "weight": 0.0}
    return replace(config, reward=replace(config.reward, terms=terms))


def _is_shaped(name: str, given: Any) -> bool:
    params = given if isinstance(given, Mapping) else {}
    return params.get("kind", name) not in UNSHAPED and params.get("weight", 1.0) != 0


def length_twin_of(config: RunConfig, charge: Mapping[str, Any]) -> RunConfig:
    """The run with one charge on length in the place of its shaped terms.

    Args:
        config: The run.
        charge: The term ``length``, as in ``reward.terms``. It may cost a correct rollout more than
            correctness pays, as a plain charge on tokens has no cap.
    """
    control = control_of(config)
    terms = {**control.reward.terms, "length": dict(charge)}
    reward = replace(control.reward, terms=terms, allow_charge_above_correctness=True)
    return replace(control, reward=reward)
