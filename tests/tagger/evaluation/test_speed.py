"""The measurement measures what it says: units counted, figures by hand, traces spread."""

from __future__ import annotations

import time

import pytest

from tagger.evaluation.speed import (
    Pass,
    monitor_tokens,
    over_repeats,
    spread,
    stream_steps,
    summarise,
    tag_batches,
    thread_share,
)
from tagger.frozen import FrozenTagger
from tagger.steps import TagContext
from tagger.thinking.split import ThinkingDelimiters
from tagger.traces.labelled import Trace
from tests.tagger.small_data import trained
from tests.tagger.tokenizers_made_here import byte_level

TEXT = "3 + 4 = 7.\n\nWait, let me check: 3 + 4 = 7.\n\nSo the answer is 7."


def test_speed_of_two_passes_by_hand() -> None:
    one = Pass([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], 0.010, 0.004, 0.004, units=3)
    two = Pass([3.0, 4.0, 8.0], [2.0, 2.0, 2.0], 0.030, 0.006, 0.006, units=3)
    found = summarise([one, two])
    assert found["units"] == 3
    assert found["per_second"] == pytest.approx({"median": 200, "min": 100, "max": 300})
    assert found["per_cpu_second"] == pytest.approx({"median": 625, "min": 500, "max": 750})
    assert found["latency_ms"]["median"] == {"median": 3.0, "min": 2.0, "max": 4.0}
    assert found["latency_ms"]["mean"] == {"median": 3.5, "min": 2.0, "max": 5.0}
    assert found["latency_ms"]["p95"]["max"] == pytest.approx(7.6)
    assert found["latency_cpu_ms"]["p99"] == {"median": 1.5, "min": 1.0, "max": 2.0}
    assert "latency_ms" not in summarise([Pass((), (), 1, 1, 1, 1)])
    assert over_repeats([3, 1, 2]) == {"median": 2, "min": 1, "max": 3}


def test_speed_detects_a_second_thread() -> None:
    assert thread_share([Pass((), (), 1.0, 2.0, 1.0, 1), Pass((), (), 1.0, 1.0, 1.0, 1)]) == 1.5
    assert thread_share([Pass((), (), 1.0, 0.0, 0.0, 1)]) == 1.0


def test_speed_each_pass_counts_its_units_and_takes_the_time_of_each() -> None:
    tagger = trained().tagger
    traces = [("3 + 4?", tagger.segmenter.split(TEXT))] * 5
    streaming = stream_steps(tagger, traces)
    assert streaming.units == len(streaming.wall) == len(streaming.cpu) == 15
    assert 0 < sum(streaming.wall) / 1000 <= streaming.wall_seconds
    batch = tag_batches(tagger, traces, 2)
    assert batch.units == 15 and batch.wall_seconds > 0
    ids = byte_level().encode(TEXT, add_special_tokens=False)
    tokens = monitor_tokens(
        tagger, [("", ids)], byte_level(), ThinkingDelimiters("<think>", "</think>")
    )
    assert tokens.units == len(tokens.wall) == len(ids)


class Slow(FrozenTagger):
    """Sleeps 5 ms a step in sessions and 20 ms a batch."""

    def _finish(self, steps, features):  # type: ignore[no-untyped-def]
        time.sleep(0.005 if len(steps) == 1 else 0.02)
        return super()._finish(steps, features)


def test_speed_measures_a_known_delay_as_wall_time_only() -> None:
    tagger = trained().tagger
    slow = Slow(tagger.taxonomy, tagger.segmenter, tagger._backend, tagger.temperature)
    traces = [("", tagger.segmenter.split(TEXT))] * 4
    streaming, batch = stream_steps(slow, traces), tag_batches(slow, traces, 2)
    assert min(streaming.wall) >= 5
    assert sum(streaming.cpu) < sum(streaming.wall), "sleeping is not work"
    assert batch.wall_seconds >= 0.04
    assert slow.tag(traces[0][1], TagContext("")) == tagger.tag(traces[0][1])


def test_speed_spread_takes_traces_evenly() -> None:
    traces = [Trace(str(i), "", "", None) for i in range(10)]
    assert [t.id for t in spread(traces, 3)] == ["0", "3", "6"]
    assert spread(traces, 99) == traces
