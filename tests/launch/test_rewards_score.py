"""`suffice rewards score`."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from launch.cli import main
from tests.rewards.terms.rollouts import NAMES, rollout

REWARD = """
reward:
  terms:
    correctness: {weight: 1.0}
    step_count: {weight: 0.1, types: {VERIFY: {allowance: 1}}}
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder with a config and two groups of two rollouts."""
    facts = [
        rollout(1, 40, count__VERIFY=1),
        rollout(1, 90, count__VERIFY=4),
        rollout(0, 60, count__VERIFY=9),
        rollout(1, 60, count__VERIFY=2),
    ]
    rows = [
        {
            "step": 1,
            "group": i // 2,
            "sample": i % 2,
            "problem_id": f"p{i // 2}",
            "facts": dict.fromkeys(NAMES, 0.0) | row,
        }
        for i, row in enumerate(facts)
    ]
    folder = tmp_path / "run"
    (folder / "rollouts").mkdir(parents=True)
    (folder / "config.yaml").write_text(REWARD)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "rollouts" / "step-000001.jsonl").write_text(lines)
    return folder


def test_rewards_score_prints_rollouts_groups_and_weights(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rewards", "score", str(run)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert " ".join(lines[1]) == ("step group sample correct tokens correctness step_count total")
    assert lines[2:6] == [
        ["1", "0", "0", "1", "40", "1", "0", "1"],
        ["1", "0", "1", "1", "90", "1", "-3", "0.7"],
        ["1", "1", "0", "0", "60", "0", "0", "0"],
        ["1", "1", "1", "1", "60", "1", "-1", "0.9"],
    ]
    assert lines[9:11] == [
        ["1", "0", "2", "1", "65", "1", "-1.5", "0.85"],
        ["1", "1", "2", "0.5", "60", "0.5", "-0.5", "0.45"],
    ]
    assert lines[14] == ["all", "4", "0.75", "62.5", "0.75", "-1", "0.65"]
    assert lines[-1] == ["1", "1", "0.1"]


def test_rewards_score_tells_runs_apart_by_their_files(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = run / "rollouts" / "step-000001.jsonl"
    copy = run / "copy.jsonl"
    copy.write_text(file.read_text())
    assert main(["rewards", "score", str(run), str(copy)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1][:2] == ["file", "step"]
    assert [line[0] for line in lines[2:10]] == [str(copy)] * 4 + [str(file)] * 4
    assert lines[-5] == ["all", "8", "0.75", "62.5", "0.75", "-1", "0.65"]


def test_rewards_score_takes_another_reward_and_writes_csv_and_json(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, table = tmp_path / "laser.yaml", tmp_path / "scores.csv"
    config.write_text("reward: {terms: {correctness: {}, laser: {weight: 0.5, target: 60}}}")
    rollouts = str(run / "rollouts" / "step-000001.jsonl")
    words = ["rewards", "score", rollouts, "--config", str(config), "--json", "--csv", str(table)]
    assert main([*words, "reward.terms.laser.form=hybrid"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["weights"] == {"1": {"correctness": 1.0, "laser": 0.5}}
    assert [row["total"] for row in found["rollouts"]] == [1.5, 0.5, 0.0, 1.5]
    assert [group["laser"] for group in found["groups"]] == [0.0, 0.5]
    with table.open() as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["problem_id"], float(row["laser"])) for row in rows] == [
        ("p0", 1), ("p0", -1), ("p1", 0), ("p1", 1),
    ]  # fmt: skip
    assert main(words) == 2
    assert "scores.csv already exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{file}"], "name the YAML file with the reward by --config"),
        (["{missing}"], "does not exist"),
        (["{run}", "reward.terms.lasr.weight=1"], "did you mean 'laser'"),
        (["{run}", "--config", "{missing}"], "Cannot read the config"),
        (["{run}", "reward.terms.laser.target=0"], "target of reward term 'laser'"),
        (["{samples}", "--config", "{run}/config.yaml"], "line 1: the row has no facts"),
        (["{run}", "{run}/rollouts/step-000001.jsonl"], "was read before, at .*; name each file"),
    ],
)
def test_rewards_score_refuses_bad_input(
    run: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = run.parent / "samples.jsonl"
    samples.write_text('{"problem_id": "a", "thinking": "7.", "tokens": 3}\n')
    places = {"run": run, "missing": run / "nothing", "file": samples, "samples": samples}
    assert main(["rewards", "score", *(word.format(**places) for word in words)]) == 2
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("facts", {"correct": 1, "tokens": 10**400}, "the fact 'tokens' is 1000"),
        ("facts", {"correct": 1, "tokens": 1e39}, "the fact 'tokens' is 1e\\+39, no finite number"),
        ("facts", {"correct": math.nan}, "the fact 'correct' is nan"),
        ("facts", {"correct": None}, "the fact 'correct' is None"),
        ("facts", [1, 2], "facts must be a mapping"),
        ("facts", {"correct": 7}, "the fact 'correct' is 7, but must be 0 or 1; the file was"),
        ("facts", {"correct": 1, "tokens": -5}, "the fact 'tokens' is -5, but must be at least 0"),
        ("group", -1, "'group' is -1, but must be a whole number"),
        ("problem_id", "q", "group 0 at step 1 is of the problem 'p0' before and of 'q' here"),
    ],
)
def test_rewards_score_names_the_line_of_a_damaged_rollout(
    run: Path, key: str, value: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = run / "rollouts" / "step-000001.jsonl"
    first, *others = file.read_text().splitlines()
    lines = [first, json.dumps(json.loads(others[0]) | {key: value}), *others[1:]]
    file.write_text("\n".join(lines))
    assert main(["rewards", "score", str(run)]) == 2
    assert re.search(rf"line 2: {message}", capsys.readouterr().err)


def test_rewards_score_takes_damaged_weights_for_none(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = run / "rollouts" / "step-000001.jsonl"
    rows = [json.loads(line) | {"weights": [1, 2]} for line in file.read_text().splitlines()]
    file.write_text("\n".join(map(json.dumps, rows)))
    assert main(["rewards", "score", str(run)]) == 0
    assert capsys.readouterr().out.split()[-3:] == ["1", "1", "0.1"]


def notes_of(run: Path, config: str, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """The notes on rollouts under another reward, which text and JSON share."""
    file = run.parent / "other.yaml"
    file.write_text(config)
    argv = ["rewards", "score", str(run), "--config", str(file), *words]
    assert main(argv) == 0
    text = capsys.readouterr().out
    assert main([*argv, "--json"]) == 0
    notes: list[str] = json.loads(capsys.readouterr().out)["notes"]
    said = [line for line in text.splitlines() if line.startswith("NOTE: ")]
    assert said == [f"NOTE: {note}" for note in notes]
    return notes


def terms(text: str) -> str:
    return "reward: {terms: {correctness: {}, " + text + "}}"


def test_rewards_score_has_nothing_to_note_of_a_plain_reward(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert notes_of(run, REWARD, capsys) == []


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{terms: {correctness: {}}, aggregation: gfop}", "did you mean 'gfpo'"),
        ("{terms: {correctness: {}}, aggregation: {kind: gfpo, kept: 3}}", "did you mean 'keep'"),
    ],
)
def test_rewards_score_refuses_an_unknown_aggregation(
    run: Path, config: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = run.parent / "other.yaml"
    file.write_text(f"reward: {config}")
    assert main(["rewards", "score", str(run), "--config", str(file)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("config", "messages"),
    [
        ("{correctness: {}, laser: {weight: -3}}", ["a correct rollout can lose laser 3"]),
        ("{correctness: {weight: 0}}", ["Every weight of reward.terms is 0"]),
        (
            "{correctness: {}, a: {kind: laser}, b: {kind: laser, weight: -1}}",
            ["a correct rollout can lose b 1", "terms a and b sum to 0"],
        ),
    ],
)
def test_rewards_score_notes_what_training_refuses(
    run: Path, config: str, messages: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    notes = notes_of(run, f"reward: {{terms: {config}}}", capsys)
    assert len(notes) == len(messages)
    for note, message in zip(notes, messages, strict=True):
        assert note.startswith("training refuses this reward. ") and message in note


def test_rewards_score_notes_what_the_aggregation_of_a_training_refuses(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = terms("laser: {weight: 0.5}") + "\ngrpo: {num_generations: 4}"
    (note,) = notes_of(run, config, capsys, "reward.aggregation=gfpo")
    assert "'gfpo' keeps 4 rollouts of each group, and grpo.num_generations is 4" in note
    (note,) = notes_of(run, config, capsys, "reward.aggregation=rdpo")
    assert "nothing bounds what laser can take" in note
    assert notes_of(run, config, capsys, "reward.aggregation=drpo") == []


def test_rewards_score_says_that_the_default_reward_is_used(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (note,) = notes_of(run, "model: some/model", capsys)
    wanted = "other.yaml has no reward; the default is used: correctness and step_count."
    assert note.endswith(wanted)
    (note,) = notes_of(run, "train: {reward: {aggregation: drpo}}", capsys)
    assert "has no reward.terms; the default is used" in note
    assert notes_of(run, "model: some/model", capsys, "reward.terms.correctness.weight=1") == []


def test_rewards_score_notes_groups_with_nothing_to_compare(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = run / "rollouts" / "step-000001.jsonl"
    rows = file.read_text().splitlines()
    file.write_text("\n".join(rows[:3]))
    config = terms("length_sigmoid: {weight: 0.1}, laser: {weight: 0.1}")
    wanted = "1 of 2 groups has one rollout; length_sigmoid compares the rollouts of a group."
    assert notes_of(run, config, capsys) == [wanted]
    file.write_text("\n".join(rows[1:3]))
    config = terms("length_sigmoid: {weight: 0.1}, length_ratio: {weight: 0.1}")
    assert notes_of(run, config, capsys) == [
        "2 of 2 groups have one rollout; length_sigmoid and length_ratio compare the rollouts of "
        "a group."
    ]


def test_rewards_score_notes_terms_that_learn_and_weights_that_follow(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixed = "accuracy_aware: {weight: 0.1, validation_accuracy: 1.0}"
    assert notes_of(run, terms(fixed), capsys) == []
    learning = "laser_d: {weight: 0.1}"
    assert notes_of(run, terms(f"{fixed}, {learning}"), capsys) == [
        "laser_d learns during training; this is the state it begins with."
    ]
    learning += ", laser_de: {weight: 0.1}, length_budget: {weight: 0.1}"
    weight = "weight: {schedule: accuracy_drop}"
    learning += f", length_sigmoid: {{{weight}}}"
    assert notes_of(run, terms(learning), capsys) == [
        "laser_d, laser_de and length_budget learn during training; this is the state they begin "
        "with.",
        "The weight of length_sigmoid follows the run; this is the one it begins with.",
    ]
    (note,) = notes_of(run, terms(f"length_ratio: {{{weight}}}, cosine: {{{weight}}}"), capsys)
    wanted = "Weights of length_ratio and cosine follow the run; these are those they begin with."
    assert note == wanted
