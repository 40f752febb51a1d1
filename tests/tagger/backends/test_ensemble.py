"""Ensembles: the mean of probabilities, exactly, on disk and off it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tagger.backends.base import BatchScorer
from tagger.backends.ensemble import EnsembleBackend, Member
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.training.combine import combine
from tests.tagger.small_data import trained
from tests.tagger.student.small import random_backend

TEXT = "Let me see.\n\n3 + 4 = 7.\n\nWait, 3 + 4 = 7."


def student(seed: int, temperature: float = 1.0) -> FrozenTagger:
    return FrozenTagger(REASONTYPE, ParagraphSegmenter(), random_backend(seed), temperature)


def test_ensemble_probabilities_are_the_weighted_mean_of_the_members() -> None:
    parts = [student(0, 1.7), trained().tagger]
    whole = combine(parts, [3.0, 1.0])
    means = [
        (3 * np.array(a.probabilities) + np.array(b.probabilities)) / 4
        for a, b in zip(*(p.tag_text(TEXT) for p in parts), strict=True)
    ]
    for tagged, mean in zip(whole.tag_text(TEXT), means, strict=True):
        np.testing.assert_allclose(tagged.probabilities, mean, rtol=1e-9)


class AtOnce:
    """A back end with a fast way, which notes how it was asked."""

    name = "student"
    arrays: dict[str, Any] = {}
    types = 14

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.settings = inner.settings
        self.started = 0
        self.batches: list[tuple[int, str]] = []

    def start(self, question: str) -> Any:
        self.started += 1
        return self._inner.start(question)

    def logits(self, steps: Sequence[Any]) -> NDArray[np.float64]:
        scores: NDArray[np.float64] = self._inner.logits(steps)
        return scores

    def logits_batch(
        self, traces: Sequence[Sequence[str]], questions: Sequence[str], device: str = "cpu"
    ) -> list[NDArray[np.float64]]:
        self.batches.append((len(traces), device))
        extractors = [self._inner.start(question) for question in questions]
        return [
            self.logits([extractor.read(text) for text in texts])
            for extractor, texts in zip(extractors, traces, strict=True)
        ]


TRACES = [["Let me see.", "3 + 4 = 7.", "Wait, 3 + 4 = 7."], [], ["So it is 7."]]
QUESTIONS = ["3 + 4", "", "2 + 2"]


@pytest.mark.parametrize("nested", [False, True])
def test_ensemble_scores_batch_scorers_in_batches_and_others_step_by_step(nested: bool) -> None:
    fast, slow = AtOnce(random_backend(0)), trained().tagger.backend
    whole: Any = EnsembleBackend([Member(fast, 1.7, 3.0), Member(slow, 0.8)])
    if nested:
        whole = EnsembleBackend([Member(whole, 1.0), Member(random_backend(2), 1.3)])
    reads_many = whole
    assert isinstance(reads_many, BatchScorer)
    many = reads_many.logits_batch(TRACES, QUESTIONS, "cuda")
    assert fast.batches == [(3, "cuda")] and not fast.started
    for texts, question, rows in zip(TRACES, QUESTIONS, many, strict=True):
        extractor = whole.start(question)
        np.testing.assert_array_equal(rows, whole.logits([extractor.read(text) for text in texts]))
        assert rows.shape == (len(texts), 14)


def test_ensemble_with_a_causal_member_in_batches_differs_in_last_digits_only() -> None:
    from tests.tagger.backends.test_causal import tagger as causal

    backend: Any = combine([student(0, 1.7), causal()], [3.0, 1.0]).backend
    traces = [texts * 4 for texts in TRACES]
    for texts, question, rows in zip(
        traces, QUESTIONS, backend.logits_batch(traces, QUESTIONS), strict=True
    ):
        extractor = backend.start(question)
        slow = backend.logits([extractor.read(text) for text in texts])
        np.testing.assert_allclose(rows, slow, atol=1e-4)


def test_ensemble_without_batch_scorers_is_none_itself() -> None:
    assert not isinstance(combine([student(0), student(1)]).backend, BatchScorer)


def test_ensemble_saves_all_members_and_detects_a_changed_one(tmp_path: Path) -> None:
    whole = combine([student(0), student(1)])
    loaded = FrozenTagger.load(whole.save(tmp_path / "both"))
    assert loaded.fingerprint == whole.fingerprint != combine([student(1), student(0)]).fingerprint
    assert loaded.tag_text(TEXT) == whole.tag_text(TEXT)


def test_ensemble_streaming_equals_the_finished_trace() -> None:
    whole = combine([student(0), student(1)])
    session = whole.session()
    steps = whole.segmenter.split(TEXT)
    assert [session.tag_next(step) for step in steps] == whole.tag(steps)


def test_ensemble_refuses_members_that_do_not_fit() -> None:
    with pytest.raises(UserError, match="two taggers or more; 1 was given"):
        combine([student(0)])
    with pytest.raises(UserError, match="settings of the segmenter of tagger 2 differ"):
        combine([student(0), FrozenTagger(REASONTYPE, ParagraphSegmenter(9), random_backend(1))])
    with pytest.raises(UserError, match="above 0"):
        EnsembleBackend([Member(random_backend(0), 1.0, 0.0), Member(random_backend(1), 1.0)])


def test_ensemble_stores_the_data_of_its_members() -> None:
    one, other = student(0), student(1)
    one._about["data"], other._about["data"] = ["b.jsonl", "a.jsonl"], ["b.jsonl"]
    assert combine([one, other]).about["data"] == ["a.jsonl", "b.jsonl"]
