"""Calibration of a tagger by labels: what it sets, and figures by halves of the questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.mapped import tagger_in_taxonomy
from tagger.segmentation import ParagraphSegmenter
from tagger.segmentation.sentence import SentenceSegmenter
from tagger.steps import steps_from_texts
from tagger.taxonomies.files import load_type_map
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.traces.labelled import LabelledTrace
from tagger.training.by_labels.halves import half_of_trace
from tagger.training.by_labels.own import calibrate_own
from tagger.training.by_labels.units import calibrate_unit
from tagger.variants import with_parts


class Stated:
    """A back end that reads the score of verification off the step; computation has 0."""

    name = "stated"
    settings: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    types = len(REASONTYPE.types)

    def start(self, question: str) -> Stated:
        return self

    def read(self, text: str) -> float:
        return float(text.split()[-1])

    def logits(self, steps: Sequence[Any]) -> NDArray[np.float64]:
        scores = np.full((len(steps), self.types), -9.0)
        scores[:, REASONTYPE.index("SUBSTITUTE")] = 0.0
        scores[:, REASONTYPE.index("VERIFY")] = steps
        return scores


ANCHORS = load_type_map("thought-anchors")
TAGGER = FrozenTagger(REASONTYPE, ParagraphSegmenter(), Stated())


def traces(count: int) -> list[LabelledTrace]:
    """Eight steps each, predicted to be a check from 0 on and labelled so from 2 on."""
    scores = [-1.0, -0.5, 0.5, 1.0, 1.4, 1.7, 2.5, 3.0]
    check, compute = (ANCHORS.taxonomy.get(tag).name for tag in ("CHECK", "COMPUTE"))
    labels = {i: check if score > 2 else compute for i, score in enumerate(scores)}
    steps = tuple(f"step {score}" for score in scores)
    return [LabelledTrace(str(i), f"question {i}", steps, labels) for i in range(count)]


def test_calibrate_unit_corrects_counts_and_shows_it_by_halves() -> None:
    found, report = calibrate_unit(TAGGER, SentenceSegmenter(), traces(40), ANCHORS)
    assert (found.tagger, found.taxonomy) == (TAGGER.fingerprint, "thought-anchors")
    assert (found.segmenter, found.settings) == ("sentence", {"min_chars": 1})
    by_tag = {kind.tag: kind for kind in report.types}
    check, compute = by_tag["CHECK"], by_tag["COMPUTE"]
    assert report.steps == 320
    assert (check.labelled, check.before, check.after) == (80, 240, 80)
    assert (compute.labelled, compute.before, compute.after) == (240, 80, 240)
    assert (check.precision_before, check.precision_after) == (80 / 240, 1.0)
    assert report.accuracy == (0.5, 1.0)
    biases = found.probability_bias
    assert biases["CHECK"] < 0 < biases["COMPUTE"], "which brings the counts along"


def noisy(share: tuple[float, float]) -> list[LabelledTrace]:
    """Steps of score 0; in each half of the questions this share is labelled a check."""
    check, compute = (ANCHORS.taxonomy.get(tag).name for tag in ("CHECK", "COMPUTE"))
    out, draw = [], np.random.default_rng(0)
    for i in range(80):
        trace = LabelledTrace(str(i), f"question {i}", ("step 0.0",) * 20, {})
        checks = draw.random(20) < share[half_of_trace(trace)]
        labels = {j: check if is_check else compute for j, is_check in enumerate(checks)}
        out.append(replace(trace, labels=labels))
    return out


def test_calibrate_unit_makes_probabilities_those_of_the_labels() -> None:
    found, report = calibrate_unit(TAGGER, SentenceSegmenter(), noisy((0.2, 0.2)), ANCHORS)
    # A temperature changes nothing about two equal scores: 0.5 each, where 0.2 and 0.8 is true.
    assert report.log_loss[0] == pytest.approx(np.log(2), abs=0.01)
    assert report.log_loss[1] == pytest.approx(-0.2 * np.log(0.2) - 0.8 * np.log(0.8), abs=0.02)
    assert report.ece[0] > 0.25 and report.ece[1] < 0.05
    lead = found.probability_bias["COMPUTE"] - found.probability_bias["CHECK"]
    assert lead == pytest.approx(np.log(0.8 / 0.2), abs=0.15)


def test_calibrate_unit_moves_no_probability_where_the_other_half_loses_by_it() -> None:
    found, report = calibrate_unit(TAGGER, SentenceSegmenter(), noisy((0.1, 0.9)), ANCHORS)
    assert found.probability_bias == {}
    assert report.log_loss[1] <= report.log_loss[0] + 1e-6


def test_calibrate_unit_holds_it_against_the_tagger_as_it_is() -> None:
    biased = with_parts(TAGGER, logit_bias={"VERIFY": -1.5})
    _, report = calibrate_unit(biased, SentenceSegmenter(), traces(40), ANCHORS)
    mapped = tagger_in_taxonomy(biased, "thought-anchors")
    _, steps = steps_from_texts(traces(1)[0].steps)
    predicted = Counter(mapped.taxonomy.get(t.type).tag for t in mapped.tag(steps))
    assert 0 < predicted["CHECK"] < 6, "the bias moves some of them"
    assert {kind.tag: kind.before for kind in report.types if kind.before} == {
        tag: 40 * count for tag, count in predicted.items()
    }


def test_calibrate_unit_leaves_out_labels_that_are_never_predicted() -> None:
    flow = load_type_map("reasoningflow")
    names = {i: flow.taxonomy.get(tag).name for i, tag in enumerate(["REASONING", "EXAMPLE"] * 4)}
    labelled = [replace(trace, labels=names) for trace in traces(40)]
    _, report = calibrate_unit(TAGGER, SentenceSegmenter(), labelled, flow)
    assert (report.steps, report.left_out) == (160, 160)


def test_calibrate_unit_refuses_too_few_labels() -> None:
    with pytest.raises(UserError, match=r"16 labels .* half of the questions needs 30"):
        calibrate_unit(TAGGER, SentenceSegmenter(), traces(2), ANCHORS)


def test_calibrate_unit_refuses_what_would_not_be_used() -> None:
    own = load_type_map("reasontype")
    with pytest.raises(UserError, match=r"'paragraph' and the tagger's own types is part of"):
        calibrate_unit(TAGGER, ParagraphSegmenter(), traces(40), own)
    checks = [replace(t, labels=dict.fromkeys(range(8), "VERIFY")) for t in traces(40)]
    assert calibrate_unit(TAGGER, SentenceSegmenter(), checks, own)[1].steps == 320


def test_calibrate_unit_refuses_a_tagger_of_types_that_are_not_mapped() -> None:
    anchors = ANCHORS.taxonomy

    class Other(Stated):
        types = len(anchors.types)

    other = FrozenTagger(anchors, ParagraphSegmenter(), Other())
    with pytest.raises(UserError, match="taxonomy is 'thought-anchors', but the mapping to 'venh"):
        calibrate_unit(other, SentenceSegmenter(), traces(40), load_type_map("venhoff"))


def own_traces(count: int) -> list[LabelledTrace]:
    """As `traces`, in the tagger's own types."""
    pairs = (("CHECK", "VERIFY"), ("COMPUTE", "SUBSTITUTE"))
    names = {ANCHORS.taxonomy.get(one).name: other for one, other in pairs}
    return [replace(t, labels={i: names[n] for i, n in t.labels.items()}) for t in traces(count)]


def test_calibrate_own_corrects_counts_and_shows_it_by_halves() -> None:
    temperature, bias, report = calibrate_own(TAGGER, own_traces(40))
    by_tag = {kind.tag: kind for kind in report.types}
    check = by_tag["VERIFY"]
    assert (check.labelled, check.before, check.after) == (80, 240, 80)
    assert report.accuracy == (0.5, 1.0)
    # A check from a score of 2 on, where 1.7 is none and 2.5 is one.
    assert -2.5 < temperature * (bias["VERIFY"] - bias["SUBSTITUTE"]) < -1.7
    made = with_parts(TAGGER, temperature=temperature, logit_bias=bias)
    steps = steps_from_texts([f"step {x}" for x in (-1.0, 1.7, 2.5)])[1]
    assert [t.type for t in made.tag(steps)] == [
        REASONTYPE.get(tag).name for tag in ("SUBSTITUTE", "SUBSTITUTE", "VERIFY")
    ]


def test_calibrate_own_of_one_type_leaves_all_else() -> None:
    biased = with_parts(TAGGER, temperature=0.5, logit_bias={"SUBSTITUTE": 0.25, "META": 0.1})
    temperature, bias, report = calibrate_own(biased, own_traces(40), ["VERIFY"])
    assert temperature == 0.5
    assert (bias["SUBSTITUTE"], bias["META"]) == (0.25, 0.1)
    assert set(bias) == {"SUBSTITUTE", "META", "VERIFY"}
    assert -5.0 < bias["VERIFY"] - 0.25 < -3.4, "scores of 1.7 and 2.5, over a temperature of 0.5"
    assert report.accuracy[1] == 1.0
    assert report.log_loss[0] == report.log_loss[1], "probabilities are without biases"


def test_calibrate_own_of_types_within_tolerance_changes_nothing() -> None:
    scored = [replace(t, labels=dict.fromkeys((2, 3, 4), "VERIFY")) for t in own_traces(40)]
    assert calibrate_own(TAGGER, scored, ["VERIFY"])[:2] == (1.0, {})


def test_calibrate_own_leaves_out_types_that_a_half_has_too_few_labels_of() -> None:
    few = own_traces(40)
    few = [replace(t, labels={**t.labels, 0: "META"}) for t in few[:29]] + few[29:]
    _, bias, report = calibrate_own(TAGGER, few)
    assert "META" not in bias and {"VERIFY", "SUBSTITUTE"} <= set(bias)
    (meta,) = (kind for kind in report.types if kind.tag == "META")
    assert (meta.labelled, meta.after) == (29, 0)
    with pytest.raises(UserError, match=r"labels of META in the two halves .* each needs 30"):
        calibrate_own(TAGGER, few, ["META"])


def test_calibrate_own_keeps_what_other_biases_are_worth_where_the_temperature_changes() -> None:
    biased = with_parts(TAGGER, logit_bias={"PATTERN": 0.5})
    temperature, bias, _ = calibrate_own(biased, own_traces(40))
    assert temperature != 1.0
    assert bias["PATTERN"] * temperature == pytest.approx(0.5)


def test_calibrate_own_refuses_types_without_labels() -> None:
    with pytest.raises(UserError, match="^0 and 0 labels of META in the two halves"):
        calibrate_own(TAGGER, own_traces(40), ["META"])
    with pytest.raises(UserError, match="VERIFI"):
        calibrate_own(TAGGER, own_traces(40), ["VERIFI"])
