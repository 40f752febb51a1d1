"""Reads the rollouts that a run kept, with the facts its rewards were computed from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl import run_files
from tagger.errors import UserError
from tagger.traces.jsonl import read_rows

_GREATEST = 3.4e38
"""Facts are float32, in which a greater number is infinite."""
_FILES = (run_files.ROLLOUT_FILES, "step-*.jsonl")
_REMEDY = (
    "rewards can be computed for the rollouts that a training run kept with their facts "
    "(keep_rollouts, RUN/rollouts/step-*.jsonl.gz)"
)


@dataclass(frozen=True, slots=True)
class StoredRollout:
    """A rollout with its facts.

    Attributes:
        where: File and line, for messages.
        file: The file.
        step: The step at which it was drawn, counted from 1.
        group: Number of its prompt among those of the step.
        sample: Its number among those of the prompt.
        problem_id: The problem.
        facts: By name of the column.
        weights: Of the reward terms of the run at this step, by name.
    """

    where: str
    file: str
    step: int
    group: int
    sample: int
    problem_id: str
    facts: Mapping[str, float]
    weights: Mapping[str, float]


def rollout_files(path: Path) -> list[Path]:
    """The files of stored rollouts that a path stands for.

    Args:
        path: A file, the folder of a run, or its folder of rollouts.

    Raises:
        UserError: Nothing is there, or a folder that holds none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UserError(f"{path} does not exist; name a run's folder or a file of its rollouts.")
    folder = path / run_files.ROLLOUTS if (path / run_files.ROLLOUTS).is_dir() else path
    found = sorted(file for pattern in _FILES for file in folder.glob(pattern))
    if not found:
        raise UserError(f"{path} holds no step-*.jsonl.gz; {_REMEDY}.")
    return found


def read_rollouts(paths: Sequence[Path]) -> list[StoredRollout]:
    """Read stored rollouts.

    Args:
        paths: As `rollout_files` takes them.

    Raises:
        UserError: As `rollout_files`, there are none, a line is no stored rollout, one that was
            read before, or of another problem than its group (file and line are named).
    """
    found = [row for path in paths for file in rollout_files(path) for row in _read(file)]
    if not found:
        raise UserError(f"{paths[0]} holds no rollouts; {_REMEDY}.")
    first: dict[tuple[Path, int, int, int], str] = {}
    problems: dict[tuple[Path, int, int], str] = {}
    for row in found:
        group = (Path(row.file).resolve(), row.step, row.group)
        if problems.setdefault(group, row.problem_id) != row.problem_id:
            raise UserError(
                f"{row.where}: group {row.group} at step {row.step} is of the problem "
                f"{problems[group]!r} before and of {row.problem_id!r} here; name the files of "
                "different runs one by one, for a group is the rollouts of one problem."
            )
        key = (*group, row.sample)
        if key in first:
            raise UserError(
                f"{row.where}: sample {row.sample} of group {row.group} at step {row.step} was "
                f"read before, at {first[key]}; name each file once, for a rollout that is there "
                "twice changes its group."
            )
        first[key] = row.where
    return found


def _read(file: Path) -> Iterator[StoredRollout]:
    for where, row in read_rows(file):
        if "facts" not in row:
            raise UserError(f"{where}: the row has no facts; {_REMEDY}.")
        facts = row["facts"]
        if not isinstance(facts, dict):
            raise UserError(f"{where}: facts must be a mapping of columns to numbers; {_REMEDY}.")
        for name, value in facts.items():
            if not _is_number(value) or not abs(value) <= _GREATEST:  # also true of NaN
                raise UserError(
                    f"{where}: the fact {name!r} is {value!r}, no finite number; the file was "
                    "changed or damaged, take it from the run again."
                )
        _check_possible(facts, where)
        step, group, sample = (_count(row, key, where) for key in ("step", "group", "sample"))
        problem = str(row.get("problem_id", ""))
        named = row.get("weights")
        pairs = named.items() if isinstance(named, dict) else ()
        weights = {k: v for k, v in pairs if _is_number(v)}
        yield StoredRollout(where, str(file), step, group, sample, problem, facts, weights)


def _check_possible(facts: Mapping[str, float], where: str) -> None:
    """Refuse facts that no rollout has: an accuracy of 700 % would be shown without a word."""
    wrong = ["correct"] if facts.get("correct", 0) not in (0, 1) else []
    wrong += [name for name in ("tokens", "thinking_tokens", "steps") if facts.get(name, 0) < 0]
    if wrong:
        name = wrong[0]
        raise UserError(
            f"{where}: the fact {name!r} is {facts[name]:g}, but must be "
            f"{'0 or 1' if name == 'correct' else 'at least 0'}; the file was changed or damaged, "
            "take it from the run again."
        )


def _count(row: Mapping[str, Any], key: str, where: str) -> int:
    value = row.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < (key == "step"):
        raise UserError(
            f"{where}: {key!r} is {value!r}, but must be a whole number, for it tells which "
            f"rollouts were drawn together; {_REMEDY}."
        )
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
