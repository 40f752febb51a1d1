"""`shuffled_tags`: the mean charge of `step_count`, blind to what the steps do."""

from __future__ import annotations

from math import inf, sqrt
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.terms.registry import build_term
from rewards.terms.steps.shuffled_tags import uniforms
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import rollout, table, values


def row(
    steps: float, verifies: float, correct: float = 1.0, tokens: float = 90
) -> dict[str, float]:
    return rollout(correct, tokens, steps=steps, count__VERIFY=verifies)


@pytest.mark.parametrize(
    ("params", "rows", "rewards"),
    [
        pytest.param({}, [row(3, 3), row(5, 5)], [-3, -5], id="a share of one draws every step"),
        pytest.param({}, [row(3, 0), row(5, 0)], [0, 0], id="a share of nothing draws none"),
        pytest.param({}, [row(20, 20)], [-8], id="eight at most"),
        pytest.param({"cap": inf}, [row(20, 20)], [-20], id="a cap of one's own"),
        pytest.param({"allowance": 2}, [row(5, 5), row(1, 1)], [-3, 0], id="an allowance"),
        pytest.param({}, [row(9, 9, correct=0), row(4, 0)], [0, 0], id="incorrect have no share"),
        pytest.param({}, [row(4, 4), row(9, 0, correct=0)], [-4, 0], id="and pay nothing"),
        pytest.param({}, [row(0, 0)], [0], id="no steps"),
        pytest.param(
            {"types": "VERIFY + META"}, [row(4, 2) | {"count/META": 2.0}], [-4], id="two types"
        ),
    ],
)
def test_shuffled_tags_where_nothing_is_left_to_chance(
    params: dict[str, Any], rows: list[dict[str, float]], rewards: list[float]
) -> None:
    assert values("shuffled_tags", rows, params) == rewards


def test_what_watches_the_tagger_changes_no_draw() -> None:
    rows = [row(9, 3), row(7, 2), row(8, 4)]
    drawn = values("shuffled_tags", rows)
    for more in ({"unfamiliar": -1.0}, {"unfamiliar": 0.1}, {"count_after_completion/META": 2.0}):
        assert values("shuffled_tags", [r | more for r in rows]) == drawn
    assert values("shuffled_tags", [r | {"confidence": 0.5} for r in rows]) != drawn


SEEDS = 5


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 12), st.booleans()), min_size=2, max_size=5
    ).filter(lambda kinds: any(correct for *_, correct in kinds))
)
def test_shuffled_tags_charge_a_batch_what_step_count_does_in_expectation(
    kinds: list[tuple[int, int, bool]],
) -> None:
    rows = [
        row(verifies + others, verifies, float(correct), tokens=30 + 7 * number + i)
        for number in range(20)
        for i, (verifies, others, correct) in enumerate(kinds)
    ]
    facts, groups = table(rows), torch.zeros(len(rows))
    steps = sum(r["steps"] for r in rows if r["correct"])
    ours = build_term("step_count", {"types": {"VERIFY": {"cap": inf}}}, REASONTYPE)
    charge = -float(ours(facts, groups).sum())
    share = charge / max(steps, 1)
    drawn = [
        -float(
            build_term("shuffled_tags", {"cap": inf, "seed": s}, REASONTYPE)(facts, groups).sum()
        )
        for s in range(SEEDS)
    ]
    error = sqrt(steps * share * (1 - share) / SEEDS)
    assert abs(sum(drawn) / SEEDS - charge) <= 5 * error + 1e-6


def test_shuffled_tags_draw_by_content_and_seed_alone() -> None:
    one, other = row(40, 10, tokens=90), row(40, 30, tokens=91)
    both = values("shuffled_tags", [one, other], {"cap": inf})
    # the same share of one half, other neighbours, another place and group
    again = values("shuffled_tags", [row(8, 4), other, one], {"cap": inf}, groups=[0, 1, 2])
    assert [again[2], again[1]] == both
    seeds = {
        tuple(values("shuffled_tags", [one, other], {"cap": inf, "seed": s})) for s in range(9)
    }
    assert len(seeds) > 4


def test_shuffled_tags_do_not_look_at_what_a_rollout_does() -> None:
    """The rollout with all verification steps pays no more, over many, than the one with none."""
    idle = [row(10, 10, tokens=2 * i) for i in range(300)]
    busy = [row(10, 0, tokens=2 * i + 1) for i in range(300)]
    found = values("shuffled_tags", idle + busy, {"cap": inf})
    ours, theirs = sum(found[:300]) / 300, sum(found[300:]) / 300
    assert abs(ours - theirs) < 5 * sqrt(2 * 2.5 / 300)  # 10 draws at one half vary by 2.5
    assert -ours == pytest.approx(5, abs=5 * sqrt(2.5 / 300))


def test_shuffled_tags_draw_the_same_on_every_machine() -> None:
    pinned = [0.403750223178873, 0.1506916499322053, 0.8550588711692537]
    assert list(uniforms(b"", 0, 3)) == pinned
    assert list(uniforms(b"a", 7, 2)) != list(uniforms(b"a", 8, 2))


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"types": "VERIFI"}, "did you mean 'VERIFY'"),
        ({"types": ["VERIFY"]}, "types of reward term 'shuffled_tags' is"),
        ({"seed": -1}, "from 0 to"),
        ({"scope": "thinking"}, "Unknown parameter"),
    ],
)
def test_shuffled_tags_refuses(params: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        build_term("shuffled_tags", params, REASONTYPE)
