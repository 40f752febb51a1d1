"""Calibration for other steps and types: counts, temperature, figures by halves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
from tagger.training.by_labels.fit import (
    LEAST_LABELS,
    count_biases,
    moved,
    probability_biases,
    unit_temperature,
)
from tagger.training.by_labels.own import calibrate_own
from tagger.training.by_labels.report import half_of
from tagger.training.by_labels.units import calibrate_unit
from tagger.variants import with_parts


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


def test_probability_biases_solve_the_equation_of_the_smallest_loss() -> None:
    # Without information, 30 of 40 labels of the first type: by symmetry the biases are b and -b,
    # and 40 / (1 + exp(-2 b)) - 30 + b = 0 is where the loss with its prior is least.
    types = np.repeat([0, 1], [30, 10])
    (one, other), loss = probability_biases(np.log(np.full((40, 2), 0.5)), types)
    assert one == pytest.approx(-other) and 0 < one < np.log(3) / 2
    assert 40 / (1 + np.exp(-2 * one)) - 30 + one == pytest.approx(0, abs=1e-3)
    p = 1 / (1 + np.exp(-2 * one))
    assert loss == pytest.approx(-0.75 * np.log(p) - 0.25 * np.log(1 - p) + one**2 / 40, abs=1e-6)


def test_probability_biases_types_without_labels_keep_a_probability() -> None:
    scores = np.log(np.tile([0.2, 0.2, 0.6], (500, 1)))
    bias, _ = probability_biases(scores, np.repeat([0, 1], 250))
    p = np.exp(moved(scores, bias))
    assert p.sum(axis=1) == pytest.approx(1) and 0 < p[0, 2] < 0.02
    assert p[0, 0] == pytest.approx(p[0, 1]) and p[0, 0] > 0.49


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
    moved = found.probability_bias
    assert moved["CHECK"] < 0 < moved["COMPUTE"], "which brings the counts along"


def noisy(share: tuple[float, float]) -> list[LabelledTrace]:
    """Steps of score 0; in each half of the questions this share is labelled a check."""
    check, compute = (ANCHORS.taxonomy.get(tag).name for tag in ("CHECK", "COMPUTE"))
    out, draw = [], np.random.default_rng(0)
    for i in range(80):
        trace = LabelledTrace(str(i), f"question {i}", ("step 0.0",) * 20, {})
        checks = draw.random(20) < share[half_of(trace)]
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


def test_count_biases_of_two_samples_take_the_mean_of_their_counts() -> None:
    scores = np.log(np.array([[0.6, 0.4]] * 400 + [[0.4, 0.6]] * 400 + [[0.3, 0.7]] * 200))
    scores += np.linspace(0, 0.2, 1000)[:, None] * [0, 1]
    types = np.array([0] * 300 + [1] * 500 + [0] * 100 + [1] * 100)
    samples = np.array([0] * 800 + [1] * 200)
    found = (scores + count_biases(scores, types, 0.01, [0], False, samples)).argmax(axis=1) == 0
    shares = [found[samples == i].sum() / (types[samples == i] == 0).sum() for i in (0, 1)]
    assert np.mean(shares) == pytest.approx(1.0, abs=0.01)
    pooled = (scores + count_biases(scores, types, 0.01, [0], False)).argmax(axis=1) == 0
    assert pooled.sum() == pytest.approx(400, rel=0.01) != found.sum()


def test_count_biases_pool_samples_of_which_one_has_too_few_labels() -> None:
    scores = np.log(np.linspace(0.2, 0.8, 400))[:, None] * [1, 0]
    types = np.array([0] * 120 + [1] * 280)
    counts = [(scores + count_biases(scores, types, 0.01, [0], False)).argmax(axis=1).tolist()]
    for first in (29, 250, 60):  # labels of the first type: 29 and 91, all and none, 60 and 60
        samples = np.array([0] * first + [1] * (400 - first))
        bias = count_biases(scores, types, 0.01, [0], False, samples)
        counts.append((scores + bias).argmax(axis=1).tolist())
    pooled, few, none, enough = (found.count(0) for found in counts)
    assert [few, none, pooled] == pytest.approx([120] * 3, abs=1.2)
    assert enough != pooled


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
