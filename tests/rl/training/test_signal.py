"""The signal of a run: groups without spread, warnings, the verdict, its state."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import torch

from rewards.aggregation.contribution import without_spread
from rewards.facts.columns import columns
from rl.analysis.signal import Setting
from rl.training.signal import SignalWatch
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.thinking.families import THINK
from tests.rewards.fakes import table

NAMES = columns(REASONTYPE)
GROUPS = torch.tensor([0, 0, 1, 1])
SETTING = Setting(limit=20, limit_key="grpo.max_completion_length")
FINE = {"ended": 1.0, "thought": 1.0, "answered": 1.0}


def add(watch: SignalWatch, *correct: int, ended: bool = True) -> dict[str, float]:
    """One batch of two groups of two, whose reward is whether each is correct."""
    facts = table(*({**(FINE if ended else {}), "correct": c} for c in correct))
    return watch.add(facts, NAMES, without_spread(torch.tensor(correct).double(), GROUPS))


def log(watch: SignalWatch, norm: float, every: int = 1) -> None:
    watch.on_log(SimpleNamespace(logging_steps=every), None, None, {"grad_norm": norm})


def test_the_first_batch_warns_if_all_is_cut_off(capsys: pytest.CaptureFixture[str]) -> None:
    watch = SignalWatch(SETTING)
    metrics = add(watch, 0, 0, 0, 0, ended=False)
    assert metrics["signal/cut_off"] == 1 and metrics["signal/equal_rewards"] == 1
    error = capsys.readouterr().err
    assert "WARNING: no gradient in the first batch. 4 of 4 completions (100 %) were cut off" in (
        error
    )
    add(watch, 0, 0, 0, 0, ended=False)
    assert capsys.readouterr().err == ""
    add(watch, 0, 0, 0, 0, ended=False)
    assert "no gradient in the first 3 batches" in capsys.readouterr().err


def test_only_the_main_process_warns(capsys: pytest.CaptureFixture[str]) -> None:
    watch = SignalWatch(SETTING, main=False)
    for _ in range(3):
        add(watch, 0, 0, 0, 0, ended=False)
    assert capsys.readouterr().err == "" and watch.verdict() is not None


def test_warnings_grow_rarer_as_batches_double(capsys: pytest.CaptureFixture[str]) -> None:
    watch = SignalWatch(SETTING)
    warned = []
    for batch in range(1, 25):
        add(watch, 1, 1, 1, 1)
        if capsys.readouterr().err:
            warned.append(batch)
    assert warned == [3, 6, 12, 24]


def test_a_signal_that_is_lost_later_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    watch = SignalWatch(SETTING)
    add(watch, 0, 1, 0, 1)
    for _ in range(10):
        add(watch, 1, 1, 1, 1)
    assert "no gradient in the last 10 batches" in capsys.readouterr().err
    assert watch.verdict() is None


def test_a_weak_signal_is_warned_of_after_three_batches(
    capsys: pytest.CaptureFixture[str],
) -> None:
    watch = SignalWatch(SETTING)
    add(watch, 0, 1, 0, 0)
    for _ in range(2):
        add(watch, 0, 0, 0, 0, ended=False)
    assert "weak signal after 3 batches. 8 of 12 completions (67 %) were cut off" in (
        capsys.readouterr().err
    )


def test_one_group_with_spread_is_a_signal() -> None:
    watch = SignalWatch(SETTING)
    add(watch, 0, 0, 0, 0)
    assert watch.without_gradient
    add(watch, 0, 0, 0, 1)
    assert not watch.without_gradient and watch.verdict() is None


def test_a_gradient_of_zero_throughout_is_no_signal() -> None:
    watch = SignalWatch(SETTING)
    add(watch, 0, 1, 0, 1)
    log(watch, 0.0)
    assert "the gradient was 0 at all 1 steps although rewards differed" in str(watch.verdict())
    log(watch, 0.25)
    assert watch.verdict() is None


def test_gradients_between_logged_steps_are_not_judged() -> None:
    watch = SignalWatch(SETTING)
    add(watch, 0, 1, 0, 1)
    log(watch, 0.0, every=5)
    assert watch.verdict() is None


def test_without_a_batch_there_is_no_verdict() -> None:
    assert SignalWatch(SETTING).verdict() is None


def test_state_resumes_counts_example_and_verdict() -> None:
    watch, resumed = SignalWatch(SETTING), SignalWatch(SETTING)
    watch.note_mismatch("a</think>\\boxed{8}", "7", THINK.delimiters)
    add(watch, 0, 0, 0, 0)
    log(watch, 0.0)
    resumed.load_state_dict(json.loads(json.dumps(watch.state_dict())))
    assert not resumed.wants_mismatch
    for each in (watch, resumed):
        add(each, 0, 0, 0, 0)
    assert resumed.record() == watch.record() and resumed.verdict() == watch.verdict()
    assert "the answer '8' against the reference '7'" in str(resumed.verdict())


def test_a_run_whose_beginning_was_not_watched_gets_no_verdict() -> None:
    watch = SignalWatch(SETTING)
    watch.load_state_dict({})
    add(watch, 0, 0, 0, 0)
    assert watch.verdict() is None
    again = SignalWatch(SETTING)
    again.load_state_dict(watch.state_dict())
    assert again.verdict() is None


def test_record_counts_batches_groups_and_outcomes() -> None:
    watch = SignalWatch(SETTING)
    add(watch, 0, 0, 1, 0)
    record = watch.record()
    assert (record["groups"], record["groups_without_spread"]) == (2, 1)
    assert (record["rollouts"], record["unmatched"], record["correct"]) == (4, 3, 1)
    assert record["causes"] == []
