"""The trace writer: types by construction, mistakes, checks.

pytest tests/rl/overthinker/test_traces.py
"""

from __future__ import annotations

import random

import pytest

from rl.overthinker import traces
from rl.overthinker.build import labelled_rows, written_traces
from rl.overthinker.traces import write_trace
from rl.problems.programs import program_for
from tagger.taxonomies.taxonomy import REASONTYPE

PROGRAM = program_for("chain_sum", {"expression": "4 - 1 + 7"})


def test_without_mistakes_every_trace_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(traces.MISTAKE_RATE, "hard", 0.0)
    monkeypatch.setattr(traces, "SLIP_RATE", 0.0)
    for seed in range(200):
        trace = write_trace(PROGRAM, "hard", random.Random(seed))
        assert (trace.first_answer, trace.answer) == (10, 10)
        assert trace.completion.endswith("\n</think>\n\nThe answer is \\boxed{10}.")


def test_blind_spots_are_never_found_and_other_mistakes_always_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(traces.MISTAKE_RATE, "hard", 1.0)
    monkeypatch.setattr(traces, "FIND_RATE", 1.0)
    monkeypatch.setattr(traces, "SLIP_RATE", 0.0)
    monkeypatch.setattr(traces, "BLIND_SPOT_RATE", 1.0)
    blind = [write_trace(PROGRAM, "hard", random.Random(s)) for s in range(100)]
    assert all(t.answer == t.first_answer != 10 for t in blind)
    monkeypatch.setattr(traces, "BLIND_SPOT_RATE", 0.0)
    seen = [write_trace(PROGRAM, "hard", random.Random(s)) for s in range(200)]
    found = [t for t in seen if any("Let me" in text for text, _ in t.steps)]
    assert found
    assert all(t.answer == 10 for t in found)


def test_the_corpus_overthinks_as_designed() -> None:
    pairs = list(written_traces(1_500, seed=5))
    first = sum(str(t.first_answer) == p.reference for p, t in pairs) / len(pairs)
    final = sum(str(t.answer) == p.reference for p, t in pairs) / len(pairs)
    rounds = sum(t.rounds for _, t in pairs) / len(pairs)
    assert 0.68 < first < 0.80
    assert final - first > 0.08
    assert rounds > 3


def test_labelled_rows_carry_reasontype_tags() -> None:
    rows = list(labelled_rows(50, seed=1))
    assert rows == list(labelled_rows(50, seed=1))
    for row in rows:
        assert len(row["labels"]) == len(row["steps"])
        assert set(row["labels"].values()) <= set(REASONTYPE.tags)
