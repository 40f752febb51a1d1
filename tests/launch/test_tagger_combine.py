"""``suffice tagger combine``: the mean of taggers, calibrated on labels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from launch.cli import main
from tagger.backends.student.backend import StudentBackend
from tagger.backends.student.network import TABLES, compress, decompress
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.training.splits import read_and_hold_out
from tests.tagger.student.small import SHAPE, random_backend
from tests.world import World


def test_tagger_combine_saves_the_mean_and_calibrates_it(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["tagger", "combine", str(world.tagger), "linear", "--weights", "3", "1"]
    assert main([*argv, "--output", str(tmp_path / "plain")]) == 0
    labels = str(world.root / "labelled.jsonl")
    assert main([*argv, "--labels", labels, "--output", str(tmp_path / "calibrated")]) == 0
    assert capsys.readouterr().out.count("Saved") == 2
    plain, calibrated = (FrozenTagger.load(tmp_path / n) for n in ("plain", "calibrated"))
    first, second = FrozenTagger.load(world.tagger), FrozenTagger.load("linear")
    text = "2 + 3 = 5.\n\nLet me check: 5 - 3 = 2."

    def probabilities(tagger: FrozenTagger) -> np.ndarray:
        """Without the logit bias of a member, which a mean has no use for."""
        parts = (tagger.taxonomy, tagger.segmenter, tagger.backend, tagger.temperature)
        return np.array([step.probabilities for step in FrozenTagger(*parts).tag_text(text)])

    mean = 0.75 * probabilities(first) + 0.25 * probabilities(second)
    assert probabilities(plain) == pytest.approx(mean, abs=1e-5)
    assert plain.temperature == 1.0
    assert calibrated.temperature != 1.0
    assert plain.about["calibrated_on"] == second.about["calibrated_on"] != []
    assert calibrated.about["calibrated_on"] == [*plain.about["calibrated_on"], "labelled.jsonl"]
    assert first.fingerprint in (tmp_path / "plain" / "README.md").read_text()


def test_tagger_combine_knows_the_words_of_all_if_each_knows_its_own(
    world: World, tmp_path: Path
) -> None:
    argv = ["tagger", "combine", "default", "linear", "--output", str(tmp_path / "both")]
    assert main(argv) == 0
    known = FrozenTagger.load(tmp_path / "both").extras.known_words
    member = FrozenTagger.load("linear").extras.known_words
    assert known is not None and member is not None and len(known) == len(member)
    argv = ["tagger", "combine", str(world.tagger), "linear", "--output", str(tmp_path / "one")]
    assert main(argv) == 0
    assert FrozenTagger.load(tmp_path / "one").extras.known_words is None


def test_tagger_combine_refuses_weights_of_another_number_and_few_labels(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["tagger", "combine", str(world.tagger), "linear", "--output", str(tmp_path / "new")]
    assert main([*argv, "--weights", "1"]) == 2
    assert "1 weights for 2 taggers; give one for each." in capsys.readouterr().err
    few, many = tmp_path / "few.jsonl", tmp_path / "many.jsonl"
    row = {"id": "a", "question": "", "steps": ["2 + 2 = 4."] * 40, "labels": {"0": "VERIFY"}}
    few.write_text(json.dumps(row) + "\n")
    many.write_text(json.dumps(row | {"labels": {str(i): "VERIFY" for i in range(40)}}) + "\n")
    assert main([*argv, "--labels", str(few)]) == 2
    said = capsys.readouterr().err
    assert f"{few}: 1 labels are too few to calibrate by; give 30 or more, or" in said
    assert main([*argv, "--labels", str(many)]) == 2
    assert "The labels name a single type" in capsys.readouterr().err
    assert main([*argv, "--labels", str(many), str(many)]) == 2
    assert "name each file once" in capsys.readouterr().err
    assert main([*argv, "--held-out", "0.1"]) == 2
    assert "--held-out is of labels; name the files" in capsys.readouterr().err
    assert main([*argv, "--labels", str(few), "--held-out", "2"]) == 2
    assert "--held-out is 2; give a share between 0 and 1." in capsys.readouterr().err
    assert main([*argv, "--labels", str(few), "--seed", "3"]) == 2
    assert "--seed draws the questions of --held-out; give that too" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("option", [[], ["--average-weights"]])
def test_tagger_combine_refuses_a_tagger_that_is_given_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: list[str]
) -> None:
    one = saved_student(tmp_path / "one", random_backend())
    argv = ["tagger", "combine", str(one), f"{one}/", *option]
    assert main([*argv, "--output", str(tmp_path / "new")]) == 2
    assert "Tagger 2 is tagger 1 once more; name each once" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_tagger_combine_calibrates_by_the_questions_that_a_training_held_out(
    world: World, tmp_path: Path
) -> None:
    labels = world.root / "labelled.jsonl"
    aside = read_and_hold_out([labels], REASONTYPE, 3, 0.5).aside
    kept = {trace.id for trace in aside}
    rows = [row for row in labels.read_text().splitlines() if json.loads(row)["id"] in kept]
    (tmp_path / "aside.jsonl").write_text("\n".join(rows) + "\n")
    argv = ["tagger", "combine", str(world.tagger), "linear", "--labels"]
    drawn = [str(labels), "--held-out", "0.5", "--seed", "3", "--output", str(tmp_path / "drawn")]
    assert main([*argv, *drawn]) == 0
    named = [str(tmp_path / "aside.jsonl"), "--output", str(tmp_path / "named")]
    assert main([*argv, *named]) == 0
    one, other = (FrozenTagger.load(tmp_path / name) for name in ("drawn", "named"))
    assert (one.temperature, one.logit_bias) == (other.temperature, other.logit_bias)
    assert 0 < len(rows) < len(labels.read_text().splitlines())


def saved_student(folder: Path, backend: StudentBackend) -> Path:
    return FrozenTagger(REASONTYPE, ParagraphSegmenter(), backend).save(folder)


def test_tagger_combine_averages_the_weights_of_students_of_one_origin(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = decompress(random_backend().arrays)
    draw = np.random.default_rng(0)
    tuned = {k: w + 0.2 * w.std() * draw.standard_normal(w.shape) for k, w in start.items()}
    one = saved_student(tmp_path / "one", random_backend())
    other = saved_student(
        tmp_path / "other",
        StudentBackend(SHAPE, compress({k: w.astype(np.float32) for k, w in tuned.items()})),
    )
    argv = ["tagger", "combine", str(one), str(other), "--average-weights", "--weights", "3", "1"]
    assert main([*argv, "--output", str(tmp_path / "mean")]) == 0
    mean = FrozenTagger.load(tmp_path / "mean")
    first, second = (FrozenTagger.load(folder) for folder in (one, other))
    assert mean.backend.name == "student" and mean.temperature == 1.0
    assert mean.about["members"] == [first.fingerprint, second.fingerprint]
    found, a, b = (decompress(tagger.arrays) for tagger in (mean, first, second))
    for name, weight in found.items():
        rounding = weight.std() * 5 / 127 if name in TABLES else 1e-6
        assert np.allclose(weight, 0.75 * a[name] + 0.25 * b[name], atol=rounding), name
    assert "The mean of the weights of 2" in (tmp_path / "mean" / "README.md").read_text()


def test_tagger_combine_refuses_to_average_weights_that_have_nothing_in_common(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = saved_student(tmp_path / "one", random_backend(seed=0))
    other = saved_student(tmp_path / "other", random_backend(seed=1))
    argv = ["tagger", "combine", str(one), str(other), "--average-weights"]
    assert main([*argv, "--output", str(tmp_path / "new")]) == 2
    assert "tagger 2 have nothing in common with those of tagger 1" in capsys.readouterr().err
    argv = ["tagger", "combine", str(one), "linear", "--average-weights"]
    assert main([*argv, "--output", str(tmp_path / "new")]) == 2
    assert "Tagger 2 is of the back end linear; only the weights" in capsys.readouterr().err
    argv = ["tagger", "combine", str(one), "default", "--average-weights"]
    assert main([*argv, "--output", str(tmp_path / "new")]) == 2
    assert "a student of another shape than tagger 1" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
