"""The training runs of a quick start: names, folders, seeds."""

from __future__ import annotations

from pathlib import Path

from launch.trained_policies import FullSettings, pooled, trainings_of
from rl.training.config import config_from_dict

RUN = config_from_dict(
    {
        "model": "overthinker",
        "problems": {"source": "overthinker", "seed": 11},
        "reward": {"terms": {"correctness": {}, "step_count": {"weight": 0.1}}},
        "seed": 5,
    }
)


def test_quick_start_trains_control_and_trained_with_one_seed() -> None:
    made = trainings_of(RUN, Path("run"), None)
    assert [(t.name, t.folder.root.name, t.config.seed) for t in made] == [
        ("control", "control", 5),
        ("trained", "train", 5),
    ]
    assert pooled(None) == {} == pooled(FullSettings(seeds=1))


def test_full_trains_three_policies_on_consecutive_seeds() -> None:
    full = FullSettings(seeds=2, length_twin={"kind": "length_sigmoid", "weight": 0.2})
    made = trainings_of(RUN, Path("run"), full)
    assert [(t.name, t.folder.root.name, t.config.seed, t.config.problems.seed) for t in made] == [
        ("control", "control", 5, 11),
        ("length_twin", "length_twin", 5, 11),
        ("trained", "train", 5, 11),
        ("control_1", "control_1", 6, 12),
        ("length_twin_1", "length_twin_1", 6, 12),
        ("trained_1", "train_1", 6, 12),
    ]
    terms = {t.name: t.config.reward.terms for t in made}
    assert terms["control_1"]["step_count"]["weight"] == 0.0
    assert terms["trained_1"]["step_count"]["weight"] == 0.1
    assert terms["length_twin_1"]["length"] == {"kind": "length_sigmoid", "weight": 0.2}
    assert pooled(full) == {
        "control": ["control_1"],
        "length_twin": ["length_twin_1"],
        "trained": ["trained_1"],
    }
