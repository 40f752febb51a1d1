"""Evaluations worked out by hand, with a tagger that says what a table tells it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tagger.errors import UserError
from tagger.evaluation import Evaluation, evaluate, join, predict, score, space_between
from tagger.evaluation.trace_sums import trace_sums
from tagger.steps import Step, TagContext, TaggedStep
from tagger.taxonomies.files import TypeMap
from tagger.taxonomies.taxonomy import REASONTYPE, StepType, Taxonomy
from tagger.traces.labelled import LabelledTrace
from tests.tagger.evaluation.scripted import ABC, Scripted, trace

M, C, T = [0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.0, 0.4, 0.6]
TABLE = {"m": M, "c": C, "t": T, "wait c": C, "check m": M}


def small() -> list[LabelledTrace]:
    """Two traces, eight labelled steps; predicted: m c c t | c c m m."""
    return [
        trace("one", ("m", "make"), ("c", "check"), ("c", "talk"), ("t", "check")),
        trace(
            "two", ("wait c", "check"), ("c", "make"), ("m", None), ("check m", "check"),
            ("m", "make"),
        ),
    ]  # fmt: skip


def evaluated() -> Evaluation:
    return evaluate(Scripted(TABLE), small(), resamples=50)


def test_evaluate_ratios_by_hand() -> None:
    e = evaluated()
    assert (e.traces, e.steps, e.left_out) == (2, 8, 0)
    assert e.confusion.tolist() == [[2, 1, 0], [1, 2, 1], [0, 1, 0]]
    assert e.micro_f1.mean == pytest.approx(4 / 8)
    check = e.verification
    assert check is not None and (check.support, check.predicted) == (4, 4)
    assert (check.precision.mean, check.recall.mean, check.f1.mean) == (0.5, 0.5, 0.5)
    make = e.types["make"]
    assert make.f1.mean == pytest.approx(4 / 6, abs=1e-6)
    assert e.types["talk"].f1.mean == 0
    assert e.macro_f1.mean == pytest.approx((4 / 6 + 1 / 2 + 0) / 3, abs=1e-6)
    chance = (3 * 3 + 4 * 4 + 1 * 1) / 64
    assert e.kappa.mean == pytest.approx((0.5 - chance) / (1 - chance), abs=1e-6)
    assert e.role_macro_f1 == e.macro_f1, "each type has a role of its own here"


def test_evaluate_counts_by_hand() -> None:
    """Predicted 2 checks a trace each; true 2 and 2. Makes: predicted 1 and 2, true 1 and 2."""
    e = evaluated()
    assert e.verification_count is not None and e.soft_verification_count is not None
    assert e.verification_count.bias.mean == 0
    assert e.verification_count.mae.mean == 0
    # one: .1 + .7 + .7 + .4 = 1.9 of 2; two: .7 + .7 + .1 + .1 = 1.6 of 2
    assert e.soft_verification_count.bias.mean == pytest.approx((3.5 - 4) / 4)
    assert e.soft_verification_count.mae.mean == pytest.approx((0.1 + 0.4) / 2)
    assert e.counts["talk"].bias.mean == pytest.approx((1 - 1) / 1)
    # all on one side: three checks predicted where two are
    over = evaluate(Scripted({"m": M, "c": C}), [trace("x", ("c", "check"), ("c", "make"))])
    assert over.verification_count is not None
    assert (over.verification_count.bias.mean, over.verification_count.mae.mean) == (1.0, 1.0)
    assert over.counts["make"].bias.mean == -1.0
    assert over.verification_count.bias.low is None, "a single trace bears no interval"


def test_evaluate_errors_that_cancel_give_no_bias_but_an_error() -> None:
    table = {"m": M, "c": C}
    e = evaluate(
        Scripted(table), [trace("x", ("c", "make")), trace("y", ("m", "check"))], resamples=20
    )
    assert e.verification_count is not None
    assert (e.verification_count.bias.mean, e.verification_count.mae.mean) == (0.0, 1.0)


def test_evaluate_confidence_by_hand() -> None:
    """Confidence 0.8 thrice (2 right), 0.7 four times (2 right), 0.6 once (wrong)."""
    e = evaluated()
    gaps = abs(2 - 2.4) + abs(2 - 2.8) + abs(0 - 0.6)
    assert e.ece.mean == pytest.approx(gaps / 8)
    assert [b.steps for b in e.bins] == [1, 4, 3]
    # true types had probability .8 .7 .1 .4 | .7 .2 .1 .8
    losses = -np.log([0.8, 0.7, 0.1, 0.4, 0.7, 0.2, 0.1, 0.8])
    assert e.log_loss.mean == pytest.approx(losses.mean(), abs=1e-6)


def test_evaluate_keywords_and_marker_free_steps() -> None:
    """Of four checks one says wait, one says check; of the two silent ones one is found."""
    e = evaluated()
    assert e.unmarked is not None
    assert (e.unmarked[0].mean, e.unmarked[1]) == (0.5, 2)
    for row in e.keywords.values():
        assert (row.support, row.predicted) == (4, 2)
        assert (row.precision.mean, row.recall.mean) == (1.0, 0.5)
    assert {b.mean for b in e.keyword_bias.values()} == {-0.5}


def test_evaluate_all_steps_are_tagged_in_order_but_only_labelled_ones_count() -> None:
    tagger = Scripted(TABLE)
    assert evaluate(tagger, small(), resamples=5).steps == 8
    assert tagger.seen[1] == ["wait c", "c", "m", "check m", "m"]


def test_evaluate_perfect_tagger() -> None:
    rows = [trace(str(i), ("m", "make"), ("c", "check"), ("t", "talk")) for i in range(5)]
    e = evaluate(Scripted({"m": [1, 0, 0], "c": [0, 1, 0], "t": [0, 0, 1]}), rows)
    for figure in (e.micro_f1, e.macro_f1, e.kappa, e.role_macro_f1):
        assert (figure.mean, figure.low, figure.high) == (1, 1, 1)
    assert e.ece.mean == 0


def test_evaluate_a_type_predicted_but_never_true_has_no_count_error() -> None:
    e = evaluate(Scripted(TABLE), [trace("x", ("m", "make"), ("t", "make"))])
    assert set(e.counts) == {"make"}
    assert e.types["talk"].support == 0 and e.types["talk"].precision.mean == 0
    assert json.loads(json.dumps(e.as_dict()))["counts"]["verification"]["predicted"]["bias"] == {
        "mean": None, "low": None, "high": None,
    }  # fmt: skip


def test_evaluate_alternatives_and_second_labels() -> None:
    row = replace(
        trace("x", ("c", "make"), ("c", "make")),
        alternatives={0: "check", 1: "talk"},
        second_pass={0: "make"},
    )
    e = evaluate(Scripted(TABLE), [row, *small()], resamples=20)
    assert e.lenient.mean == pytest.approx((4 + 1) / 10)
    assert e.agreement is not None
    assert (e.agreement["steps"], e.agreement["micro_f1"].mean) == (1, 1.0)


def test_evaluate_does_not_depend_on_order_or_batches() -> None:
    forth = evaluate(Scripted(TABLE), small(), resamples=5)
    back = evaluate(Scripted(TABLE), small()[::-1], resamples=5)
    parts = join([predict(Scripted(TABLE), [t]) for t in small()])
    assert forth.confusion.tolist() == back.confusion.tolist()
    assert forth.ece.mean == back.ece.mean
    assert score(parts, resamples=5).as_dict() == forth.as_dict()


def test_evaluate_intervals_equal_an_explicit_bootstrap() -> None:
    """Micro-F1 of each resample, recomputed from copies of the traces."""
    from tagger.evaluation.bootstrap import draw_weights

    rng = np.random.default_rng(0)
    names = ABC.names
    rows = [
        trace(str(i), *[(str(rng.choice(["m", "c", "t"])), names[rng.integers(3)])
                        for _ in range(rng.integers(1, 6))])
        for i in range(12)
    ]  # fmt: skip
    e = evaluate(Scripted(TABLE), rows, resamples=200, seed=4)
    best = {"m": "make", "c": "check", "t": "talk"}
    right = np.array([[best[t.steps[i]] == n for i, n in t.labels.items()].count(True)
                      for t in rows])  # fmt: skip
    size = np.array([len(t.labels) for t in rows])
    weights = draw_weights(12, 4, 200)[1:]
    low, high = np.quantile(weights @ right / (weights @ size), [0.025, 0.975])
    assert (e.micro_f1.low, e.micro_f1.high) == pytest.approx((low, high), abs=1e-6)


def test_evaluate_refuses_traces_without_labels() -> None:
    with pytest.raises(UserError, match="no step carries a label"):
        evaluate(Scripted(TABLE), [trace("x", ("m", None))])


COARSE = Taxonomy(
    "coarse",
    (
        StepType("work", "WORK", "other", ""),
        StepType("testing", "TEST", "evaluative", ""),
        StepType("poetry", "POETRY", "other", ""),
    ),
)
VERIFY, META = REASONTYPE.get("VERIFY").name, REASONTYPE.get("META").name
MAP = TypeMap(
    COARSE,
    {"work": None, "testing": VERIFY, "poetry": None},
    {n: "testing" if n in (VERIFY, META) else "work" for n in REASONTYPE.names},
)


def fine(**shares: float) -> list[float]:
    return [shares.get(tag, 0.0) for tag in REASONTYPE.tags]


def test_evaluate_labels_of_another_taxonomy() -> None:
    """Probabilities of mapped types are summed before the best is taken."""
    table = {
        "a": fine(SUBSTITUTE=0.4, VERIFY=0.3, META=0.3),  # testing, 0.6
        "b": fine(SUBSTITUTE=0.3, TRANSFORM=0.3, VERIFY=0.4),  # work, 0.6
    }
    space = space_between(REASONTYPE, MAP)
    rows = [trace("x", ("a", "testing"), ("b", "testing"), ("a", "poetry"), ("b", "work"))]
    e = evaluate(Scripted(table, REASONTYPE), rows, space)
    assert (e.steps, e.left_out) == (3, 1), "no type of the tagger ever becomes poetry"
    assert e.taxonomy is COARSE and e.verification_types == ("testing",)
    assert e.confusion[:2, :2].tolist() == [[1, 0], [1, 1]]
    assert e.verification_count is not None and e.verification_count.bias.mean == -0.5
    assert e.ece.mean == pytest.approx(abs(2 - 3 * 0.6) / 3, abs=1e-6)


def test_evaluate_refuses_labels_without_counterpart() -> None:
    rows = [trace("x", ("a", "poetry"))]
    with pytest.raises(UserError, match="all 1 labels are of types without a counterpart"):
        evaluate(Scripted({}, REASONTYPE, fine(META=1.0)), rows, space_between(REASONTYPE, MAP))


def test_evaluate_tagger_of_another_taxonomy_on_reasontype_labels() -> None:
    own = TypeMap(REASONTYPE, {n: n for n in REASONTYPE.names}, {n: n for n in REASONTYPE.names})
    space = space_between(COARSE, own, MAP)
    rows = [trace("x", ("a", META), ("a", REASONTYPE.get("CASE").name))]
    e = evaluate(Scripted({"a": [0.1, 0.8, 0.1]}, COARSE), rows, space)
    assert e.taxonomy is COARSE
    assert e.verification is not None and e.verification.precision.mean == 0.5


def test_evaluate_refuses_unmapped_taxonomies() -> None:
    with pytest.raises(UserError, match="'abc', which has no mapping"):
        space_between(ABC, MAP)


class Reluctant(Scripted):
    """Calls nothing a check that it can call something else, as a logit bias may."""

    def tag(self, steps: Sequence[Step], context: TagContext = TagContext()) -> list[TaggedStep]:
        out = []
        for tagged in super().tag(steps, context):
            if tagged.type == "check":
                make = tagged.probabilities[0]
                tagged = replace(tagged, type="make", confidence=make)
            out.append(tagged)
        return out


def test_evaluate_uses_the_predicted_type_not_the_likeliest() -> None:
    """With a logit bias a tagger counts other types than the largest probabilities would."""
    predictions = predict(Reluctant(TABLE), small())
    assert predictions.predicted.tolist() == [0, 0, 0, 2, 0, 0, 0, 0]
    assert score(predictions, resamples=20).verification.predicted == 0  # type: ignore[union-attr]
    bins = trace_sums(predictions)[0]["bins"].sum(axis=(0, 1))
    sure = 0.8 + 0.2 + 0.2 + 0.6 + 0.2 + 0.2 + 0.8 + 0.8
    assert bins == pytest.approx([8, 3, sure]), "confidence is that of the predicted type"
