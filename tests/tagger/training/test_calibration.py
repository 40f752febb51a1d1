"""Calibration: temperature for probabilities, logit bias for counts."""

from __future__ import annotations

import numpy as np
import pytest

from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.training.calibration import best_temperature, calibrate, count_bias, count_biases
from tests.tagger.student.small import random_backend

VERIFY = REASONTYPE.index("VERIFY")


def unsure(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores that lean to VERIFY wherever they are unsure, and the types drawn from them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1, (4000, 14))
    logits[:, VERIFY] += 2
    odds = np.exp(logits)
    types = np.array([rng.choice(14, p=row / row.sum()) for row in odds])
    return logits, types


def test_best_temperature_recovers_the_temperature_of_scaled_scores() -> None:
    logits, types = unsure()
    assert best_temperature(logits, types) == pytest.approx(1, abs=0.1)
    assert best_temperature(2 * logits, types) == pytest.approx(2, abs=0.2)


def test_count_bias_lowers_the_count_of_an_overpredicted_type() -> None:
    logits, types = unsure()
    true = (types == VERIFY).sum()
    assert (logits.argmax(axis=1) == VERIFY).sum() > 1.3 * true
    for tolerance in (0.0, 0.1):
        shifted = logits.copy()
        shifted[:, VERIFY] += count_bias(logits, types, VERIFY, tolerance)
        called = (shifted.argmax(axis=1) == VERIFY).sum()
        assert called == pytest.approx((1 + tolerance) * true, abs=4)


def test_count_bias_raises_rare_predictions_and_leaves_good_counts() -> None:
    logits, types = unsure()
    rare = REASONTYPE.index("OTHER")
    true = (types == rare).sum()
    assert (logits.argmax(axis=1) == rare).sum() < 0.5 * true
    shifted = logits.copy()
    bias = count_bias(logits, types, rare)
    assert bias > 0
    shifted[:, rare] += bias
    assert (shifted.argmax(axis=1) == rare).sum() == pytest.approx(0.9 * true, abs=4)
    sure = np.eye(14)[types] * 9
    assert count_bias(sure, types, VERIFY) == 0


def test_count_biases_bring_every_counted_type_within_the_tolerance() -> None:
    logits, types = unsure()
    true = np.bincount(types, minlength=14)
    before = np.bincount(logits.argmax(axis=1), minlength=14)
    assert (np.abs(before - true) > 0.3 * true).sum() == 14  # all but VERIFY far too rare
    bias = count_biases(logits, types)
    after = np.bincount((logits + bias).argmax(axis=1), minlength=14)
    assert (np.abs(after - true) <= 0.1 * true).all()


def test_count_biases_leave_rare_types_and_good_counts_alone() -> None:
    types = np.array([0] * 30 + [1] * 30 + [2] * 5)
    logits = 9 * np.eye(3)[[0] * 45 + [1] * 15 + [0] * 5]
    logits[30:45, 1] = 8.5  # true of type 1, called 0 by a hair
    assert count_biases(logits, types, 0.2)[2] == 0
    shifted = (logits + count_biases(logits, types, 0.2)).argmax(axis=1)
    assert np.bincount(shifted, minlength=3).tolist() == [35, 30, 0]
    assert not count_biases(9 * np.eye(3)[types], types).any()
    assert not count_biases(logits, types, 0.2, fewest=31).any()


def test_calibrate_scores_with_the_logit_bias() -> None:
    logits, types = unsure()
    found = calibrate(logits, types, REASONTYPE)
    assert found.logit_bias["VERIFY"] < -0.2
    name = REASONTYPE.names[VERIFY]
    score = found.scores.per_type[name]
    assert score.recall / score.precision == pytest.approx(1, abs=0.1)  # predicted / true count


def test_frozen_tagger_predicts_with_its_logit_bias_and_keeps_its_probabilities(
    tmp_path: object,
) -> None:
    from pathlib import Path

    def tagger(logit_bias: dict[str, float]) -> FrozenTagger:
        return FrozenTagger(
            REASONTYPE, ParagraphSegmenter(), random_backend(), logit_bias=logit_bias
        )

    plain = tagger({})
    text = "One.\n\nTwo is 2.\n\nThen three.\n\nFour = 4."
    favourite = plain.tag_text(text)[0].type
    tag = REASONTYPE.get(favourite).tag
    held = tagger({tag: -50.0})
    assert all(t.type != favourite for t in held.tag_text(text))
    for before, after in zip(plain.tag_text(text), held.tag_text(text), strict=True):
        assert after.probabilities == before.probabilities
        assert after.confidence == after.probabilities[REASONTYPE.index(after.type)]
    assert held.fingerprint != plain.fingerprint
    loaded = FrozenTagger.load(held.save(Path(str(tmp_path)) / "held"))
    assert loaded.logit_bias == {tag: -50.0} and loaded.fingerprint == held.fingerprint
