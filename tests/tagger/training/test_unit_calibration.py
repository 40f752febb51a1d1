"""Calibration for other steps and types: counts, temperature, figures by halves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation.sentence import SentenceSegmenter
from tagger.taxonomies.files import load_type_map
from tagger.traces.labelled import LabelledTrace
from tagger.training.unit_calibration import (
    LEAST_LABELS,
    calibrate_unit,
    count_biases,
    unit_temperature,
)


def test_count_biases_none_where_counts_are_as_labelled() -> None:
    types = np.repeat([0, 1], 40)
    assert not count_biases(np.log(np.eye(2)[types] * 0.8 + 0.1), types).any()


def test_count_biases_leave_rare_types_alone() -> None:
    types = np.repeat([0, 1], [100, LEAST_LABELS - 1])
    scores = np.log(np.tile([0.4, 0.6], (len(types), 1)))
    assert count_biases(scores, types)[1] == 0.0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_count_biases_bring_counts_nearer(seed: int) -> None:
    draw = np.random.default_rng(seed)
    types = draw.choice(3, size=600, p=[0.6, 0.3, 0.1])
    scores = draw.normal(size=(600, 3)) + 1.5 * np.eye(3)[types] + np.array([-2.0, 0.0, 2.0])
    wanted = np.bincount(types, minlength=3)

    def worst(bias: np.ndarray) -> float:
        found = np.bincount((scores + bias).argmax(axis=1), minlength=3)
        return float((np.abs(found - wanted) / wanted).max())

    bias = count_biases(scores, types)
    assert worst(bias) <= 0.1 < worst(np.zeros(3))
    assert abs(bias.mean()) < 1e-9, "a shift of all types changes nothing"


def test_unit_temperature_softens_what_is_too_sure() -> None:
    # Two own types become one: logits of 4 say 0.98, and 3 of 4 labels agree.
    logits = np.tile([4.0, 0.0, -50.0], (40, 1))
    onto = np.array([[1, 0], [0, 1], [0, 1]])
    types = np.repeat([0, 1], [30, 10])
    # The best temperature solves exp(4 / T) = 3: T = 4 / log 3 = 3.64.
    assert unit_temperature(logits, types, onto) == pytest.approx(4 / np.log(3), rel=0.03)


def traces(count: int) -> list[LabelledTrace]:
    """Traces of alternating sentences, whose labels call every second one a computation."""
    steps = ("Wait, let me check that again.", "3 + 4 = 7.") * 3
    labels = {i: ("Check", "Compute")[i % 2] for i in range(6)}
    named = load_type_map("thought-anchors").taxonomy
    names = {"Check": named.get("CHECK").name, "Compute": named.get("COMPUTE").name}
    typed = {i: names[label] for i, label in labels.items()}
    return [LabelledTrace(str(i), f"question {i}", steps, typed) for i in range(count)]


def test_calibrate_unit_corrects_counts_and_reports_both_halves() -> None:
    tagger, type_map = FrozenTagger.load("linear"), load_type_map("thought-anchors")
    found, report = calibrate_unit(tagger, SentenceSegmenter(), traces(24), type_map)
    assert (found.tagger, found.taxonomy) == (tagger.fingerprint, "thought-anchors")
    assert (found.segmenter, found.settings) == ("sentence", {"min_chars": 1})
    by_tag = {kind.tag: kind for kind in report.types}
    assert report.steps == 144 and by_tag["CHECK"].labelled == by_tag["COMPUTE"].labelled == 72
    assert report.log_loss[1] < report.log_loss[0]
    assert by_tag["CHECK"].before > 1.1 * 72 > by_tag["CHECK"].after
    assert sum(kind.after for kind in report.types) == 144


def test_calibrate_unit_refuses_too_few_labels() -> None:
    tagger, type_map = FrozenTagger.load("linear"), load_type_map("thought-anchors")
    with pytest.raises(UserError, match=r"12 labels .* half of the questions needs 30"):
        calibrate_unit(tagger, SentenceSegmenter(), traces(2), type_map)
