"""Bad settings of controllers, each refused in a sentence before anything is loaded."""

from __future__ import annotations

from typing import Any

import pytest

from rewards.stack import build_stack
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE

FLOOR: dict[str, Any] = {"schedule": "accuracy_floor", "control": 0.9}
DUAL: dict[str, Any] = {"schedule": "length_dual", "target": 100}

CASES: list[tuple[dict[str, Any], str]] = [
    ({"schedule": "acuracy_floor"}, "did you mean 'accuracy_floor'"),
    (
        {"shedule": "linear", "end": 1},
        r"^reward.terms.charge.weight .* shedule, end and lacks 'sch",
    ),
    ({"schedule": "Leash"}, "schedule 'Leash'; it is 'length_dual' here"),
    ({**FLOOR, "pionts": 1}, "did you mean 'points'"),
    ({"schedule": "accuracy_floor"}, "needs a floor: control .* or floor"),
    ({**FLOOR, "floor": 0.95}, "floor .* is 95.0%, above the control's accuracy of 90.0%"),
    ({**FLOOR, "points": -1}, "points .* is -1, a floor above the control's accuracy"),
    ({**FLOOR, "points": 90}, "no accuracy under a control at 90.0%"),
    ({**FLOOR, "points": 1, "floor": 0.8}, "points under control, and not together with floor"),
    ({"schedule": "accuracy_floor", "floor": 0.8, "points": 1}, "points under control"),
    ({**FLOOR, "control": 90}, "control .* is 90; it must be a number above 0 and at most 1"),
    ({**FLOOR, "control": float("nan")}, "control .* is nan"),
    ({**FLOOR, "control": [[0, 0.8], [0, 0.9]]}, "pairs of a step and an accuracy"),
    ({**FLOOR, "control": [[5, 80.0]]}, "pairs of a step and an accuracy"),
    ({**FLOOR, "control": []}, "pairs of a step and an accuracy"),
    ({**FLOOR, "control": "runs/none"}, "there is no runs/none/result.json"),
    ({**FLOOR, "source": "evaluation"}, "'charge' is to follow evaluations, but .* eval_problems"),
    ({**FLOOR, "source": "gold"}, "source"),
    ({**FLOOR, "start": 0}, "start .* is 0; it must be a finite number above 0"),
    ({**FLOOR, "start": 0.5}, "starts at 0.5, outside of 0.0001 to its ceiling 0.1"),
    ({**FLOOR, "least": 0.05}, "starts at 0.01, outside of 0.05"),
    ({**FLOOR, "ceiling": 0}, "ceiling .* is 0"),
    ({**FLOOR, "start": 0.1, "least": 0.1}, "least weight and a ceiling of 0.1, between which no"),
    ({**FLOOR, "control": 0.005}, "under a control at 0.5%; give fewer than 0.5, or give floor"),
    ({**FLOOR, "control": [[1, 0.5], [2, 0.0]]}, "control at 0.0%; name another control, or give"),
    ({**FLOOR, "window": 0}, "window .* is 0"),
    ({"schedule": "length_dual"}, "needs one of target .* and share"),
    ({**DUAL, "share": 0.5}, "needs one of target .* and share"),
    ({**DUAL, "reference_batches": 8}, "reference_batches of .* has no effect with a target"),
    ({**DUAL, "target": "short"}, "target .* is 'short'; it must be a finite number above 0"),
    ({**DUAL, "target": float("nan")}, "target .* is nan"),
    ({**DUAL, "target": float("inf")}, "target .* is inf"),
    ({**DUAL, "target": -5}, "target .* is -5"),
    ({**DUAL, "start": 0.2}, "starts at 0.2"),
    ({"schedule": "price"}, "tokens_per_point .* is missing"),
    ({"schedule": "price", "tokens_per_point": 0}, "tokens_per_point .* is 0"),
    ({"schedule": "accuracy_drop", "fall": 1.5}, "fall .* is 1.5"),
    ({"schedule": "cosine", "steps": 0}, "steps .* is 0"),
]


@pytest.mark.parametrize("term", ["correctness", "charge"])
@pytest.mark.parametrize(
    "weight",
    [float("nan"), float("inf"), 1e39, 10**400, True, "0.1", {"value": float("nan")}],
    ids=str,
)
def test_a_weight_that_is_no_finite_number_is_refused_by_its_key(term: str, weight: Any) -> None:
    terms: dict[str, Any] = {"correctness": {}, "charge": {"kind": "step_count"}}
    terms[term] = {**terms[term], "weight": weight}
    with pytest.raises(UserError, match=rf"^reward\.terms\.{term}\.weight.* finite number"):
        build_stack(terms, REASONTYPE)


@pytest.mark.parametrize(("weight", "words"), CASES, ids=[w for _, w in CASES])
def test_bad_settings_of_a_controller_are_refused(weight: dict[str, Any], words: str) -> None:
    terms = {"correctness": {}, "charge": {"kind": "step_count", "weight": weight}}
    with pytest.raises(UserError, match=words) as error:
        build_stack(terms, REASONTYPE)
    sentence = str(error.value).replace("e.g. ", "")
    assert ". " not in sentence and sentence[-1] in ".?"


@pytest.mark.parametrize("weight", [FLOOR, DUAL, {"schedule": "accuracy_drop"}])
def test_a_controller_of_a_term_that_is_always_0_is_refused(weight: dict[str, Any]) -> None:
    free = {"kind": "step_count", "types": {"VERIFY": {"weight": 0}}, "weight": weight}
    with pytest.raises(UserError, match="nothing to control: the term 'charge' is 0 for every"):
        build_stack({"correctness": {}, "charge": free}, REASONTYPE)


def test_a_ceiling_that_reaches_correctness_is_refused() -> None:
    """Not the weight a controller starts with counts, but the greatest it can reach."""
    charge = {"kind": "step_count", "types": {"VERIFY": {"cap": 8}}}
    for ceiling, accepted in ((0.12, True), (0.125, False)):
        terms = {"correctness": {}, "charge": {**charge, "weight": {**FLOOR, "ceiling": ceiling}}}
        if accepted:
            build_stack(terms, REASONTYPE)
            continue
        with pytest.raises(UserError, match="can lose charge 1; lower their weights, ceilings or"):
            build_stack(terms, REASONTYPE)
        build_stack(terms, REASONTYPE, allow_charge_above_correctness=True)


def test_what_a_controller_may_stop_paying_does_not_count() -> None:
    """A controlled weight on correctness may fall to its least."""
    terms = {
        "correctness": {"weight": {**FLOOR, "start": 1.0, "ceiling": 1.0, "least": 0.1}},
        "step_count": {"weight": 0.05},
    }
    with pytest.raises(UserError, match="pays correctness 0.1, and .* can lose step_count 0.4"):
        build_stack(terms, REASONTYPE)
