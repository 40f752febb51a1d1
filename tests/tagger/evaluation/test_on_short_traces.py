"""Short traces written by hand: an announced check is one in the second step too.

suffice tagger evaluate tests/tagger/evaluation/short_traces.jsonl
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.frozen import FrozenTagger
from tagger.traces.labelled import read_labelled
from tests.tagger.small_data import scores_on

TRACES = Path(__file__).parent / "short_traces.jsonl"
VERIFY = "Verification / Sanity Check"


def test_they_are_short_and_mostly_check_once() -> None:
    traces = list(read_labelled(TRACES))
    assert len(traces) == 55
    assert max(len(t.steps) for t in traces) <= 5
    assert sum(name == VERIFY for t in traces for name in t.labels.values()) == 54


@pytest.mark.parametrize(
    ("name", "recall", "precision"), [("default", 0.7, 0.9), ("linear", 0.45, 0.8)]
)
def test_packaged_taggers_find_announced_checks_in_them(
    name: str, recall: float, precision: float
) -> None:
    score = scores_on(FrozenTagger.load(name), TRACES).per_type[VERIFY]
    assert score.recall >= recall
    assert score.precision >= precision
