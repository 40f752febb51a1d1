"""Calibration: temperature for probabilities, logit bias for counts."""

from __future__ import annotations

import numpy as np
import pytest

from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.training.calibration import (
    HeldOutScores,
    best_temperature,
    calibrate,
    count_bias,
    count_biases,
)
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
    true = int((types == VERIFY).sum())
    assert (logits.argmax(axis=1) == VERIFY).sum() > 1.3 * true
    for tolerance in (0.0, 0.1):
        shifted = logits.copy()
        shifted[:, VERIFY] += count_bias(logits, VERIFY, true, tolerance)
        called = (shifted.argmax(axis=1) == VERIFY).sum()
        assert called == pytest.approx((1 + tolerance) * true, abs=4)


def test_count_bias_raises_rare_predictions_and_leaves_good_counts() -> None:
    logits, types = unsure()
    rare = REASONTYPE.index("OTHER")
    true = int((types == rare).sum())
    assert (logits.argmax(axis=1) == rare).sum() < 0.5 * true
    shifted = logits.copy()
    bias = count_bias(logits, rare, true, 0.1)
    assert bias > 0
    shifted[:, rare] += bias
    assert (shifted.argmax(axis=1) == rare).sum() == pytest.approx(0.9 * true, abs=4)
    sure = np.eye(14)[types] * 9
    assert count_bias(sure, VERIFY, int((types == VERIFY).sum())) == 0


def test_count_biases_bring_the_counts_of_calibrated_logits_to_the_true_ones() -> None:
    logits, types = unsure()
    true = np.bincount(types, minlength=14)
    before = np.bincount(logits.argmax(axis=1), minlength=14)
    assert (np.abs(before - true) > 0.3 * true).all()
    bias = count_biases(logits)
    after = np.bincount((logits + bias).argmax(axis=1), minlength=14)
    expected = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).sum(axis=0)
    assert (np.abs(after - expected) <= 0.02 * expected).all()
    assert (np.abs(after - true) <= 0.2 * true).all()  # what drawing the types leaves


def test_count_biases_by_hand() -> None:
    # 60 steps, type 1 has 0.4 to 0.47 each: always second, though 26 are expected
    even = np.log(np.tile([0.6, 0.4], (60, 1))) + np.linspace(0, 0.3, 60)[:, None] * [[0, 1]]
    assert (even.argmax(axis=1) == 0).all()
    shifted = even + count_biases(even, tolerance=0.05)
    assert np.bincount(shifted.argmax(axis=1)).tolist() == pytest.approx([34, 26], abs=1)
    assert not count_biases(even, fewest=37).any()
    assert not count_biases(9 * np.eye(3)[[0] * 30 + [1] * 20]).any()


def test_calibrate_predicts_with_the_logit_biases_and_reads_unlabelled_steps_too() -> None:
    logits, types = unsure()
    labelled = np.arange(0, 4000, 2)
    found = calibrate(HeldOutScores(logits, labelled, types[labelled]), REASONTYPE)
    assert found.temperature == pytest.approx(1, abs=0.1)
    assert found.logit_bias["VERIFY"] < -0.2
    assert found.scores.steps == 2000
    score = found.scores.per_type[REASONTYPE.names[VERIFY]]
    assert score.recall / score.precision == pytest.approx(1, abs=0.1)  # predicted / true count


@pytest.mark.parametrize(
    ("labels", "lost", "won", "kept"),
    [(4000, 22, 18, True), (1600, 12, 4, False)],  # 4 < sqrt(40); 8 > sqrt(16)
)
def test_calibrate_drops_biases_for_a_loss_of_accuracy_beyond_chance_alone(
    labels: int, lost: int, won: int, kept: bool
) -> None:
    logits, types = unsure()
    labelled = np.arange(labels)
    found = calibrate(HeldOutScores(logits, labelled, types[:labels]), REASONTYPE)
    scaled = logits / found.temperature
    of_all, alone = (
        (scaled + count_biases(scaled, among))[:labels].argmax(axis=1) == types[:labels]
        for among in (None, [VERIFY])
    )
    assert ((alone & ~of_all).sum(), (of_all & ~alone).sum()) == (lost, won)
    assert (set(found.logit_bias) > {"VERIFY"}) == kept
    assert kept or set(found.logit_bias) == {"VERIFY"}


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
