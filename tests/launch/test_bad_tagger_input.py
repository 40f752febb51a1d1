"""Bad input of the tagger commands: refused in one sentence, before anything is read or trained.

The fixture `refused` allows no line beside the sentence, so a training that had begun would show.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launch.cli import main
from tagger.taxonomies.files import load_taxonomy
from tagger.training.linear.train import train_linear

Refused = Callable[..., str]


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def row(number: int, first: str = "SUBSTITUTE", second: str = "VERIFY") -> dict[str, Any]:
    return {
        "id": str(number),
        "question": f"question {number}",
        "steps": ["3 + 4 is 7.", f"Check: 7 - 4 is 3, not {number}."],
        "labels": {"0": first, "1": second},
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Label files, and taggers of two taxonomies and two segmenters."""
    folder = tmp_path_factory.mktemp("files")
    found = {
        "labels": write(folder / "labels.jsonl", *map(row, range(6))),
        "venhoff": write(
            folder / "venhoff.jsonl", *(row(n, "DEDUCE", "UNCERTAIN") for n in range(6))
        ),
        "empty": write(folder / "empty.jsonl"),
        "traces": write(folder / "traces.jsonl", {"question": "q", "steps": ["3 + 4 is 7."]}),
        "file": write(folder / "file.jsonl", {}),
    }
    tagger = train_linear([found["labels"]]).tagger
    found["tagger"] = tagger.save(folder / "tagger")
    other = train_linear([found["venhoff"]], taxonomy=load_taxonomy("venhoff")).tagger
    found["other"] = other.save(folder / "other")
    return found


TRAIN = ("tagger", "train", "--labels", "{labels}")
STUDENT = (*TRAIN, "--backend", "student")
TAUGHT = ("--teacher", "{tagger}", "--traces", "{traces}")
ENCODER = (*TRAIN, "--backend", "encoder")


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        ((*TRAIN, "strength=0"), "strength of the linear training is 0; it must be"),
        ((*TRAIN, "max_iterations=0"), "max_iterations of the linear training is 0; it must be"),
        ((*TRAIN, "held_out=1.5"), "held_out of the linear training is 1.5; it must be"),
        (("tagger", "train", "generated=0"), "generated of the linear training is 0; it must be"),
        ((*TRAIN, "seed=-1"), "seed of the linear training is -1; it must be"),
        (
            (*TRAIN, "--backend", "encoder", "held_out=2"),
            "held_out of the encoder training is 2; it must be a",
        ),
        ((*STUDENT, "epochs=0"), "epochs of the student training is 0; it must be"),
        ((*STUDENT, "members=0"), "members of the student training is 0; it must be"),
        ((*STUDENT, "batch_steps=0"), "batch_steps of the student training is 0; it must be"),
        ((*STUDENT, "dropout=1.5"), "dropout of the student training is 1.5; it must be"),
        (
            (*STUDENT, "learning_rate=-1"),
            "learning_rate of the student training is -1; it must be a",
        ),
        ((*STUDENT, "repeat_unsure=2"), "repeat_unsure of the student training is 2; it must be"),
        ((*STUDENT, "label_weight=2"), "label_weight of the student training is 2; it must be"),
        ((*STUDENT, "kernel=2"), "kernel of the student tagger is 2; it must be odd"),
    ],
)
def test_settings_out_of_range(
    refused: Refused, files: dict[str, Path], argv: tuple[str, ...], part: str
) -> None:
    assert part in refused(*(word.format(**files) for word in argv))
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        ((*TRAIN, "{labels}"), "twice; name each file once"),
        ((*STUDENT, "--extra", "gone.jsonl:venhoff"), "--extra gone.jsonl cannot be opened"),
        ((*STUDENT, "--extra", "{venhoff}"), "name no taxonomy; write FILE:TAXONOMY"),
        ((*STUDENT, "--extra", "{venhoff}:venhof"), "did you mean 'venhoff'"),
        ((*STUDENT, "--extra", "{labels}:venhoff"), "is a type of reasontype, not of venhoff"),
        ((*STUDENT, "--teacher", "{tagger}"), "give --teacher and --traces"),
        ((*STUDENT, "--traces", "{traces}"), "give --teacher and --traces"),
        ((*STUDENT, "--teacher", "gone", "--traces", "{traces}"), "No tagger 'gone'"),
        ((*STUDENT, "--teacher", "./gone", "--traces", "{traces}"), "there is no such folder"),
        ((*STUDENT, "--teacher", "{other}", "--traces", "{traces}"), "of the same taxonomy"),
        ((*STUDENT, "--teacher", "{tagger}", "--traces", "gone.jsonl"), "--traces gone.jsonl"),
        ((*STUDENT, "--teacher", "{tagger}", "--traces", "{empty}"), "no trace with a step is"),
        ((*STUDENT, "--checkpoint", "new"), "leave out --checkpoint or give --teacher"),
        ((*ENCODER, "--checkpoint", "{file}"), "is a file; name a folder"),
        ((*ENCODER, "--teacher", "{tagger}", "--traces", "{traces}"), "choose another --backend"),
        (
            (*TRAIN, "--teacher", "{other}", "--traces", "{traces}"),
            "(taxonomy 'venhoff') are not those of",
        ),
        ((*TRAIN, "--checkpoint", "new"), "leave out --checkpoint or give --teacher"),
        ((*TRAIN, *TAUGHT, "--checkpoint", "{file}/x"), "x cannot be made"),
        ((*TRAIN, *TAUGHT, "segmenter=sentence"), "take a teacher of the same segmenter"),
        ((*TRAIN, *TAUGHT, "{labels}"), "--labels, --train-only and --traces names"),
        (
            (*TRAIN, "--teacher", "{tagger}", "{tagger}", "--traces", "{traces}"),
            "each teacher once",
        ),
        ((*TRAIN, "label_weight=0.5"), "there is no teacher; give --teacher"),
        ((*TRAIN, "generated=30"), "generated=30 is for a training without labelled traces"),
        ((*STUDENT, "label_weight=1"), "there is no teacher; give --teacher"),
        ((*STUDENT, "teacher_precision=bfloat16"), "there is none; give --teacher"),
        ((*STUDENT, "teacher_precision=half"), "Unknown value of teacher_precision"),
        ((*TRAIN, "--init", "{tagger}"), "always starts afresh; leave out --init"),
        ((*STUDENT, "--init", "{tagger}"), "only a single student can be fine-tuned"),
        ((*STUDENT, "--init", "gone"), "No tagger 'gone'"),
        ((*STUDENT, "average=true"), "averages several networks, and members is 1; set members=4"),
        ((*STUDENT, "repeat_unsure=0.25"), "repeats traces that teachers tag, and there is no"),
        ((*STUDENT, "members=2", "average=true"), "name a student to begin with, --init"),
    ],
)
def test_training_is_refused_before_it_begins(
    refused: Refused, files: dict[str, Path], argv: tuple[str, ...], part: str
) -> None:
    assert part in refused(*(word.format(**files) for word in argv))
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (("{tagger}",), "needs two taggers or more; 1 was given"),
        (("{tagger}", "{other}"), "taxonomies of tagger 2 differ from those of tagger 1 (venhoff"),
        (("{tagger}", "linear", "--weights", "1", "nan"), "is nan; it must be above 0"),
        (("{tagger}", "{tagger}"), "Tagger 2 is tagger 1 once more"),
        (("{tagger}", "{tagger}", "--weights", "1"), "1 weights for 2 taggers"),
        (("{tagger}", "gone"), "No tagger 'gone'"),
    ],
)
def test_taggers_that_do_not_combine(
    refused: Refused, files: dict[str, Path], argv: tuple[str, ...], part: str
) -> None:
    assert part in refused("tagger", "combine", *(word.format(**files) for word in argv))
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    "argv",
    [
        TRAIN,
        ("tagger", "combine", "{tagger}", "{tagger}"),
        ("tagger", "evaluate", "{labels}"),
        ("tagger", "transfer", "{labels}", "{venhoff}:venhoff", "--by", "file", "--least", "1"),
    ],
)
def test_output_folder_that_cannot_be_made(
    refused: Refused, files: dict[str, Path], argv: tuple[str, ...]
) -> None:
    words = [word.format(**files) for word in argv]
    err = refused(*words, "--output", files["file"] / "deep" / "new")
    assert f"{files['file']} is no folder; name another with --output" in err


def test_a_sample_too_small_to_train_on_names_no_file_of_ours(
    files: dict[str, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    test = write(tmp_path / "test.jsonl", row(99))
    curve = ["tagger", "learning-curve", str(files["labels"]), "--test", str(test)]
    assert main([*curve, "--sizes", "1", "--json"]) == 2
    err = capsys.readouterr().err
    assert "the sample: 1 labelled traces are too few" in err
    assert "/tmp" not in err.replace(str(tmp_path), "")


def test_labels_from_standard_input_are_refused_where_they_are_read_twice(
    refused: Refused, tmp_path: Path
) -> None:
    assert "must be files" in refused("tagger", "evaluate", "-")
    os.mkfifo(tmp_path / "pipe")
    assert "what pipe pipes to one" in refused("tagger", "evaluate", "pipe")
    assert "read only once" in refused("tagger", "calibrate-segmenter", "pipe")


def test_a_long_list_of_types_holds_tags_only(refused: Refused, tmp_path: Path) -> None:
    labels = write(tmp_path / "labels.jsonl", row(1, "XYZZY"))
    err = refused("tagger", "evaluate", labels)
    assert "valid: RESTATE, CONTEXT, RECALL" in err
    assert "Problem Re-statement" not in err


def test_one_file_for_two_outputs(refused: Refused, tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_text("3 + 4 is 7.")
    both = ("--output", tmp_path / "new", "--html", tmp_path / "." / "new")
    assert "name two files" in refused("tag", trace, *both)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"handicaps": [1]}, "malformed"),
        ({"handicaps": {"VERIFI": 1.0}}, "did you mean 'VERIFY'"),
        ({"backend": {"name": 3, "settings": {}}}, "malformed"),
        ({"backend": {"name": "linear", "settings": [1]}}, "malformed"),
        ({"backend": {"name": "liner", "settings": {}}}, "did you mean 'linear'"),
        ({"temperature": "hot"}, "malformed"),
        ({"temperature": 0}, "temperature above 0"),
        ({"taxonomy": 3}, "malformed"),
        ({"segmenter": {"name": "paragrph", "settings": {}}}, "did you mean 'paragraph'"),
        ({"format": 2}, "no tagger of format 1"),
        ({"fingerprint": "0" * 64}, "fetch or train it again"),
    ],
)
def test_a_damaged_tagger_json(
    refused: Refused, files: dict[str, Path], tmp_path: Path, change: dict[str, Any], part: str
) -> None:
    tagger = tmp_path / "tagger"
    shutil.copytree(files["tagger"], tagger)
    about = json.loads((tagger / "tagger.json").read_text())
    (tagger / "tagger.json").write_text(json.dumps(about | change))
    err = refused("tagger", "evaluate", files["labels"], "--tagger", tagger)
    assert part in err
    assert str(tagger) in err


@pytest.mark.parametrize("left", [0, 5, 1000])
def test_truncated_weights(
    refused: Refused, files: dict[str, Path], tmp_path: Path, left: int
) -> None:
    tagger = tmp_path / "tagger"
    shutil.copytree(files["tagger"], tagger)
    weights = tagger / "weights.safetensors"
    whole = weights.read_bytes()
    assert len(whole) > left
    weights.write_bytes(whole[:left])
    err = refused("tagger", "evaluate", files["labels"], "--tagger", tagger)
    assert f"{weights} is no safetensors file" in err
    weights.unlink()
    err = refused("tagger", "evaluate", files["labels"], "--tagger", tagger)
    assert "weights.safetensors is missing" in err


def test_overthinker_traces_onto_a_file_that_exists(refused: Refused, tmp_path: Path) -> None:
    there = tmp_path / "mine.jsonl"
    there.write_text("mine")
    command = ("overthinker", "traces", "--count", "2", "--output")
    assert "already exists and is never overwritten" in refused(*command, there)
    assert there.read_text() == "mine"
    assert "make it first" in refused(*command, tmp_path / "none" / "new.jsonl")
    assert "--count is 0" in refused("overthinker", "traces", "--count", "0", "--output", "new")


def test_solution_traces_of_rows_without_a_solution(refused: Refused, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "How many?"}\n')
    command = ("tagger", "solution-traces", path, "--output", tmp_path / "new.jsonl")
    assert f"{path}, line 1: a worked solution needs" in refused(*command)
    path.write_text('{"question": "How many?", "solution": "Three."}\n')
    assert "0 rows hold a solution with equations marked" in refused(*command)
    assert "--count is -1" in refused(*command, "--count", "-1")
    assert not (tmp_path / "new.jsonl").exists()


def test_settings_behind_an_option_of_many_values() -> None:
    from launch.cli import parse

    args = parse(["tagger", "bench", "--tagger", "default", "traces=100", "repeats=3"])
    assert (args.tagger, args.overrides) == (["default"], ["traces=100", "repeats=3"])
    args = parse(["tagger", "train", "--teacher", "a", "epochs=2", "--extra", "f:a=b"])
    assert (args.teacher, args.extra, args.overrides) == (["a"], ["f:a=b"], ["epochs=2"])


def test_an_option_that_holds_only_settings(refused: Refused) -> None:
    assert "leave out --tagger" in refused("tagger", "bench", "--tagger", "traces=5")
