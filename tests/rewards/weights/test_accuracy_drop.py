"""`accuracy_drop`: ACOER's rule, worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from rewards.weights import build_weight
from tests.rewards.weights.batches import LONGER, batch


def drop(**params: Any) -> Any:
    quick = {"smoothing": 1, "window": 3, "warmup": 2, "ceiling": 0.5}
    return build_weight({"schedule": "accuracy_drop", **quick, **params})


def weights(controller: Any, accuracies: list[float], **facts: Any) -> list[float]:
    found = []
    for step, accuracy in enumerate(accuracies):
        controller.observe(batch(step, accuracy=accuracy, **facts))
        found.append(controller.weight(step + 1))
    return found


def test_accuracy_drop_creeps_up_and_steps_back() -> None:
    found = weights(drop(), [0.9, 0.9, 0.89, 0.87, 0.88, 0.86, 0.95])
    # Of three batches the first less the last: -, -, 0.01, 0.03, 0.01, 0.01, -0.07.
    assert found == pytest.approx(
        [0.02, 0.02, 0.0204, 0.01938, 0.0197676, 0.020162952, 0.02056621104]
    )


def test_accuracy_drop_smooths_accuracy() -> None:
    controller = drop(smoothing=3, window=2, warmup=0)  # each batch has a share of one half
    assert weights(controller, [0.9, 0.88]) == pytest.approx([0.02, 0.0204])  # mean 0.89
    assert weights(controller, [0.80])[-1] == pytest.approx(0.01938)  # 0.845, a drop of 0.045
    assert controller.constraint() == pytest.approx((0.845, -0.025))


def test_accuracy_drop_keeps_its_limits_and_waits_for_the_warmup() -> None:
    assert weights(drop(warmup=4), [0.9] * 4) == [0.02] * 4
    assert weights(drop(ceiling=0.0205), [0.9] * 9)[-1] == 0.0205
    assert weights(drop(least=0.0199), [1 - 0.1 * i for i in range(9)])[-1] == 0.0199
    assert weights(drop(hold_when_longer_is_better=True), [0.9] * 9, **LONGER)[-1] == 0.02


def test_accuracy_drop_does_not_notice_a_loss_slower_than_its_window() -> None:
    """Its flaw: 0.75 points a batch are 1.5 of three batches, below its 2, and 30 points in all."""
    found = weights(drop(window=3), [0.9 - 0.0075 * i for i in range(40)])
    assert found[-1] == pytest.approx(0.02 * 1.02**38)
