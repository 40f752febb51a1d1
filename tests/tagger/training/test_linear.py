"""Training: what is learned, what is held out, what is the same twice, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.taxonomies.files import load_taxonomy
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.traces.labelled import read_labelled
from tagger.training.calibration import best_temperature
from tagger.training.distillation import Distillation
from tagger.training.linear.train import train_linear
from tagger.training.soft_targets import TargetPlan, label_targets, targets_from_labels
from tagger.training.splits import read_and_hold_out, split_by_question
from tests.tagger.small_data import RECIPE, rows, scores_on, trained, write

VERIFY = "Verification / Sanity Check"


def test_train_linear_learns_silent_verification_too(tmp_path: Path) -> None:
    fresh = write(tmp_path / "fresh.jsonl", rows(60, seed=7))
    scores = scores_on(trained().tagger, fresh)
    assert scores.micro_f1 > 0.95
    assert scores.per_type[VERIFY].f1 > 0.95


def test_train_linear_tells_a_silent_recomputation_from_a_first_computation() -> None:
    steps = ["Let me see what 3 + 4 asks.", "3 + 4 = 7.", "So the answer is 7.", "3 + 4 = 7."]
    tagged = trained().tagger.tag_text("\n\n".join(steps), "3 + 4")
    assert [t.type for t in tagged[1:]] == [
        "Formula Substitution / Plugging In", "Final Conclusion / Boxed Answer", VERIFY,
    ]  # fmt: skip


def test_train_linear_is_deterministic_and_splits_by_seed(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(120))
    again = train_linear([path], RECIPE)
    assert again.tagger.fingerprint == trained().tagger.fingerprint
    assert again.scores == trained().scores


def test_train_linear_without_refit_never_sees_the_held_out_traces(tmp_path: Path) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(40))
    kept = [row for row in rows(40) if row["id"] in _kept_ids(path)]
    assert 20 < len(kept) < 40
    once = train_linear([path], replace(RECIPE, refit=False))
    assert once.steps == sum(len(row["labels"]) for row in kept)
    twice = train_linear([path], RECIPE)
    assert twice.scores == once.scores
    assert twice.tagger.fingerprint != once.tagger.fingerprint


def _kept_ids(path: Path) -> set[str]:
    held = read_and_hold_out([path], REASONTYPE, RECIPE.seed, RECIPE.held_out)
    return {trace.id for trace in held.kept}


def test_train_linear_stores_scores_with_the_tagger() -> None:
    result = trained()
    assert result.traces == 120 and 0 < result.held_out < 60
    about = result.tagger.about
    assert about["labelled_steps"] == result.steps
    assert about["held_out_scores"]["micro_f1"] == result.scores.micro_f1
    assert about["data"] == ["labelled.jsonl"]


def test_train_linear_splits_by_question(tmp_path: Path) -> None:
    double = [dict(row, id=f"again-{row['id']}") for row in rows(40)]
    traces = list(read_labelled(write(tmp_path / "l.jsonl", rows(40) + double)))
    kept, aside = split_by_question(traces, seed=1, share=0.25)
    assert len(kept) == 60 and len(aside) == 20
    assert not {t.question for t in kept} & {t.question for t in aside}
    assert {t.id for t in split_by_question(traces, seed=2, share=0.25)[1]} != {t.id for t in aside}


def test_train_linear_never_predicts_types_without_labels() -> None:
    tagged = trained().tagger.tag_text("Anything at all?\n\n7 * 6 = 42.\n\nxyzzy")
    names = trained().tagger.taxonomy.names
    named = {"RESTATE", "SUBSTITUTE", "CONCLUDE", "META", "VERIFY"}
    unnamed = [i for i, t in enumerate(trained().tagger.taxonomy.tags) if t not in named]
    for step in tagged:
        assert names.index(step.type) not in unnamed
        assert max(step.probabilities[i] for i in unnamed) < 1e-3


def test_train_linear_accepts_two_types(tmp_path: Path) -> None:
    few = rows(40)
    for row in few:
        row["labels"] = {k: v for k, v in row["labels"].items() if v in ("VERIFY", "CONCLUDE")}
    result = train_linear([write(tmp_path / "two.jsonl", few)], RECIPE)
    assert result.scores.micro_f1 > 0.9
    assert {t.type for t in result.tagger.tag_text("So the answer is 7.")} == {
        "Final Conclusion / Boxed Answer"
    }


def test_train_linear_stores_the_segmenter(tmp_path: Path) -> None:
    path = write(tmp_path / "l.jsonl", rows(20))
    result = train_linear([path], RECIPE, ParagraphSegmenter(min_chars=9))
    assert result.tagger.segmenter.settings == {"min_chars": 9}


def test_train_linear_reports_progress(tmp_path: Path) -> None:
    said: list[str] = []
    path = write(tmp_path / "l.jsonl", rows(20))
    train_linear([path], RECIPE, say=said.append)
    assert "17 traces, 3 held out" in said[0] and "Fitting" in said[1] and "micro-F1" in said[2]


def test_train_linear_refuses_too_few_traces_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"one\.jsonl: 1 labelled traces are too few"):
        train_linear([write(tmp_path / "one.jsonl", rows(1))], RECIPE)
    single = [dict(row, labels={"0": "RESTATE"}) for row in rows(10)]
    with pytest.raises(UserError, match="a single type"):
        train_linear([write(tmp_path / "single.jsonl", single)], RECIPE)


def test_train_linear_temperature_corrects_overconfidence() -> None:
    """Scores scaled by 3 need temperature 3 (the grid holds 2.95 and 3.08)."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 3))
    odds = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    types = (odds.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    assert best_temperature(3 * logits, types) == pytest.approx(3, abs=0.2)


def test_train_linear_train_only_files_are_never_held_out(tmp_path: Path) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(40))
    more = write(tmp_path / "more.jsonl", rows(60, seed=5))
    plain = train_linear([path], RECIPE)
    both = train_linear([path], RECIPE, train_only=[more])
    assert both.held_out == plain.held_out
    assert both.scores.steps == plain.scores.steps
    assert both.traces > plain.traces
    assert both.tagger.fingerprint != plain.tagger.fingerprint


def test_train_linear_drops_held_out_questions_from_train_only_files(tmp_path: Path) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(40))
    held = read_and_hold_out([path], REASONTYPE, 0, 0.2, train_only=[path])
    hidden = {trace.question for trace in held.aside}
    assert hidden and hidden.isdisjoint(trace.question for trace in held.kept)
    assert len(held.kept) == 2 * (40 - len(held.aside))


def test_train_linear_shortened_copies_change_weights_and_not_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(40))
    plain = train_linear([path], RECIPE)
    short, again = (train_linear([path], replace(RECIPE, short=2)) for _ in range(2))
    assert short.tagger.fingerprint == again.tagger.fingerprint != plain.tagger.fingerprint
    assert (short.traces, short.steps, short.held_out) == (
        plain.traces, plain.steps, plain.held_out,
    )  # fmt: skip
    assert short.scores.per_type["Verification / Sanity Check"].f1 > 0.9


def unlabelled(count: int, seed: int) -> list[dict[str, object]]:
    return [{k: v for k, v in row.items() if k != "labels"} for row in rows(count, seed)]


def test_train_linear_distillation_makes_up_for_labels(tmp_path: Path) -> None:
    content = rows(20, seed=3)
    for row in content:  # labels that name no check: only the teacher knows them
        row["labels"] = {k: v for k, v in row["labels"].items() if v != "VERIFY"}
    few = write(tmp_path / "few.jsonl", content)
    traces = write(tmp_path / "traces.jsonl", unlabelled(80, 4))
    fresh = write(tmp_path / "fresh.jsonl", rows(60, seed=7))
    distillation = Distillation([trained().tagger], [traces], 1.0, tmp_path / "views")
    alone = train_linear([few], RECIPE)
    taught, again = (train_linear([few], RECIPE, distillation=distillation) for _ in range(2))
    assert taught.tagger.fingerprint == again.tagger.fingerprint
    assert scores_on(alone.tagger, fresh).per_type[VERIFY].f1 == 0
    assert scores_on(taught.tagger, fresh).per_type[VERIFY].f1 > 0.9
    assert taught.steps == alone.steps
    assert taught.tagger.about["teachers"] == [trained().tagger.fingerprint]
    assert taught.tagger.about["distilled_on"] == ["traces.jsonl"]
    assert list((tmp_path / "views").glob("view-*.safetensors"))


def test_train_linear_distillation_drops_held_out_questions(tmp_path: Path) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(20))
    held = read_and_hold_out([path], REASONTYPE, 0, 0.15)
    hidden = {trace.question for trace in held.aside}
    only = [row for row in unlabelled(20, 0) if row["question"] in hidden]
    assert only
    again = [dict(row, question=str(row["question"]) + "\n ") for row in only]
    nameless = [dict(row, question="") for row in only]
    recut = [
        {"thinking": "\n\n\n".join(trace.steps)} for trace in held.aside
    ]  # without a question, with other white space
    for number, content in enumerate((only, again, nameless, recut)):
        traces = write(tmp_path / f"traces{number}.jsonl", content)
        with pytest.raises(UserError, match="no trace with a step is left for the teachers"):
            train_linear(
                [path], RECIPE, distillation=Distillation([trained().tagger], [traces], 1.0)
            )


def test_train_linear_splits_questions_regardless_of_white_space(tmp_path: Path) -> None:
    double = [dict(row, id=f"{row['id']}b", question=f" {row['question']}\n") for row in rows(40)]
    traces = list(read_labelled(write(tmp_path / "l.jsonl", rows(40) + double)))
    kept, aside = split_by_question(traces, seed=1, share=0.25)
    assert len(aside) == 20
    assert not {t.question.strip() for t in kept} & {t.question.strip() for t in aside}
    once, _ = split_by_question(traces[:40], seed=1, share=0.25)
    assert {t.id for t in once} <= {t.id for t in kept}


def test_train_linear_distillation_cache_changes_no_result_and_damage_is_reported(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(20))
    traces = write(tmp_path / "traces.jsonl", unlabelled(8, 4))
    views = tmp_path / "views"
    distillations = [
        Distillation([trained().tagger], [traces], 1.0, kept) for kept in (None, views)
    ]
    free, kept = (
        train_linear([path], RECIPE, distillation=distillation) for distillation in distillations
    )
    assert free.tagger.fingerprint == kept.tagger.fingerprint
    (file,) = views.iterdir()
    whole = file.read_bytes()
    for content in (whole[:50], save({"0": np.zeros((1, 14), dtype=np.float16)})):
        file.write_bytes(content)
        with pytest.raises(UserError, match=f"{file.name} is damaged .*; delete it"):
            train_linear([path], RECIPE, distillation=distillations[1])
    file.unlink()
    views.rmdir()
    views.touch()
    with pytest.raises(UserError, match="cannot be written to .*views"):
        train_linear([path], RECIPE, distillation=distillations[1])


def test_train_linear_uses_labels_of_late_steps(tmp_path: Path) -> None:
    content = rows(20)
    for row in content:
        row["steps"] = ["So."] * 420 + row["steps"]
        row["labels"] = {str(int(i) + 420): tag for i, tag in row["labels"].items()}
    result = train_linear([write(tmp_path / "late.jsonl", content)], RECIPE)
    assert result.scores.per_type[VERIFY].recall > 0.5


def test_train_linear_uses_small_shares_of_a_second_type(tmp_path: Path) -> None:
    content = rows(20)
    for row in content:
        row["alternatives"] = {k: "META" for k, v in row["labels"].items() if v == "CONCLUDE"}
    path = write(tmp_path / "labelled.jsonl", content)
    none, few = (train_linear([path], replace(RECIPE, alternative=a)) for a in (0.0, 0.05))
    assert none.tagger.fingerprint != few.tagger.fingerprint


def test_train_linear_min_teacher_prob_keeps_the_likeliest_type(tmp_path: Path) -> None:
    plan = TargetPlan(REASONTYPE, min_teacher_prob=0.1)
    flat = np.full((1, 14), 0.07, dtype=np.float32)
    flat[0, 3] = 0.09
    assert plan.drop_unlikely(flat).tolist() == [[float(i == 3) for i in range(14)]]
    sure = np.array([[0.6, 0.3, 0.06, 0.04]], dtype=np.float32)
    np.testing.assert_allclose(plan.drop_unlikely(sure), [[2 / 3, 1 / 3, 0, 0]], rtol=1e-6)
    assert TargetPlan(REASONTYPE).drop_unlikely(sure) is sure


def test_train_linear_label_weight_below_one_mixes_in_the_teacher(tmp_path: Path) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(20))
    traces = write(tmp_path / "traces.jsonl", unlabelled(8, 4))
    teacher = train_linear([write(tmp_path / "other.jsonl", rows(6, 9))], RECIPE).tagger
    found = {
        train_linear(
            [path], RECIPE, distillation=Distillation([teacher], [traces], label_weight)
        ).tagger.fingerprint
        for label_weight in (1.0, 0.95, 0.7)
    }
    assert len(found) == 3


def test_train_linear_label_targets_weigh_a_second_annotator_at_most_as_the_first(
    tmp_path: Path,
) -> None:
    row = {
        "id": "a", "question": "q", "steps": ["x"], "labels": {"0": "VERIFY"},
        "second_pass": {"0": "META"},
    }  # fmt: skip
    (trace,) = read_labelled(write(tmp_path / "one.jsonl", [row]))
    for alternative, share in ((0.1, 0.2), (0.25, 0.5), (0.5, 0.5)):
        target = label_targets(trace, REASONTYPE, 1, alternative)[0]
        assert target[REASONTYPE.index("META")] == pytest.approx(share)
        assert target[REASONTYPE.index("VERIFY")] == pytest.approx(1 - share)


def test_train_linear_refuses_a_teacher_of_another_taxonomy(tmp_path: Path) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(20))
    other = load_taxonomy("venhoff")
    teacher = trained().tagger
    stranger = FrozenTagger.__new__(FrozenTagger)
    stranger.__dict__.update(teacher.__dict__, _taxonomy=other)
    with pytest.raises(UserError, match=r"\(taxonomy 'venhoff'\) are not those of the labels"):
        train_linear([path], RECIPE, distillation=Distillation([stranger], [path], 1.0))


def test_train_linear_label_targets_share_with_a_second_type(tmp_path: Path) -> None:
    """With half a share for the other type, what is always both is as likely one as the other."""
    content = rows(60)
    for row in content:
        row["labels"] = {k: v for k, v in row["labels"].items() if v != "META"}
        row["alternatives"] = {k: "META" for k, v in row["labels"].items() if v == "CONCLUDE"}
    path = write(tmp_path / "two.jsonl", content)
    meta = REASONTYPE.index("META")
    conclude = REASONTYPE.index("CONCLUDE")
    shares = {}
    for alternative in (0.0, 0.5):
        tagger = train_linear([path], replace(RECIPE, alternative=alternative)).tagger
        step = tagger.tag_text("3 + 4 = 7.\n\nSo the answer is 7.", "3 + 4")[1]
        shares[alternative] = step.probabilities[meta], step.probabilities[conclude]
    assert shares[0.0][0] < 0.01 < 0.8 < shares[0.0][1]
    assert shares[0.5][0] == pytest.approx(shares[0.5][1], rel=0.1)


def test_train_linear_targets_include_sentences_of_paragraphs(tmp_path: Path) -> None:
    row = {
        "id": "a",
        "question": "q",
        "steps": ["One. Two is 2.", "Three."],
        "labels": {"0": "META"},
    }
    traces = list(read_labelled(write(tmp_path / "l.jsonl", [row])))
    plain, cut = (
        list(targets_from_labels(traces, TargetPlan(REASONTYPE, sentences=share)))
        for share in (0.0, 1.0)
    )
    assert [trace.steps for trace in plain] == [("One. Two is 2.",)]
    assert [list(trace.steps) for trace in cut[1:]] == [["One.", "Two is 2."]]
    assert (cut[1].targets == plain[0].targets[[0, 0]]).all()
    path = write(tmp_path / "many.jsonl", rows(40))
    paragraphs, both = (train_linear([path], replace(RECIPE, sentences=s)) for s in (0.0, 1.0))
    assert both.tagger.fingerprint != paragraphs.tagger.fingerprint
    assert (both.traces, both.steps) == (paragraphs.traces, paragraphs.steps)
