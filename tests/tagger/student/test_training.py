"""Training the student: labels, seeds, other taxonomies, a teacher."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE, StepType, Taxonomy
from tagger.traces.labelled import LabelledTrace, read_labelled
from tagger.training.distillation import Distillation
from tagger.training.extra_labels import ExtraLabels
from tagger.training.soft_targets import label_targets
from tagger.training.student.train import train_student
from tests.tagger.small_data import rows, scores_on, write
from tests.tagger.small_data import trained as trained_linear
from tests.tagger.student.small import FITTING, RECIPE, trained

VERIFY = "Verification / Sanity Check"
QUICK = replace(RECIPE, fitting=replace(FITTING, epochs=2))


@pytest.mark.slow
def test_train_student_learns_silent_verification_too(tmp_path: Path) -> None:
    fresh = write(tmp_path / "fresh.jsonl", rows(60, seed=7))
    scores = scores_on(trained().tagger, fresh)
    assert scores.micro_f1 > 0.9
    assert scores.per_type[VERIFY].f1 > 0.9


def test_train_student_is_deterministic_and_depends_on_the_seed(tmp_path: Path) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(40))
    first, again = (train_student([path], QUICK).tagger.fingerprint for _ in range(2))
    assert first == again
    assert train_student([path], replace(QUICK, seed=1)).tagger.fingerprint != first


def test_train_student_with_members_makes_an_ensemble(tmp_path: Path) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(40))
    tagger = train_student([path], replace(QUICK, members=2)).tagger
    assert tagger.backend.name == "ensemble"
    assert not np.array_equal(tagger.arrays["0/mix.weight"], tagger.arrays["1/mix.weight"])


def test_train_student_label_targets_share_with_alternatives() -> None:
    trace = LabelledTrace(
        "t", "", ("a", "b", "c", "d"), {0: VERIFY, 1: VERIFY, 3: VERIFY}, {},
        {1: "Other", 3: "Other"}, {3: REASONTYPE.names[0]},
    )  # fmt: skip
    targets = label_targets(trace, REASONTYPE, 4, alternative=0.2)
    verify, other = REASONTYPE.index("VERIFY"), REASONTYPE.index("OTHER")
    assert targets[0, verify] == 1 and not targets[2].any()
    assert targets[1, [verify, other]] == pytest.approx([0.8, 0.2])
    assert targets[3, [verify, 0]] == pytest.approx([0.6, 0.4])


def test_train_student_auxiliary_labels_are_learned_and_their_head_is_dropped(
    tmp_path: Path,
) -> None:
    two = Taxonomy(
        "two",
        (StepType("Think", "T", "other", "thinks"), StepType("Check", "C", "other", "checks")),
    )
    other = [
        {**row, "labels": {k: "C" if v == "VERIFY" else "T" for k, v in row["labels"].items()}}
        for row in rows(60, seed=3)
    ]
    traces = list(read_labelled(write(tmp_path / "other.jsonl", other), two))
    extra = ExtraLabels(two, traces, "other.jsonl:two")
    path = write(tmp_path / "labelled.jsonl", rows(30))
    plain = train_student([path], QUICK).tagger
    beside = train_student([path], QUICK, extra=[extra]).tagger
    assert beside.about["extra"] == ["other.jsonl:two"]
    assert beside.backend.types == 14
    assert beside.fingerprint != plain.fingerprint
    assert {k: v.shape for k, v in beside.arrays.items()} == {
        k: v.shape for k, v in plain.arrays.items()
    }


@pytest.mark.slow
def test_train_student_distillation_adds_what_labels_lack(tmp_path: Path) -> None:
    labelled = rows(30)
    for row in labelled:
        row["labels"] = {k: v for k, v in row["labels"].items() if v != "VERIFY"}
    some = write(tmp_path / "some.jsonl", labelled)
    unlabelled = [
        {"question": r["question"], "thinking": "\n\n".join(r["steps"])} for r in rows(150, seed=5)
    ]
    traces = write(tmp_path / "traces.jsonl", unlabelled)
    fresh = write(tmp_path / "fresh.jsonl", rows(60, seed=7))
    alone = train_student([some], RECIPE).tagger
    assert scores_on(alone, fresh).per_type[VERIFY].recall == 0
    distillation = Distillation([trained_linear().tagger], [traces], cache=tmp_path / "cache")
    taught = train_student([some], RECIPE, distillation=distillation).tagger
    assert taught.about["teachers"] == [trained_linear().tagger.fingerprint]
    assert scores_on(taught, fresh).per_type[VERIFY].f1 > 0.9


def test_train_student_adds_traces_cut_into_sentences(tmp_path: Path) -> None:
    long = [{**row, "steps": [f"{s} Then on." for s in row["steps"]]} for row in rows(40)]
    path = write(tmp_path / "labelled.jsonl", long)
    plain = train_student([path], QUICK).tagger
    finer = train_student([path], replace(QUICK, sentences=1.0)).tagger
    assert finer.fingerprint != plain.fingerprint


def test_train_student_refuses_too_few_questions_and_another_taxonomy(tmp_path: Path) -> None:
    one = write(tmp_path / "one.jsonl", rows(1))
    with pytest.raises(UserError, match="too few"):
        train_student([one], QUICK)
    two = Taxonomy("two", (StepType("A", "A", "other", "a"), StepType("B", "B", "other", "b")))
    path = tmp_path / "two.jsonl"
    path.write_text(json.dumps({"id": "a", "steps": ["x"], "labels": {"0": "A"}}) + "\n")
    distillation = Distillation([trained_linear().tagger], [])
    with pytest.raises(UserError, match="same taxonomy"):
        train_student([path], QUICK, taxonomy=two, distillation=distillation)


def test_train_student_shortened_copies_are_deterministic(tmp_path: Path) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(40))
    plain = train_student([path], QUICK).tagger
    short = train_student([path], replace(QUICK, short=2)).tagger
    again = train_student([path], replace(QUICK, short=2)).tagger
    assert short.fingerprint == again.fingerprint != plain.fingerprint
