"""Rollouts of chosen steps on disk: which steps, what a line holds, and who reads them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from rewards.stack import build_stack
from rl.training.config import KeepRolloutsConfig, config_from_dict
from rl.training.records.rescore import rescore
from rl.training.records.stored import read_rollouts
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.traces.files import find_inputs, read_files
from tests.world import GRPO, World


def due(every: int, served: int, drawn: list[int]) -> list[int]:
    from rl.training.records.rollouts import KeptRollouts

    kept = KeptRollouts(Path(), KeepRolloutsConfig(every=every), [], [], [], served)
    return [step for step in drawn if kept.due(step)]


def test_due_are_the_first_step_and_every_multiple() -> None:
    assert due(25, 1, list(range(1, 80))) == [1, 25, 50, 75]
    assert due(1, 1, [1, 2, 3]) == [1, 2, 3]


def test_a_draw_that_serves_several_steps_is_due_if_one_of_them_is() -> None:
    assert due(25, 2, list(range(1, 80, 2))) == [1, 25, 49, 75]  # 49 serves 49 and 50
    assert due(3, 4, [1, 5, 9, 13]) == [1, 5, 9, 13]


def test_the_first_of_several_draws_of_a_step_is_kept(tmp_path: Path) -> None:
    import torch

    from rl.training.records.rollouts import KeptRollouts
    from rl.training.records.scored import ScoredBatch

    kept = KeptRollouts(tmp_path, KeepRolloutsConfig(every=1), [], [], [])
    nothing = ScoredBatch(0, 4, [], [], [], torch.zeros(0, 0), torch.zeros(0, 0), torch.zeros(0))
    assert kept.due(1)
    kept.keep(1, nothing, torch.zeros(0))
    assert not kept.due(1) and kept.due(2)


@pytest.mark.parametrize("value", [{"every": 0}, {"count": 0}, {"often": 3}])
def test_wrong_settings_are_refused(value: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="keep_rollouts"):
        config_from_dict({"keep_rollouts": value})


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


def test_a_run_keeps_whole_groups_with_all_that_made_their_advantage(
    world: World, tmp_path: Path
) -> None:
    from rl.training.run import run_training

    run = tmp_path / "run"
    changes = {"keep_rollouts": {"every": 2, "count": 6}, "grpo": GRPO | {"max_steps": 3}}
    config = config_from_dict(world.config(run, **changes))
    run_training(config)
    files = sorted((run / "rollouts").iterdir())
    assert [f.name for f in files] == ["step-000001.jsonl.gz", "step-000002.jsonl.gz"]
    metrics = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for file, step in zip(files, (1, 2), strict=True):
        rows = rows_of(file)
        assert [(r["step"], r["group"], r["sample"]) for r in rows] == [
            (step, 0, i) for i in range(4)
        ]
        assert len({row["question"] for row in rows}) == 1
        assert sum(row["advantage"] for row in rows) == pytest.approx(0, abs=1e-5)
        mean = sum(row["total"] for row in rows) / 4
        for row in rows:
            assert row["advantage"] == pytest.approx(row["total"] - mean, abs=1e-5)
            paid = sum(row["weights"][k] * v for k, v in row["rewards"].items())
            assert row["total"] == pytest.approx(paid, abs=1e-6)
            assert row["weights"]["short"] == pytest.approx(metrics[step - 1]["weight/short"])
            assert row["facts"]["tokens"] == row["tokens"]
            assert row["facts"]["steps"] == len(row["steps"])
            assert row["thinking"] in row["text"]
        assert len({row["text"] for row in rows}) > 1
    read = list(read_files(find_inputs([str(run)])))
    thought = [r for file in files for r in rows_of(file) if r["thinking"].strip()]
    assert [t.id for t in read] == [f"{r['problem_id']}/{r['sample']}" for r in thought]
    assert [t.scores["advantage"] for t in read] == [r["advantage"] for r in thought]
    assert [t.scores["reward"] for t in read] == [r["total"] for r in thought]
    assert [t.model for t in read][0] == "policy before step 1"
    taxonomy = FrozenTagger.load(config.tagger).taxonomy
    stack = build_stack(config.reward.terms, taxonomy, allow_charge_above_correctness=True)
    again = rescore(read_rollouts([run]), stack, taxonomy)
    assert again.totals == pytest.approx([r["total"] for file in files for r in rows_of(file)])


def test_a_run_that_kept_none_says_how(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("keep_rollouts: null\n")
    (tmp_path / "metrics.jsonl").write_text("{}\n")
    assert config_from_dict({"keep_rollouts": None}).keep_rollouts is None
    with pytest.raises(UserError, match="kept no rollouts; begin one with keep_rollouts"):
        find_inputs([str(tmp_path)])
