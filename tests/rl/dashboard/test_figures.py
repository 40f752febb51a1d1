"""Pace, curves, warnings and how a run stands, by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.dashboard.pace import duration, planned_steps, seconds_a_step, seconds_left
from rl.dashboard.plot import line_plot, resample, spark
from rl.dashboard.series import panels, type_curves, window
from rl.dashboard.state import status_of
from rl.dashboard.warnings import logged_warnings, warnings_of
from tests.rl.dashboard.making import CONFIG, row


def test_planned_steps_by_steps_or_by_epochs() -> None:
    assert planned_steps({"grpo": {"max_steps": 40}}, []) == 40
    epochs = {"grpo": {"num_train_epochs": 2}}
    assert planned_steps(epochs, []) is None
    assert planned_steps(epochs, [row(10, epoch=0.5)]) == 40
    assert planned_steps({}, [row(10, epoch=0.5)]) == 60  # TRL's three epochs


def test_pace_is_the_median_of_the_last_steps() -> None:
    rows = [row(s, step_time=9.0) for s in range(30)] + [row(s, step_time=2.0) for s in range(20)]
    assert seconds_a_step(rows) == 2.0
    assert seconds_a_step([{"step": 1}]) is None
    assert seconds_left(10, 40, 2.0) == 60.0
    assert seconds_left(50, 40, 2.0) == 0.0
    assert seconds_left(10, None, 2.0) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (45, "45 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_panels_hold_what_was_logged_and_is_finite() -> None:
    rows = [row(1, reward=math.nan), row(2, **{"eval/accuracy": 0.75}), row(3, reward=None)]
    found = {panel.title: panel for panel in panels(rows)}
    assert found["reward"].curves[0].points == ((2, 0.52),)
    rollouts, evaluation = found["correct"].curves
    assert rollouts.points == ((1, 80.0), (2, 80.0), (3, 80.0))
    assert (evaluation.points, evaluation.sparse) == (((2, 75.0),), True)
    assert [c.name for c in found["weight of each term"].curves] == ["correctness", "step_count"]
    assert "KL to the reference" not in found and "peak memory, GiB" not in found
    assert panels([]) == []


@pytest.mark.parametrize(("rows", "steps"), [(0, 1), (1, 1), (5, 2), (20, 10), (90, 10)])
def test_window_never_takes_a_step_at_both_ends(rows: int, steps: int) -> None:
    assert window([row(1)] * rows) == steps


def test_type_curves_are_those_that_occur_the_most_frequent_first() -> None:
    found = type_curves([row(10), row(20)], "facts/count/")
    assert [(c.name, c.values) for c in found] == [
        ("VERIFY", [3.0, 2.0]), ("SUBSTITUTE", [2.0, 2.0]),
    ]  # fmt: skip


def test_warnings_name_what_is_to_be_done() -> None:
    flat = {"signal/equal_rewards": 1.0}
    assert warnings_of([], CONFIG) == []
    assert warnings_of([row(1), row(2, **flat), row(3, **flat)], CONFIG) == []
    rows = [row(s, **flat, **{"completions/clipped_ratio": 0.5}) for s in (1, 2, 3)]
    assert warnings_of(rows, CONFIG, damaged=2) == [
        "2 lines of metrics.jsonl cannot be read and are left out.",
        "No gradient in the last 3 logged steps: rewards were equal in every group.",
        "50% of the completions of step 3 were cut off by grpo.max_completion_length (360 tokens).",
    ]
    strange = [row(s, **{"facts/unfamiliar": share}) for s, share in enumerate((0, 0.3, None, 0.1))]
    assert warnings_of(strange, CONFIG) == [
        "13% of the steps of the last 3 logged steps are unlike the tagger's training data; their "
        "types, which the reward reads, may be wrong."
    ]
    assert warnings_of([row(1, **{"facts/unfamiliar": 1.0})] + [row(2)] * 20, CONFIG) == []
    assert warnings_of([row(4, loss=math.nan)], CONFIG) == ["loss is nan at step 4."]


def test_logged_warnings_are_the_last_ones_each_once(tmp_path: Path) -> None:
    log = tmp_path / "process-0.log"
    assert logged_warnings(log) == []
    lines = ["a", "b", "c", "d", "b"]
    text = "".join(f"2026-11-29T11:00:00 suffice: WARNING: {x}.\n2026 other\n" for x in lines)
    log.write_text(text)
    assert logged_warnings(log) == ["c.", "d.", "b."]


@pytest.mark.parametrize(
    ("result", "kind", "text"),
    [
        ({"steps": 40}, "complete", "Complete after 40 steps."),
        ({"stopped_early": "accuracy fell"}, "stopped", "Stopped itself: accuracy fell."),
        ({"no_signal": "No signal: why."}, "failed", "No signal: why."),
    ],
)
def test_status_of_a_run_that_has_a_result(result: dict[str, object], kind: str, text: str) -> None:
    status = status_of(
        root="r", step=9, planned=40, result=result, checkpoint=None, alive=None, quiet=0.0
    )
    assert (status.kind, status.text, status.ended) == (kind, text, True)


def test_line_plot_by_hand() -> None:
    # Two columns of four dots: the first value lowest (dot 7), the second highest (dots 4 to 8).
    assert line_plot([0.0, 3.0], 1, 1, 0.0, 3.0) == [chr(0x2800 + 0x40 + 0x08 + 0x10 + 0x20 + 0x80)]
    assert line_plot([1.0], 1, 1, 1.0, 1.0) == [chr(0x2800 + 0x02 + 0x10)]  # the middle
    assert spark([0.0, 4.0, 8.0], 3) == "▁▅█"
    assert spark([0.0], 2) == "▁▁"


@settings(max_examples=30)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
    width=st.integers(1, 12),
    height=st.integers(1, 4),
)
def test_line_plot_fills_every_column_and_nothing_else(
    values: list[float], width: int, height: int
) -> None:
    lines = line_plot(values, width, height, min(values), max(values))
    assert [len(line) for line in lines] == [width] * height
    assert all(0x2800 <= ord(c) <= 0x28FF for line in lines for c in line)
    for column in range(width):
        bits = [ord(line[column]) - 0x2800 for line in lines]
        assert any(b & 0x47 for b in bits) and any(b & 0xB8 for b in bits)


@settings(max_examples=30)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), count=st.integers(1, 50))
def test_resample_stays_within_its_values(values: list[float], count: int) -> None:
    found = resample(values, count)
    assert len(found) == count
    assert all(min(values) - 1e-6 <= value <= max(values) + 1e-6 for value in found)
    assert resample(values, len(values)) == pytest.approx(values)
