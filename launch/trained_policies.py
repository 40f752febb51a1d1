"""Which training runs a quick start makes: control and trained, with ``--full`` several seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from launch.side_by_side import Training
from launch.twins import control_of, length_twin_of
from rl.analysis.arms import CONTROL, LENGTH_TWIN, TRAINED
from rl.training.config import RunConfig
from rl.training.run_folder import RunFolder
from tagger.config.settings import Settings

FOLDERS = {TRAINED: "train"}
"""Folder of a policy's run where it is not called as the policy."""


@dataclass(frozen=True)
class FullSettings(Settings):
    """What ``--full`` adds, the section ``full`` of the quick start's config.

    Attributes:
        seeds: Training runs of each policy, on consecutive seeds; the comparison pools them.
        length_twin: The reward term that the length twin has in the place of the shaped terms.
        compare: Keys of the section ``compare`` that take the place of those there.
    """

    seeds: Annotated[int, Ge(1)] = 3
    length_twin: dict[str, Any] = field(default_factory=lambda: {"kind": "length_sigmoid"})
    compare: dict[str, Any] = field(default_factory=dict)


def trainings_of(train: RunConfig, root: Path, full: FullSettings | None) -> tuple[Training, ...]:
    """The training runs, seed by seed.

    Args:
        train: The config of the policy `TRAINED`.
        root: Folder of the quick start.
        full: None makes control and trained with one seed.

    Raises:
        UserError: As `control_of`.
    """
    return tuple(_trainings(train, root, full))


def _trainings(train: RunConfig, root: Path, full: FullSettings | None) -> Iterator[Training]:
    for number in range(full.seeds if full else 1):
        own = _with_seed(train, number)
        yield _training(CONTROL, number, control_of(own), root)
        if full:
            yield _training(LENGTH_TWIN, number, length_twin_of(own, full.length_twin), root)
        yield _training(TRAINED, number, own, root)


def pooled(full: FullSettings | None) -> dict[str, list[str]]:
    """The further runs of each policy, as the key ``pooled`` of a comparison has them."""
    if full is None or full.seeds == 1:
        return {}
    return {
        policy: [run_name(policy, number) for number in range(1, full.seeds)]
        for policy in (CONTROL, LENGTH_TWIN, TRAINED)
    }


def run_name(policy: str, number: int) -> str:
    """Name of a training run of a policy: that of the policy for the first one."""
    return f"{policy}_{number}" if number else policy


def _with_seed(train: RunConfig, number: int) -> RunConfig:
    """The run with another seed of training and of its problems."""
    problems = replace(train.problems, seed=train.problems.seed + number)
    return replace(train, seed=train.seed + number, problems=problems)


def _training(policy: str, number: int, config: RunConfig, root: Path) -> Training:
    folder = root / run_name(FOLDERS.get(policy, policy), number)
    name = run_name(policy, number)
    return Training(name, replace(config, output=str(folder)), RunFolder(folder))
