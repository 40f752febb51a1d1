"""Ensembles: the mean of probabilities, exactly, on disk and off it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tagger.ensemble import EnsembleBackend, Member, combine
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.taxonomy import REASONTYPE
from tests.tagger.small_data import trained
from tests.tagger.student.small import random_backend

TEXT = "Let me see.\n\n3 + 4 = 7.\n\nWait, 3 + 4 = 7."


def student(seed: int, temperature: float = 1.0) -> FrozenTagger:
    return FrozenTagger(REASONTYPE, ParagraphSegmenter(), random_backend(seed), temperature)


def test_probabilities_are_the_weighted_mean_of_the_members() -> None:
    parts = [student(0, 1.7), trained().tagger]
    whole = combine(parts, [3.0, 1.0])
    means = [
        (3 * np.array(a.probabilities) + np.array(b.probabilities)) / 4
        for a, b in zip(*(p.tag_text(TEXT) for p in parts), strict=True)
    ]
    for tagged, mean in zip(whole.tag_text(TEXT), means, strict=True):
        np.testing.assert_allclose(tagged.probabilities, mean, rtol=1e-9)


def test_it_is_saved_whole_and_knows_a_changed_member(tmp_path: Path) -> None:
    whole = combine([student(0), student(1)])
    loaded = FrozenTagger.load(whole.save(tmp_path / "both"))
    assert loaded.fingerprint == whole.fingerprint != combine([student(1), student(0)]).fingerprint
    assert loaded.tag_text(TEXT) == whole.tag_text(TEXT)


def test_streaming_equals_the_finished_trace() -> None:
    whole = combine([student(0), student(1)])
    session = whole.session()
    steps = whole.segmenter.split(TEXT)
    assert [session.tag_next(step) for step in steps] == whole.tag(steps)


def test_members_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UserError, match="two taggers or more; 1 was given"):
        combine([student(0)])
    with pytest.raises(UserError, match="settings of the segmenter of tagger 2 differ"):
        combine([student(0), FrozenTagger(REASONTYPE, ParagraphSegmenter(9), random_backend(1))])
    with pytest.raises(UserError, match="above 0"):
        EnsembleBackend([Member(random_backend(0), 1.0, 0.0), Member(random_backend(1), 1.0)])


def test_it_knows_what_its_members_were_trained_on() -> None:
    one, other = student(0), student(1)
    one._about["data"], other._about["data"] = ["b.jsonl", "a.jsonl"], ["b.jsonl"]
    assert combine([one, other]).about["data"] == ["a.jsonl", "b.jsonl"]
