"""Learned targets of `laser_d` and `laser_de`: the published rule, and what a history makes."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
import torch

from rewards.stack import build_stack
from rewards.terms.limits.laser_d import LaserD
from rewards.terms.limits.laser_de import LaserDe
from rewards.terms.limits.target_lengths import TargetTerm, choose_target
from rewards.terms.registry import build_term
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import cut_off, rollout, table

THRESHOLDS = [1024, 2048, 3072, 4096]
MONITOR = {  # hkust-nlp/Laser at c9e7c4e
    0: [0.20, 0.50, 0.99, 1.0],
    1: [0.20, 0.40, 0.50, 0.80],
    2: [0.10, 0.21, 0.50, 0.90],
}
NOTHING = dict.fromkeys(range(3), [0.0] * 4)
SMALL = {"lowest": 100, "highest": 400, "step": 100, "target": 150, "every": 1}


@pytest.mark.parametrize(
    ("coverage", "longest", "size", "rounding", "expected"),
    [
        pytest.param(MONITOR, 8192, 8, "floor", [4096, 3072, 2048], id="floor"),
        pytest.param(NOTHING, 5000, 8, "floor", [5000] * 3, id="nothing qualifies"),
        pytest.param(MONITOR, 8192, 8, "ceil", [4096, 2048, 2048], id="ceil: of 3 and 6"),
        pytest.param(MONITOR, 2500, 8, "floor", [2500, 2500, 2048], id="longest is below them"),
        pytest.param(MONITOR, 8192, 16, "floor", [4096, 1024, 1024], id="of 5 and 10"),
        pytest.param(MONITOR, 8192, 6, "floor", [4096, 3072, 3072], id="of 2 and 4"),
        pytest.param(MONITOR, 9999, 2, "floor", [4096, 9999, 9999], id="one of each at least"),
    ],
)
def test_choose_target(
    coverage: dict[int, list[float]], longest: int, size: int, rounding: Any, expected: list[int]
) -> None:
    found = [choose_target(b, coverage[b], THRESHOLDS, longest, size, rounding) for b in range(3)]
    assert found == expected


def term(name: str = "laser_d", **params: Any) -> TargetTerm[Any]:
    built = build_term(name, params, REASONTYPE)
    assert isinstance(built, TargetTerm)
    return built


def show(one: TargetTerm[Any], *groups: list[dict[str, float]]) -> None:
    """Show a training batch."""
    rows = [row for group in groups for row in group]
    numbers = [n for n, group in enumerate(groups) for _ in group]
    one.observe(table(rows), torch.tensor(numbers))


def paid(one: TargetTerm[Any], rows: list[dict[str, float]]) -> list[float]:
    return list(one(table(rows), torch.zeros(len(rows), dtype=torch.int64)).tolist())


def test_laser_d_pays_by_the_band_of_the_group() -> None:
    for name, last in (("laser_d", 0.0), ("laser_de", 1.0)):
        one = term(name)
        one.history.targets = [4096, 3072, 2048]
        high = [rollout(1, 1000), rollout(1, 2500), rollout(1, 3500), rollout(0, 8000)]
        assert paid(one, high) == [1, 0, 0, last]
        medium = [cut_off(1, 8192), cut_off(0, 8192), rollout(1, 3000)]  # 1 of 3 ended correct
        assert paid(one, medium) == [0, 0, 1]
        assert paid(one, [*medium[:2], rollout(1, 100)]) == [0, 0, 1]
        assert paid(one, [rollout(1, 4096), *[rollout(0, 1)] * 3]) == [1, 0, 0, 0]
        assert paid(one, [rollout(1, 3073), rollout(0, 1)]) == [0, 0]


def test_targets_are_learned_from_what_was_observed() -> None:
    one = term(**SMALL)
    assert isinstance(one, LaserD)
    easy = [rollout(1, n) for n in (90, 150, 210, 390)]  # 2/3 of 4 is 2: half must be covered
    hard = [rollout(1, 350), *[rollout(0, n) for n in (360, 370, 380)]]
    show(one, easy, hard)
    assert one.history.targets == [380, 150, 200]  # nothing of the medium band was seen
    assert paid(one, easy) == [1, 1, 0, 0]
    assert paid(one, hard) == [1, 0, 0, 0]


def test_targets_are_updated_every_so_many_batches_from_the_last_groups() -> None:
    one = term(**{**SMALL, "every": 2, "history": 2})
    show(one, [rollout(1, 90)] * 2)
    assert one.history.targets is None
    show(one, [rollout(1, 190)] * 2)
    assert one.history.targets == [150, 150, 190]  # 1 of 2 is expected: all are covered
    show(one, [rollout(1, 290)] * 2)
    show(one, [rollout(1, 290)] * 2)
    assert one.history.targets == [150, 150, 290]


def test_a_saved_history_resumes_exactly() -> None:
    batches = [[rollout(1, 40 * n), rollout(0, 30 * n), rollout(n % 2, 50)] for n in range(1, 9)]
    params = {**SMALL, "every": 3, "history": 4}
    for name, kind in (("laser_d", LaserD), ("laser_de", LaserDe)):
        whole, first, second = (term(name, **params) for _ in range(3))
        assert isinstance(whole, kind)
        for batch in batches:
            show(whole, batch)
        for batch in batches[:4]:
            show(first, batch)
        second.load_state_dict(json.loads(json.dumps(first.state_dict())))
        for batch in batches[4:]:
            show(second, batch)
        assert second.state_dict() == whole.state_dict()
        assert pickle.loads(pickle.dumps(whole)).state_dict() == whole.state_dict()


def test_the_reward_of_a_checkpoint_holds_the_targets() -> None:
    config = {"correctness": {}, "bonus": {"kind": "laser_d", "weight": 0.5, **SMALL}}
    first, second = (build_stack(config, REASONTYPE) for _ in range(2))
    facts, groups = table([rollout(1, 90), rollout(1, 390)]), torch.tensor([0, 0])
    assert first.table(facts, groups).tolist() == [[1, 1], [1, 0]]
    first.observe(facts, groups, first.table(facts, groups), step=0)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert second.table(facts, groups).tolist() == [[1, 1], [1, 1]]  # both are to be covered


def test_lowest_above_highest_is_refused() -> None:
    with pytest.raises(UserError, match="lowest of reward term 'laser_d' is 9000"):
        term(lowest=9000, highest=4096)


def test_lengths_above_the_longest_rollout_are_not_tried() -> None:
    """A million thresholds and more, of which none is ever chosen, would stop the training."""
    wide = term(**{**SMALL, "step": 1, "highest": 10**12})
    assert isinstance(wide, LaserD)
    assert list(wide.params.thresholds(102)) == [100, 101, 102]
    show(wide, [rollout(1, 290)] * 4)
    assert wide.history.targets == [150, 150, 290]
