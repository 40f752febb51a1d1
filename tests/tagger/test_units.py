"""A tagger for steps of another segmentation, and its calibrations."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagger.calibrations import CALIBRATIONS_FILE, UnitCalibration
from tagger.errors import UserError
from tagger.extras import Extras
from tagger.frozen import FrozenTagger
from tagger.mapped import MappedTagger, tagger_in_taxonomy
from tagger.novelty import UNFAMILIAR, UNSURE, KnownWords, flag_of
from tagger.segmentation import ParagraphSegmenter, get_segmenter
from tagger.segmentation.given import get_unit
from tagger.segmentation.sentence import SentenceSegmenter
from tagger.steps import Step, TaggedStep
from tagger.taxonomies.files import load_type_map
from tagger.traces.rows import SourceTrace
from tagger.units import (
    calibration_note,
    for_segmenter,
    in_taxonomy,
    load_taggers,
    note_of,
    refuse_unknown_unit,
)

SENTENCE = SentenceSegmenter()
TEXT = "We add. 3 + 4 = 7. So it is 7.\n\nWait, is it 7? Let me check: 7 - 4 = 3."


@pytest.fixture(scope="module")
def linear() -> FrozenTagger:
    return FrozenTagger.load("linear")


def entry(tagger: FrozenTagger, **values: Any) -> UnitCalibration:
    given = {
        "tagger": tagger.fingerprint, "taxonomy": tagger.taxonomy.name, "segmenter": "sentence",
        "settings": {"min_chars": 1}, "temperature": 2.0, "logit_bias": {"VERIFY": 9.0},
        "version": SENTENCE.version,
    }  # fmt: skip
    return UnitCalibration(**(given | values))


def with_(tagger: FrozenTagger, *entries: UnitCalibration) -> FrozenTagger:
    return FrozenTagger(
        tagger.taxonomy, tagger.segmenter, tagger.backend, tagger.temperature, tagger.about,
        tagger.logit_bias, Extras(entries),
    )  # fmt: skip


def test_for_segmenter_its_own_steps_change_nothing(linear: FrozenTagger) -> None:
    assert for_segmenter(linear, ParagraphSegmenter()) is linear
    assert linear.calibrated and calibration_note(linear) == ""


def test_for_segmenter_other_steps_are_cut_so_and_reported_as_not_calibrated(
    linear: FrozenTagger,
) -> None:
    made = for_segmenter(linear, SENTENCE)
    assert [t.step.text for t in made.tag_text(TEXT)][:2] == ["We add.", "3 + 4 = 7."]
    assert made.fingerprint != linear.fingerprint and made.temperature == linear.temperature
    assert "not calibrated for steps of segmenter 'sentence'" in calibration_note(made)
    other = for_segmenter(linear, get_segmenter("sentence", min_chars=9))
    assert other.fingerprint != made.fingerprint


def test_for_segmenter_takes_the_calibration_for_these_steps(linear: FrozenTagger) -> None:
    tagger = with_(linear, entry(linear))
    assert tagger.fingerprint == linear.fingerprint, "the tagger itself is the same"
    made = for_segmenter(tagger, SENTENCE)
    assert made.calibrated and made.temperature == 2.0
    assert {t.type for t in made.tag_text(TEXT)} == {"Verification / Sanity Check"}, "bias 9"
    assert not for_segmenter(tagger, get_segmenter("sentence", min_chars=9)).calibrated


def test_in_taxonomy_mapped_types_of_foreign_steps_need_a_calibration(
    linear: FrozenTagger,
) -> None:
    sentences = for_segmenter(linear, SENTENCE)
    with pytest.raises(UserError, match=r"precision 0.40 .* --taxonomy schoenfeld --segmenter sen"):
        in_taxonomy(sentences, "schoenfeld")
    assert in_taxonomy(sentences, "reasontype") is sentences
    assert isinstance(in_taxonomy(linear, "schoenfeld"), MappedTagger)


def test_in_taxonomy_calibration_sets_temperature_and_bias_of_mapped_types(
    linear: FrozenTagger,
) -> None:
    bias = {"MONITOR": 20.0}
    made = with_(linear, entry(linear, taxonomy="schoenfeld", logit_bias=bias))
    mapped = in_taxonomy(for_segmenter(made, SENTENCE), "schoenfeld")
    assert mapped.calibrated
    found, plain = mapped.tag_text(TEXT), MappedTagger(
        FrozenTagger(linear.taxonomy, SENTENCE, linear.backend, 2.0), load_type_map("schoenfeld")
    ).tag_text(TEXT)  # fmt: skip
    assert {t.type for t in found} == {"Monitor"}
    assert [t.probabilities for t in found] == [t.probabilities for t in plain]
    assert all(t.confidence == t.probabilities[6] for t in found)
    other = replace(made.extras.calibrations[0], logit_bias={"MONITOR": 19.0})
    assert (
        mapped.fingerprint
        != in_taxonomy(for_segmenter(with_(linear, other), SENTENCE), "schoenfeld").fingerprint
    )
    streamed = [mapped.session().tag_next(t.step) for t in found[:1]]
    assert streamed == found[:1]


def test_tagger_in_taxonomy_without_calibration_keeps_its_fingerprint(
    linear: FrozenTagger,
) -> None:
    other = with_(linear, entry(linear, taxonomy="schoenfeld"))
    assert (
        tagger_in_taxonomy(other, "schoenfeld").fingerprint
        == tagger_in_taxonomy(linear, "schoenfeld").fingerprint
    ), "the calibration is for sentences"


def test_for_segmenter_probability_bias_moves_probabilities_and_predictions(
    linear: FrozenTagger, tmp_path: Path
) -> None:
    bias = {"VERIFY": 1.5, "META": -0.5}
    one = entry(linear, logit_bias={}, probability_bias=bias)
    made = for_segmenter(with_(linear, one), SENTENCE)
    plain = for_segmenter(with_(linear, replace(one, probability_bias={})), SENTENCE)
    assert made.fingerprint != plain.fingerprint and made.probability_bias == bias
    factors = np.exp([bias.get(tag, 0.0) for tag in linear.taxonomy.tags])
    tagged = made.tag_text(TEXT)
    for step, other in zip(tagged, plain.tag_text(TEXT), strict=True):
        expected = np.array(other.probabilities) * factors
        assert step.probabilities == pytest.approx(expected / expected.sum())
        assert step.confidence == max(step.probabilities), "nothing moves the prediction alone"
    session = made.session()
    assert [session.tag_next(t.step) for t in tagged] == tagged
    loaded = FrozenTagger.load(made.save(tmp_path / "made"))
    assert loaded.fingerprint == made.fingerprint and loaded.probability_bias == bias
    assert loaded.tag_text(TEXT) == tagged


def test_in_taxonomy_probability_bias_moves_mapped_probabilities(linear: FrozenTagger) -> None:
    bias = {"MONITOR": 2.0, "VERIFY": -1.0}
    one = entry(linear, taxonomy="schoenfeld", logit_bias={}, probability_bias=bias)
    made, plain = (
        in_taxonomy(for_segmenter(with_(linear, c), SENTENCE), "schoenfeld")
        for c in (one, replace(one, probability_bias={}))
    )
    assert made.fingerprint != plain.fingerprint
    factors = np.exp([bias.get(tag, 0.0) for tag in made.taxonomy.tags])
    for step, other in zip(made.tag_text(TEXT), plain.tag_text(TEXT), strict=True):
        expected = np.array(other.probabilities) * factors
        assert step.probabilities == pytest.approx(expected / expected.sum())
        assert step.confidence == max(step.probabilities)


def test_calibration_for_former_cuts_is_used_and_reported(linear: FrozenTagger) -> None:
    former = with_(linear, entry(linear, version=1))
    made = for_segmenter(former, SENTENCE)
    now = for_segmenter(with_(linear, entry(linear)), SENTENCE)
    assert made.calibrated and made.fingerprint == now.fingerprint
    assert calibration_note(now) == ""
    says = rf"'sentence' as its version 1 cut them, and this is version {SENTENCE.version}: counts"
    assert re.search(says, calibration_note(made)) and note_of(now, made) == calibration_note(made)
    assert "'sentence', which rows name as its" in calibration_note(made, by_rows=True)


def test_calibration_of_mapped_types_for_former_cuts_is_reported(linear: FrozenTagger) -> None:
    bias: dict[str, float] = {"MONITOR": 1.0}
    one = entry(linear, taxonomy="schoenfeld", logit_bias=bias)
    for version, noted in ((1, True), (SENTENCE.version, False)):
        made = for_segmenter(with_(linear, replace(one, version=version)), SENTENCE)
        assert ("as its version 1" in calibration_note(in_taxonomy(made, "schoenfeld"))) == noted
    own = for_segmenter(with_(linear, entry(linear, version=1)), SENTENCE)
    assert "as its version 1" in calibration_note(in_taxonomy(own, "schoenfeld"))


def test_calibration_for_an_unknown_type_is_refused(linear: FrozenTagger) -> None:
    made = with_(linear, entry(linear, taxonomy="schoenfeld", logit_bias={"CHECK": 1.0}))
    with pytest.raises(UserError, match="bias for 'CHECK', which is no type of 'schoenfeld'"):
        in_taxonomy(for_segmenter(made, SENTENCE), "schoenfeld")


def test_refuse_unknown_unit_only_where_types_are_mapped(linear: FrozenTagger) -> None:
    traces = [SourceTrace("a", "", "x"), SourceTrace("b", "", "x", (Step("x", 0, 1),))]
    refuse_unknown_unit(linear, traces)
    with pytest.raises(UserError, match=r"Trace b brings its own steps; .* segmenter=sentence"):
        refuse_unknown_unit(tagger_in_taxonomy(linear, "venhoff"), traces)


def test_get_unit_span_cannot_cut() -> None:
    with pytest.raises(UserError, match='give rows with "steps"'):
        get_unit("span").split("text")
    assert get_unit("sentence") == SENTENCE


def test_extras_are_saved_and_loaded_with_the_tagger(linear: FrozenTagger, tmp_path: Path) -> None:
    words = KnownWords.of_texts(["so it is"] * 3)
    tagger = FrozenTagger(
        linear.taxonomy, linear.segmenter, linear.backend, linear.temperature, linear.about,
        linear.logit_bias, Extras((entry(linear),), words),
    )  # fmt: skip
    loaded = FrozenTagger.load(tagger.save(tmp_path / "made"))
    assert loaded.fingerprint == linear.fingerprint
    assert loaded.extras.calibrations == (entry(linear),)
    assert loaded.extras.known_words is not None and len(loaded.extras.known_words) == 3
    derived = for_segmenter(loaded, SENTENCE).save(tmp_path / "derived")
    assert not (derived / CALIBRATIONS_FILE).exists(), "they were for another fingerprint"


def test_known_words_share_counts_letters_and_no_numbers() -> None:
    known = KnownWords.of_texts(["So it is", "so it", "SO it"])
    assert len(known) == 2, "three occurrences make a word known"
    assert known.share("so it") == 1.0 and known.share("3 + 4 = 7.") == 1.0
    assert known.share("so xyzzyz it, 12") == 4 / 10
    assert known.share("好的，让我") == 0.0


@pytest.mark.parametrize(
    ("text", "confidence", "flag"),
    [("so it", 0.9, ""), ("so it", 0.29, UNSURE), ("also ich", 0.9, UNFAMILIAR), ("", 0.3, "")],
)
def test_flag_of_a_step(text: str, confidence: float, flag: str) -> None:
    known = KnownWords.of_texts(["so it"] * 3)
    tagged = TaggedStep(Step(text, 0, len(text)), "a", confidence, (confidence,))
    assert flag_of(tagged, known) == flag
    assert flag_of(tagged, None) == (UNSURE if confidence < 0.3 else "")


def test_known_words_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "words"
    save_file({"hashes": np.zeros(2)}, str(path))
    with pytest.raises(UserError, match="holds no known words"):
        KnownWords.read(path)


def test_load_taggers_cut_by_the_segmenter_of_the_run_and_are_noted_once() -> None:
    tagger, audit = load_taggers(None, "linear", "sentence")
    assert audit is not None and tagger.segmenter == audit.segmenter == SENTENCE
    assert note_of(tagger, audit) == calibration_note(tagger) != ""
    own, none = load_taggers("linear", None, None)
    assert own.segmenter == ParagraphSegmenter() and none is None
    assert note_of(own, none) == ""
