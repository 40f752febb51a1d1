"""The limitations of a comparison, from its own facts."""

from __future__ import annotations

from typing import Any

import pytest

from rl.report.limits import limitations, parameters


def results(*policies: str, pooled: dict[str, Any] | None = None, **base: Any) -> dict[str, Any]:
    return {
        "policies": [
            {"name": name, "model": f"o/{name}", "parameters": None}
            | (base if name == "base" else {})
            for name in policies
        ],
        "problems": {"count": 300},
        "arms": {name: {} for name in policies},
        "provenance": {"config": {"problems": {"source": "overthinker"}}},
        "pooled": pooled or {},
    }


def test_limitations_begin_with_the_size_of_the_model_and_where_the_problems_come_from() -> None:
    first = limitations(results("base", model="overthinker", parameters=1_230_000))[0]
    assert first.startswith(
        "The base policy, overthinker, has 1.23 million parameters, very few for a language model,"
        " and its 300 problems are written from templates (source 'overthinker')."
    )


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, ""),
        (999, "999 parameters"),
        (1_500, "1.5 thousand parameters"),
        (7_600_000_000, "7.6 billion parameters"),
    ],
)
def test_parameters_in_words(count: int | None, words: str) -> None:
    assert parameters(count) == words


@pytest.mark.parametrize(
    ("policies", "said", "unsaid"),
    [
        (["base", "trained"], "No control", "charge on tokens"),
        (
            ["base", "control", "trained"],
            "No policy trained with a plain charge on tokens",
            "No control",
        ),
        (["base", "control", "length_twin", "trained"], "Types are those", "charge on tokens"),
    ],
)
def test_limitations_name_the_policies_that_are_missing(
    policies: list[str], said: str, unsaid: str
) -> None:
    text = " ".join(limitations(results(*policies)))
    assert said in text and unsaid not in text


def test_limitations_say_how_many_training_runs_stand_behind_each_policy() -> None:
    single = " ".join(limitations(results("base", "trained")))
    assert "Each policy is one training run" in single
    pooled = {name: [{}, {}, {}] for name in ("control", "trained")}
    several = " ".join(limitations(results("base", "control", "trained", pooled=pooled)))
    assert "over 3 training runs of each policy" in several
    mixed = limitations(results("base", "control", "trained", pooled={"control": [{}, {}]}))
    assert "Each of trained is one training run" in " ".join(mixed)


def test_limitations_say_where_nothing_tells_unfamiliar_steps() -> None:
    told = results("base")
    for share, tokens, said in ((None, 9.0, True), (0.0, 9.0, False), (None, None, False)):
        told["arms"]["base"]["audit"] = {
            "unfamiliar": {"mean": share},
            "step_tokens": {"mean": tokens},
        }
        assert ("so nothing tells whether these steps" in limitations(told)[-1]) is said
    del told["arms"]["base"]["audit"]["unfamiliar"]  # as in results of an earlier version
    assert "nothing tells" not in limitations(told)[-1]
