"""A warm start: new folders only, resumed from the last whole checkpoint, a model in the end.

pytest tests/rl/warm_start/test_run.py
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rl.provenance import weights_hash
from rl.warm_start.run import (
    WarmStartSettings,
    begin,
    begun,
    run_warm_start,
    warm_start_traces,
    whole_checkpoint,
)
from tagger.errors import UserError

SMALL = WarmStartSettings(model="overthinker", traces=12, batch_size=2, save_every=2)


class StopAt:
    """Progress that is interrupted at the first logged step."""

    def __call__(self, done: int, total: int, loss: float) -> None:
        assert (done, total) == (5, 6) and loss > 0
        raise KeyboardInterrupt


@pytest.mark.slow
def test_resumed_warm_start_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    begin(whole, SMALL)
    assert run_warm_start(whole) == whole
    begin(stopped, SMALL)
    with pytest.raises(KeyboardInterrupt):
        run_warm_start(stopped, StopAt())
    assert begun(stopped) == SMALL and not (stopped / "config.json").exists()
    found = whole_checkpoint(stopped / "checkpoints")
    assert found is not None and found.name == "checkpoint-4"
    run_warm_start(stopped)
    assert weights_hash(stopped) == weights_hash(whole) is not None
    logged = [json.loads(line) for line in (whole / "warm_start.jsonl").read_text().splitlines()]
    assert [row["step"] for row in logged if "loss" in row] == [5]
    assert not (whole / "checkpoints").exists()
    with pytest.raises(UserError, match="is complete; name the folder as a model"):
        begun(whole)


def test_whole_checkpoint_is_the_latest_that_was_finished(tmp_path: Path) -> None:
    assert whole_checkpoint(tmp_path) is None
    for step in (9, 20, 100):
        (tmp_path / f"checkpoint-{step}").mkdir()
    for step in (9, 20):
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    assert whole_checkpoint(tmp_path) == tmp_path / "checkpoint-20"


def test_traces_are_those_of_the_seed_and_of_the_train_split() -> None:
    from rl.problems.overthinker import split_of

    first, again = list(warm_start_traces(SMALL)), list(warm_start_traces(SMALL))
    assert first == again and len(first) == 12
    assert {split_of(problem.question) for problem, _ in first} == {"train"}
    assert {problem.band for problem, _ in first} == {"easy"}
    assert first != list(warm_start_traces(WarmStartSettings(traces=12, seed=1)))


@pytest.mark.parametrize(
    ("bands", "said"),
    [([], "name at least one band"), (["search"], "difficulty band of a warm start 'search'")],
)
def test_settings_refuse_bands_without_a_program(bands: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        WarmStartSettings(bands=bands)


def test_begin_and_begun_refuse_what_they_cannot_use(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"exists; resume it by suffice warm-start --resume"):
        begin(tmp_path, SMALL)
    with pytest.raises(UserError, match="holds no warm start"):
        begun(tmp_path)
