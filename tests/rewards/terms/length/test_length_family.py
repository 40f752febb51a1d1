"""What holds of every term on length: who is paid, its example, parameters that do nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from rewards.stack import build_stack
from rewards.terms.length import NAMES
from rewards.terms.length.running import RunningMean
from rewards.terms.registry import build_term, term_bounds, term_kind, term_text
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE


@pytest.mark.parametrize("name", NAMES)
def test_length_terms_pay_incorrect_rollouts_only_if_asked_to(name: str) -> None:
    assert term_bounds(name, {}).incorrect == (0.0, 0.0)
    if "gate" in term_kind(name).params.__dataclass_fields__:  # type: ignore[attr-defined]
        assert term_bounds(name, {"gate": "none"}).incorrect != (0.0, 0.0)
        assert "``gate: none``" in term_text(name)


@pytest.mark.parametrize("name", NAMES)
def test_length_terms_have_an_example_that_works_next_to_correctness(name: str) -> None:
    found = re.search(rf"^    ({name}: .*)", term_text(name), re.MULTILINE)
    assert found is not None
    build_stack({"correctness": {"weight": 1.0}, **yaml.safe_load(found[1])}, REASONTYPE)


@pytest.mark.parametrize(
    ("name", "params", "sentence"),
    [
        ("length_minmax", {"solved": 0.5}, "solved .* has no effect with gate: correct"),
        ("shortest_correct", {"gate": "none", "solved": 0.5}, "solved .* gate: none"),
        ("step_count", {"solved": 0.5}, "solved .* has no effect with gate: correct"),
        ("step_count", {"gate": "none", "solved": 0.5}, "solved .* gate: none"),
        ("cosine", {"incorrect_short": -2.0}, "incorrect_short .* gate: correct"),
        ("cosine", {"incorrect_long": 0.0}, "incorrect_long .* gate: correct"),
        ("budget_value", {"fold_bonus": 0.0}, "fold_bonus .* gate: correct"),
        ("budget_value", {"length_charge": 0.5}, "length_charge .* gate: correct"),
        ("budget_value", {"unsolved_rate": 0.5}, "unsolved_rate .* gate: correct"),
        ("length_target", {"slope": "paper"}, "slope .* mode: exact"),
        ("length_target", {"mode": "max", "cap": 0.5}, "cap .* mode: max"),
        ("length_window", {"unknown": 100}, "unknown .* stage: 1"),
        ("length_window", {"stage": 2, "low": 0.1}, "low .* stage: 2"),
        ("length_window", {"low": 0.8}, "low .* is 0.8, above high, 0.7"),
        ("target_ratio", {"mode": "max_sym", "short": 1}, "short .* mode: max_sym"),
        ("target_ratio", {"least": 9000}, "least .* is 9000, above most, 8000"),
        ("truncation_bonus", {"shape": "linear", "delta": 0.1}, "delta .* shape: linear"),
        ("accuracy_aware", {"validation_accuracy": 1, "span": 5}, "span .* validation_accuracy"),
    ],
)
def test_length_terms_refuse_parameters_that_do_nothing(
    name: str, params: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence) as error:
        build_term(name, params, REASONTYPE)
    assert f"reward term {name!r}" in str(error.value)


def test_running_mean_counts_a_batch_by_its_span() -> None:
    mean = RunningMean()
    for number in (8.0, 4.0, 6.0):
        mean.add(number, span=3)  # one half
    assert (mean.value, mean.batches) == (6.0, 3)
    again = RunningMean()
    again.load_state_dict(mean.state_dict())
    assert again == mean
