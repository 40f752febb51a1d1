"""Rewards of stored rollouts: as in training, by the weights of their step, group by group."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from rewards.stack import build_stack
from rewards.terms.reads import columns_read
from rewards.terms.registry import build_term
from rl.training.records.rescore import Scores, rescore
from rl.training.records.stored import read_rollouts, rollout_files
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import NAMES, rollout, table


def stored(facts: Mapping[str, float], step: int = 1, group: int = 0, sample: int = 0) -> Any:
    whole = dict.fromkeys(NAMES, 0.0) | dict(facts)
    where = {"step": step, "group": group, "sample": sample}
    return {**where, "problem_id": f"p{group}", "facts": whole}


def write(path: Path, *rows: Any) -> Path:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def scored(path: Path, **terms: Any) -> Scores:
    stack = build_stack(terms, REASONTYPE, allow_charge_above_correctness=True)
    return rescore(read_rollouts([path]), stack, REASONTYPE)


def test_rescore_takes_the_weights_of_the_step(tmp_path: Path) -> None:
    for step in (1, 11):
        row = stored(rollout(1, 50, count__VERIFY=2), step=step)
        write(tmp_path / "rollouts" / f"step-{step:06d}.jsonl.gz", row)
    ramp = {"schedule": "linear", "start": 0.0, "end": 0.2, "steps": 20}
    found = scored(tmp_path, correctness={"weight": 1.0}, step_count={"weight": ramp})
    assert found.values == [[1.0, -2.0], [1.0, -2.0]]
    assert found.weights[1] == [1.0, 0.0]
    assert found.weights[11] == pytest.approx([1.0, 0.1])
    assert found.totals == pytest.approx([1.0, 0.8])


def test_rescore_keeps_groups_of_steps_and_files_apart(tmp_path: Path) -> None:
    lengths = {(1, 0): (100, 300), (1, 1): (5, 5), (2, 0): (700, 100)}
    rows = [
        stored(rollout(1, n), step, group, sample)
        for (step, group), pair in lengths.items()
        for sample, n in enumerate(pair)
    ]
    one = write(tmp_path / "a.jsonl", *reversed(rows))
    two = write(tmp_path / "b.jsonl", stored(rollout(1, 1)))
    stack = build_stack({"length_sigmoid": {}}, REASONTYPE, allow_charge_above_correctness=True)
    found = rescore(read_rollouts([one, two]), stack, REASONTYPE)
    low, high = -1 / (1 + math.e), -1 / (1 + 1 / math.e)
    wanted = [low, high, -0.5, -0.5, high, low, -0.5]
    assert [v for (v,) in found.values] == pytest.approx(wanted, abs=1e-6)
    assert [len(members) for members in found.groups()] == [2, 2, 2, 1]
    assert [r.problem_id for r in found.rollouts] == ["p0", "p0", "p1", "p1", "p0", "p0", "p0"]


def test_rescore_names_the_terms_that_learn(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", stored(rollout(1, 50)))
    found = scored(path, correctness={}, laser_d={"weight": 0.5})
    assert found.stateful == ("laser_d",) and found.totals == [1.5]


def test_rescore_of_a_runs_own_reward_has_the_weights_that_followed_it(tmp_path: Path) -> None:
    for step, weight in ((1, 0.01), (26, 0.04)):
        row = stored(rollout(1, 50, count__VERIFY=2), step=step)
        row["weights"] = {"correctness": 1.0, "step_count": weight}
        write(tmp_path / "rollouts" / f"step-{step:06d}.jsonl.gz", row)
    floor: dict[str, Any] = {"schedule": "accuracy_floor", "floor": 0.8, "start": 0.01}
    terms: dict[str, Any] = {"correctness": {}, "step_count": {"weight": floor}}
    stack = build_stack(terms, REASONTYPE, allow_charge_above_correctness=True)
    own = rescore(read_rollouts([tmp_path]), stack, REASONTYPE, own=True)
    assert own.totals == pytest.approx([0.98, 0.92]) and own.controlled == ()
    assert own.weights[26] == pytest.approx([1.0, 0.04])
    other = rescore(read_rollouts([tmp_path]), stack, REASONTYPE)
    assert other.totals == pytest.approx([0.98, 0.98]) and other.controlled == ("step_count",)


def test_rollout_files_of_run_folder_and_file(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / "rollouts" / f"step-{n:06d}.jsonl.gz", stored(rollout(1, 1), step=n))
        for n in (25, 1, 100)
    ]
    wanted = [paths[1], paths[0], paths[2]]
    assert rollout_files(tmp_path) == wanted
    assert rollout_files(tmp_path / "rollouts") == wanted
    assert rollout_files(paths[0]) == [paths[0]]


def without(row: Any, *columns: str) -> Any:
    return {**row, "facts": {k: v for k, v in row["facts"].items() if k not in columns}}


GOOD = stored(rollout(1, 50))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param({"step": 1}, r"line 2: the row has no facts; .*keep_rollouts", id="no facts"),
        pytest.param({**GOOD, "facts": [1]}, "line 2: facts must be a mapping", id="a list"),
        pytest.param(
            stored({"tokens": float("nan")}), "line 2: the fact 'tokens' is nan", id="not finite"
        ),
        pytest.param({**GOOD, "step": 0}, "line 2: 'step' is 0", id="step 0"),
        pytest.param({**GOOD, "group": None}, "line 2: 'group' is None", id="no group"),
        pytest.param({**GOOD, "sample": 1.5}, "line 2: 'sample' is 1.5", id="half a sample"),
        pytest.param(
            {**stored({"count/CHECK": 1}), "sample": 1},
            "line 2: .*column 'count/CHECK', .*tagger=",
            id="unknown",
        ),
        pytest.param(
            {**without(GOOD, "repeated_3grams", "ended"), "sample": 1},
            r"line 2: .*\(repetition reads repeated_3grams; laser reads ended\): .*older",
            id="older than two columns",
        ),
    ],
)
def test_bad_rollouts_are_refused_by_file_and_line(tmp_path: Path, row: Any, message: str) -> None:
    path = write(tmp_path / "bad.jsonl", GOOD, row)
    with pytest.raises(UserError, match=rf"bad\.jsonl, {message}"):
        scored(path, correctness={}, repetition={"weight": 0.1}, laser={"weight": 0.5})


def test_columns_that_no_term_reads_may_be_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "old.jsonl", without(GOOD, "repeated_3grams", "budget"))
    assert scored(path, correctness={}).totals == [1.0]


@pytest.mark.parametrize(
    ("name", "message"),
    [("none", "none does not exist"), (".", r"holds no step-\*"), ("empty.jsonl", "no rollouts")],
)
def test_paths_without_rollouts_are_refused(tmp_path: Path, name: str, message: str) -> None:
    write(tmp_path / "empty.jsonl")
    with pytest.raises(UserError, match=message):
        read_rollouts([tmp_path / name])


def test_columns_read_are_those_of_the_parameters() -> None:
    facts, groups = table([rollout(1, 5)]), torch.tensor([0])
    for params, wanted in (
        ({}, ("correct", "tokens")),
        ({"difficulty": 1.0}, ("correct", "tokens", "ended")),
    ):
        term = build_term("soft_overlong", params, REASONTYPE)
        assert columns_read(term, facts, groups) == wanted
    assert columns_read(lambda f, g: g, facts, groups) is None
