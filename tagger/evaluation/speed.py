"""Speed of a tagger: streaming, in batches, and inside a monitor; every pass is timed twice.

Each figure comes as wall-clock time and as processor time of the process. On a quiet machine they
agree; when other jobs run, compare the processor time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tagger.frozen import FrozenTagger
from tagger.steps import Step
from tagger.stopping.monitor import StepMonitor
from tagger.thinking.split import ThinkingDelimiters
from tagger.traces.labelled import Trace

NANO = 1e-6
"""Milliseconds in a nanosecond."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over the traces.

    Attributes:
        wall: Wall-clock time of each unit (step or token), in ms; empty where only totals are
            taken.
        cpu: The same in processor time of this thread.
        wall_seconds: Whole pass.
        process_seconds: Whole pass, processor time of all threads.
        thread_seconds: Whole pass, processor time of this thread.
        units: Steps or tokens.
    """

    wall: Sequence[float]
    cpu: Sequence[float]
    wall_seconds: float
    process_seconds: float
    thread_seconds: float
    units: int


class _Clock:
    """Reads the three clocks at once."""

    def __init__(self) -> None:
        self._begun = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float]:
        return time.perf_counter(), time.process_time(), time.thread_time()

    def finish(self, units: int, wall: Sequence[int] = (), cpu: Sequence[int] = ()) -> Pass:
        """The pass since this clock was made; single times in ns."""
        real, process, thread = (
            end - begin for begin, end in zip(self._begun, self._now(), strict=True)
        )
        times = [ns * NANO for ns in wall], [ns * NANO for ns in cpu]
        return Pass(*times, real, process, thread, units)


def stream_steps(tagger: FrozenTagger, traces: Sequence[tuple[str, Sequence[Step]]]) -> Pass:
    """Tag step by step through sessions; traces are ``(question, steps)``."""
    wall: list[int] = []
    cpu: list[int] = []
    clock = _Clock()
    for question, steps in traces:
        session = tagger.session(question)
        for step in steps:
            at, used = time.perf_counter_ns(), time.thread_time_ns()
            session.tag_next(step)
            cpu.append(time.thread_time_ns() - used)
            wall.append(time.perf_counter_ns() - at)
    return clock.finish(len(wall), wall, cpu)


def tag_batches(
    tagger: FrozenTagger, traces: Sequence[tuple[str, Sequence[Step]]], size: int
) -> Pass:
    """Tag `size` whole traces at once."""
    clock = _Clock()
    for begin in range(0, len(traces), size):
        part = traces[begin : begin + size]
        tagger.tag_batch([steps for _, steps in part], [question for question, _ in part])
    return clock.finish(sum(len(steps) for _, steps in traces))


def monitor_tokens(
    tagger: FrozenTagger,
    traces: Sequence[tuple[str, Sequence[int]]],
    tokenizer: Any,
    delimiters: ThinkingDelimiters,
) -> Pass:
    """Feed token ids to step monitors; traces are ``(question, ids)``."""
    wall: list[int] = []
    cpu: list[int] = []
    clock = _Clock()
    for question, ids in traces:
        monitor = StepMonitor(tagger, None, question, delimiters, tokenizer)
        for token_id in ids:
            at, used = time.perf_counter_ns(), time.thread_time_ns()
            monitor.feed_token(token_id)
            cpu.append(time.thread_time_ns() - used)
            wall.append(time.perf_counter_ns() - at)
        monitor.close()
    return clock.finish(len(wall), wall, cpu)


def over_repeats(values: Sequence[float]) -> dict[str, float]:
    """Median, minimum and maximum of the repeats."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summarise(passes: Sequence[Pass]) -> dict[str, Any]:
    """Figures of repeated passes, each as median, minimum and maximum over the repeats.

    Args:
        passes: At least one pass over the same traces.

    Returns:
        ``units``, ``per_second`` and ``per_cpu_second``; where single times were taken also
        ``latency_ms`` and ``latency_cpu_ms``, each with ``mean``, ``median``, ``p95``, ``p99``.
    """
    out: dict[str, Any] = {
        "units": passes[0].units,
        "per_second": over_repeats([p.units / max(p.wall_seconds, 1e-9) for p in passes]),
        "per_cpu_second": over_repeats([p.units / max(p.process_seconds, 1e-9) for p in passes]),
    }
    if len(passes[0].wall):
        out["latency_ms"] = _latencies([p.wall for p in passes])
        out["latency_cpu_ms"] = _latencies([p.cpu for p in passes])
    return out


def _latencies(repeats: Sequence[Sequence[float]]) -> dict[str, dict[str, float]]:
    wanted: dict[str, Callable[[Sequence[float]], float]] = {
        "mean": lambda times: float(np.mean(times)),
        "median": lambda times: float(np.median(times)),
        "p95": lambda times: float(np.percentile(times, 95)),
        "p99": lambda times: float(np.percentile(times, 99)),
    }
    return {name: over_repeats([of(times) for times in repeats]) for name, of in wanted.items()}


def thread_share(passes: Sequence[Pass]) -> float:
    """Processor time of the whole process over that of the measuring thread; 1 for one thread."""
    thread = sum(p.thread_seconds for p in passes)
    return sum(p.process_seconds for p in passes) / thread if thread > 0 else 1.0


def spread(traces: Sequence[Trace], count: int) -> list[Trace]:
    """At most `count` traces, evenly from the whole list: files are often sorted by source."""
    if len(traces) <= count:
        return list(traces)
    return [traces[i * len(traces) // count] for i in range(count)]
