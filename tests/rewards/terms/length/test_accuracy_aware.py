"""`accuracy_aware`: numbers of AALC's code, and worked by hand."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
import torch

from rewards.stack import build_stack
from rewards.terms.length.accuracy_aware import AccuracyAware
from rewards.terms.registry import build_term
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import cut_off, rollout, table, values

PUBLISHED = {"bonus": 1e-6, "discount": 0.1, "gate": "none", "validation_accuracy": 1.0}


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        pytest.param(
            [rollout(1, 256), rollout(1, 1024), rollout(1, 4000), rollout(0, 256)],
            [0.900000751, 0.899999976, 0.899999976, 7.5e-07],
            id="ratio 1",
        ),
        pytest.param([rollout(0, 100), rollout(0, 2000)], [9.02e-07, 0], id="all wrong"),
    ],
)
def test_accuracy_aware_next_to_correctness(
    rows: list[dict[str, float]], total: list[float]
) -> None:
    """du-nlp-lab/AALC at f12452d, its misspelt variable put right; its sums are float32."""
    found = values("accuracy_aware", rows, PUBLISHED)
    sums = [row["correct"] + v for row, v in zip(rows, found, strict=True)]
    assert sums == pytest.approx(total, abs=5e-8)
    assert [v for row, v in zip(rows, found, strict=True) if not row["correct"]] == pytest.approx(
        [t for row, t in zip(rows, total, strict=True) if not row["correct"]], abs=1e-9
    )


ROWS = [rollout(1, 128), rollout(1, 512), rollout(1, 2048), rollout(0, 128)]


@pytest.mark.parametrize(
    ("rows", "params", "expected"),
    [
        pytest.param(ROWS, {}, [0, 0, 0, 0], id="no accuracy known yet"),
        pytest.param(ROWS, {"validation_accuracy": 1.0}, [0.875, 0.5, 0, 0], id="target reached"),
        pytest.param(ROWS, {"validation_accuracy": 0.5}, [1, 1, 1, 0], id="far below the target"),
        pytest.param(  # 0.99 to the power of 128 is 0.276252
            ROWS, {"validation_accuracy": 0.99}, [0.875, 0.723748, 0.723748, 0], id="just below"
        ),
        pytest.param(  # half of the target to the power of 1
            ROWS,
            {"validation_accuracy": 0.4, "target": 0.8, "power": 1, "bonus": 2, "max_length": 512},
            [1.5, 1, 1, 0],
            id="settings",
        ),
        pytest.param(
            ROWS, {"validation_accuracy": 0.9, "target": 0.6}, [0.875, 0.5, 0, 0], id="above target"
        ),
        pytest.param([rollout(1, 512)] * 2, {"validation_accuracy": 1}, [0.5, 0.5], id="the same"),
        pytest.param(
            [rollout(0, 512)] * 2, {"validation_accuracy": 1}, [0, 0], id="nobody correct"
        ),
        pytest.param(
            [rollout(1, 512), cut_off(1, 512)],
            {"validation_accuracy": 1, "discount": 0.25},
            [0.25, -0.25],
            id="cut off has no bonus",
        ),
    ],
)
def test_accuracy_aware_by_hand(
    rows: list[dict[str, float]], params: dict[str, Any], expected: list[float]
) -> None:
    assert values("accuracy_aware", rows, params) == pytest.approx(expected, abs=1e-6)


def test_accuracy_aware_runs_the_accuracy_of_training() -> None:
    term = cast(AccuracyAware, build_term("accuracy_aware", {"span": 3}, REASONTYPE))
    assert term.accuracy is None
    term.observe(table(ROWS), torch.zeros(4, dtype=torch.long))
    assert term.accuracy == pytest.approx(0.75)
    term.observe(table(ROWS[2:]), torch.zeros(2, dtype=torch.long))  # a batch counts one half
    assert term.accuracy == pytest.approx(0.625)


def test_accuracy_aware_saves_its_accuracy_with_the_checkpoint() -> None:
    config = {"correctness": {}, "accuracy_aware": {"weight": 0.1, "power": 2}}
    stack, resumed = build_stack(config, REASONTYPE), build_stack(config, REASONTYPE)
    rows, groups = table(ROWS), torch.tensor([0, 0, 0, 0])
    stack.observe(rows, groups, stack.table(rows, groups), step=0)
    resumed.load_state_dict(json.loads(json.dumps(stack.state_dict())))
    found = resumed.table(rows, groups)
    assert torch.equal(found, stack.table(rows, groups))
    assert found[:, 1].tolist() == pytest.approx([0.875, 0.5, 0.4375, 0])  # 0.75 squared is 0.5625
