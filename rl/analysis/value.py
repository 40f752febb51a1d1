"""What a verification step is worth in accuracy, and what the reward charges for it.

With `step_count` at weight w on correct rollouts a verification step pays for itself where
(probability that the first answer is incorrect) × (probability that the step repairs it) exceeds w.
Both are in units of accuracy, so that they can be compared band by band.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.analysis.estimates import MEASURES, Estimate, estimate_mean, estimate_ratio, shifted
from rl.analysis.panels import Panel, band_order
from rl.evaluation.samples import Sample
from tagger.taxonomies.taxonomy import REASONTYPE


def verification_value(panel: Panel, seed: int) -> dict[str, Any]:
    """The accuracy that verification gains, from first stated to final answer.

    Everything that changes between the two is put down to the verification steps of the answer,
    whatever their number; answers that state nothing before the end gain nothing.

    Returns:
        ``gained`` (estimate, final less first accuracy of the answers that state one), ``steps``
        (verification steps of these), ``value`` (estimate, accuracy gained per verification step;
        None without steps) and ``unverified`` (estimate, share of all answers without one); and
        the same in ``bands``.
    """
    bands = {band: _value(panel.only(band), seed) for band in band_order(panel.bands)}
    return {**_value(panel, seed), "bands": bands}


def _value(panel: Panel, seed: int) -> dict[str, Estimate]:
    weights = panel.weights(seed)
    stated = panel.totals(_stated)
    gained, steps = panel.totals(_gained), panel.totals(_stated_steps)
    verified = panel.per_problem(MEASURES["verified"])
    return {
        "gained": estimate_ratio(gained, stated, weights, signed=True),
        "steps": estimate_ratio(steps, stated, weights),
        "value": estimate_ratio(gained, steps, weights, signed=True),
        "unverified": shifted(estimate_mean(-verified, weights), 1.0),
    }


def _stated(s: Sample) -> float:
    return float(s.first_answer_correct is not None)


def _gained(s: Sample) -> float:
    return _stated(s) * (float(s.correct) - float(bool(s.first_answer_correct)))


def _stated_steps(s: Sample) -> float:
    return _stated(s) * s.verification_steps


_STRAIGHT = {"unit": "steps", "shape": "linear", "combine": "add"}
"""Parameters of a `step_count` under which one more step costs its price."""


def price_of(reward: Mapping[str, Any]) -> float | None:
    """What a reward charges a correct rollout for one more verification step, as accuracy.

    Args:
        reward: The section ``reward`` of a training config.

    Returns:
        The sum over `step_count` terms that charge steps of the verification type, alone or with
        others, divided by what correctness pays; None where a weight follows a schedule or the
        run, a charge is one on tokens, not in a straight line or not on every verification step
        (an allowance, a floor, those after the answer, solved groups alone), correctness pays
        nothing, or the aggregation compares terms otherwise than by their weights.
    """
    if not _adds_by_weight(reward.get("aggregation") or "sum_then_normalize"):
        return None
    terms = {name: given or {} for name, given in (reward.get("terms") or {}).items()}
    pay = terms.get("correctness", {"weight": 0.0}).get("weight", 1.0)
    price = 0.0
    for name, given in terms.items():
        if given.get("kind", name) != "step_count" or given.get("weight", 1.0) == 0:
            continue
        weight = given.get("weight", 1.0)
        scope = given.get("scope", "thinking")
        own = _price_of_verification(given.get("types") or {"VERIFY": {}}, scope)
        straight = all(given.get(key, plain) == plain for key, plain in _STRAIGHT.items())
        straight = straight and given.get("gate") != "group_solved"
        if own is None or not isinstance(weight, int | float) or not straight:
            return None
        price += weight * own
    return round(price / pay, 6) if isinstance(pay, int | float) and pay > 0 else None


_BY_WEIGHT = ("sum_then_normalize", "batch", "gfpo", "among_correct")
"""Methods of aggregation under which a term counts against correctness as its weight says."""
_OWN_SCALE = {"scale": "none", "by_solve_rate": False}
"""Parameters of ``among_correct`` that give shaped terms a scale of their own; the defaults do not.
"""


def _adds_by_weight(aggregation: str | Mapping[str, Any]) -> bool:
    given = {"kind": aggregation} if isinstance(aggregation, str) else aggregation
    if given.get("kind") != "among_correct":
        return given.get("kind") in _BY_WEIGHT
    return all(given.get(key, plain) == plain for key, plain in _OWN_SCALE.items())


def _price_of_verification(types: Mapping[str, Any], scope: str) -> float | None:
    """Price of a verification step, unweighted; 0 if none is charged, None if not every one is."""
    verify = REASONTYPE.get("VERIFY")
    total = 0.0
    for names, given in types.items():
        price = given or {}
        if not {verify.name, verify.tag} & {name.strip() for name in str(names).split("+")}:
            continue
        after = (price.get("scope") or scope).endswith("after_answer")
        if after or price.get("allowance") or price.get("floor"):
            return None
        total += float(price.get("weight", 1.0))
    return total
