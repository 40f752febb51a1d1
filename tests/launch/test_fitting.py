"""Back ends as functions: the traces, the taxonomy and the settings all reach the training."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from launch.cli import main
from launch.commands.tagger import fitting
from launch.commands.tagger.train import configure
from launch.settings import settings_of
from launch.trainers import TRAINERS
from launch.trainers.base import TrainingJob
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE, StepType, Taxonomy
from tagger.traces.labelled import LabelledTrace, read_labelled
from tests.tagger.small_data import rows, write

TWO = Taxonomy(
    "two", (StepType("Think", "T", "other", "thinks"), StepType("Check", "C", "other", "checks"))
)


def traces() -> list[LabelledTrace]:
    steps = ("say a", "check a")
    return [
        LabelledTrace("t", f"q{i}", steps, {0: "Think", 1: "Check"}, {}, {0: "Check"}, {1: "Think"})
        for i in range(8)
    ]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "linear.yaml"
    file.write_text("strength: 0.01\n", encoding="utf-8")
    return file


def test_settings_count_for_every_taxonomy(config: Path) -> None:
    gentle = fitting.fit_by_name("linear", config)(traces(), TWO, 0)
    usual = fitting.fit_by_name("linear")(traces(), TWO, 0)
    assert gentle.taxonomy.names == usual.taxonomy.names == ("Think", "Check")
    assert gentle.fingerprint != usual.fingerprint


def test_a_training_sees_everything_a_trace_says(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[LabelledTrace] = []

    def train(job: TrainingJob, settings: object) -> object:
        seen.extend(read_labelled(job.labels[0], job.taxonomy))
        return TRAINERS["linear"].train(job, settings)

    spy = replace(TRAINERS["linear"], name="spy", train=train)
    monkeypatch.setattr(fitting, "get_trainer", lambda name: spy)
    fitting.fit_by_name("spy", config)(traces(), TWO, 0)
    assert [replace(t, id="t", about={}) for t in seen] == traces()


@pytest.mark.parametrize(
    "word",
    ["epochs=0", "batch_steps=0", "members=0", "dropout=1.0", "kernel=2", "label_weight=.nan"],
)
def test_a_student_out_of_range_is_refused_before_anything_is_read(word: str) -> None:
    name = word.partition("=")[0]
    with pytest.raises(UserError, match=name):
        settings_of(TRAINERS["student"].settings, None, [word])


@pytest.mark.parametrize("backend", ["linear", "student"])
def test_settings_of_reads_the_former_key_trust_as_label_weight(
    backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    kind = TRAINERS[backend].settings
    assert settings_of(kind, None, ["trust=0.25"]) == settings_of(kind, None, ["label_weight=0.25"])
    assert "'trust' is now called 'label_weight'" in caplog.text
    with pytest.raises(UserError, match="former name of 'label_weight'"):
        settings_of(kind, None, ["trust=0.25", "label_weight=0.5"])


def test_train_takes_the_former_option_beside_as_train_only() -> None:
    parser = argparse.ArgumentParser()
    configure(parser)
    former, present = (
        parser.parse_args(["--labels", "a", option, "b", "c"])
        for option in ("--beside", "--train-only")
    )
    assert former == present and former.train_only == [Path("b"), Path("c")]
    assert "--beside" not in parser.format_help()


@pytest.mark.parametrize(("segmenter", "doubted"), [("sentence", True), ("paragraph", False)])
def test_train_doubts_steps_that_its_segmenter_would_cut_further(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], segmenter: str, doubted: bool
) -> None:
    content = rows(8)
    for row in content:
        row["steps"] = [f"We go on. {step}" for step in row["steps"]]
    words = ["--labels", str(write(tmp_path / "l.jsonl", content)), f"segmenter={segmenter}"]
    made = ["bits=12", "max_iterations=1", "--output", str(tmp_path / "made")]
    assert main(["tagger", "train", *words, *made]) == 0
    said = f"suffice: segmenter {segmenter!r} would cut 100% of these steps further"
    assert (said in capsys.readouterr().err) == doubted


def test_a_job_is_of_reasontype_unless_it_says_otherwise() -> None:
    assert TrainingJob([]).taxonomy == REASONTYPE
