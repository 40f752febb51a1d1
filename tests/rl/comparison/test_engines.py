"""An arm on either engine: the same samples, told apart in the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from rl.comparison.arms import ArmRunner
from rl.comparison.config import compare_config
from rl.comparison.jobs import Job
from rl.comparison.run import _resolve_shares
from rl.evaluation.oracle import answer_budget
from tagger.errors import UserError
from tests.world import World


def runner(world: World, folder: Path, engine: str) -> ArmRunner:
    config = compare_config(
        {
            "base": str(world.model),
            "tagger": str(world.tagger),
            "problems": {"source": str(world.problems)},
            "calibration": {"source": "overthinker", "split": "calibration", "size": 2},
            "samples": 2,
            "max_new_tokens": 24,
            "rules": {"token_budget": {"share": [0.5]}},
            "engine": engine,
        }
    )
    made = ArmRunner(config, folder)
    made.derive()
    _resolve_shares(made)
    return made


def test_arms_and_oracle_are_the_same_on_both_engines(world: World, tmp_path: Path) -> None:
    kit, stock = (runner(world, tmp_path / name, name) for name in ("kit", "transformers"))
    (point,) = kit.config.grid()
    for job in (
        Job("base", "base", "test"),
        Job("monitored", "base", "test", point),
        Job("oracle", "base", "test", oracle=True),
    ):
        ours, theirs = kit.run(job), stock.run(job)
        assert [s.ids for s in ours] == [s.ids for s in theirs]
        assert [s.stop_reason for s in ours] == [s.stop_reason for s in theirs]
        assert [s.probe_tokens for s in ours] == [s.probe_tokens for s in theirs]
    for job in (Job("base", "base", "test"), Job("monitored", "base", "test", point)):
        samples, cost = kit.run(job), kit.cost([job])
        assert cost is not None
        assert cost["generated_tokens"] + cost["forced_tokens"] == sum(s.tokens for s in samples)
        assert cost["forced_tokens"] == sum(s.forced_tokens for s in samples)
        assert cost["prompt_tokens"] > 0 == cost["reread_tokens"]
    search = kit.cost([Job("oracle", "base", "test", oracle=True)])
    assert search is not None and search["prompt_tokens"] == 0  # free arm apart
    assert kit.cost([Job("none", "base", "test")]) is None
    free = kit.run(Job("base", "base", "calibration"))
    limit = max(1, round(0.5 * sum(s.thinking_tokens for s in free) / len(free)))
    assert point.params == {"limit": limit}
    assert kit.answer_tokens(Job("oracle", "base", "test", oracle=True)) == answer_budget(
        kit.run(Job("base", "base", "test")), 24
    )
    with pytest.raises(UserError, match="made with other settings"):
        runner(world, tmp_path / "kit", "transformers").run(Job("base", "base", "test"))
