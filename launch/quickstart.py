"""The quick start: train the packaged overthinker and its control, compare both with the base.

One folder holds the whole run:

    quickstart.yaml      the resolved config, with the sections ``train`` and ``compare``
    train/               the training run; train/policy is the policy ``trained``
    control/             that of the control: the same config, the shaped terms at weight 0
    length_twin/, …_1/   with --full, those of the length twin, and of further seeds
    train.log, …         what the trainings wrote to their terminals
    compare/             the comparison: results.json, report.html, samples
    seconds.json         wall clock of each stage, in seconds, restarts included

An interrupted run resumes where it was: each training from its last checkpoint, the comparison
from its last finished arm.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from launch.bootstrap import SMALL_BYTES
from launch.progress import progress_of_parts
from launch.side_by_side import Training, run_trainings
from launch.trained_policies import FullSettings, pooled, trainings_of
from rl.analysis.arms import BASE, TRAINED
from rl.comparison.config import CompareConfig, compare_config
from rl.comparison.policies import SHORT
from rl.comparison.run import check_comparison
from rl.policy.load import resolve_model, weight_bytes
from rl.provenance import first_command
from rl.training.config import RunConfig, config_from_dict
from rl.training.plan import check_training_disk, make_plan
from rl.training.run_folder import RunFolder
from tagger.config.overrides import build_with_words
from tagger.config.settings import apply_overrides, build_settings, read_yaml
from tagger.errors import UserError, unknown_name
from tagger.files import read_json, write_atomically, write_json

FULL = "full"
SECTIONS = ("train", "compare", FULL)
CONFIG = "quickstart.yaml"
SECONDS = "seconds.json"


@dataclass(frozen=True)
class QuickstartRun:
    """A quick-start run, checked.

    Attributes:
        root: Its folder.
        trainings: The training runs, one or several for each policy but the base.
        compare: The comparison config; its policies are the base and those of the trainings.
        data: The sections of the config, as plain data.
    """

    root: Path
    trainings: tuple[Training, ...]
    compare: CompareConfig
    data: dict[str, Any]

    @property
    def trained(self) -> Training:
        """The first training run of the policy `TRAINED`."""
        return next(one for one in self.trainings if one.name == TRAINED)

    @property
    def train(self) -> RunConfig:
        """Its config."""
        return self.trained.config

    @property
    def training(self) -> RunFolder:
        """Its folder."""
        return self.trained.folder

    @property
    def comparison(self) -> Path:
        """Folder of the comparison."""
        return self.root / "compare"


def plan(
    config: Path, overrides: Sequence[str], seed: int | None, root: Path, full: bool = False
) -> QuickstartRun:
    """Read and check the config of a run; nothing is written or loaded.

    Args:
        config: YAML file with the sections ``train`` and ``compare``, perhaps ``full``.
        overrides: ``train.a=b`` and ``compare.a=b`` words.
        seed: Seed of training, its problems and the sampling of the comparison; the test and
            calibration problems stay those of the config. None keeps the config's seeds.
        root: Folder of the run.
        full: Whether the section ``full`` holds, too.

    Raises:
        UserError: Unknown section or key, a value of the wrong type, or a word for ``full`` that
            has no effect.
    """
    content = read_yaml(config)
    idle = [word for word in overrides if word.startswith(f"{FULL}.") and not full]
    if idle:
        raise UserError(f"{idle[0]} has an effect with --full alone; add it, or leave it away.")
    run = build_with_words(
        lambda words, source: _parsed(apply_overrides(content, words), source, seed, root, full),
        overrides,
        str(config),
    )
    for one in run.trainings:
        if not one.folder.root.exists():
            check_training_disk(one.config, one.folder)
    check_comparison(run.compare)
    return run


def _parsed(
    data: Mapping[str, Any], config: str, seed: int | None, root: Path, full: bool
) -> QuickstartRun:
    """The run of a config's content; what the config is called in errors."""
    for name in data:
        if name not in SECTIONS:
            raise unknown_name(f"section of {config}", str(name), SECTIONS)
    parts = {name: data.get(name) or {} for name in SECTIONS}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise UserError(f"Section {name!r} of {config} must hold keys and values.")
    train = config_from_dict(parts["train"], f"{config}, section train")
    more = build_settings(FullSettings, parts[FULL], f"{config}, section full") if full else None
    if more:
        parts["compare"] = {**parts["compare"], **more.compare}
    if seed is not None:
        train.seed = seed
        train.problems = replace(train.problems, seed=seed)
        parts["compare"] = {**parts["compare"], "seed": seed}
    trainings = trainings_of(train, root, more)
    trained = next(one for one in trainings if one.name == TRAINED)
    named = parts["compare"].get("policies") or {}
    policies = {
        BASE: train.model,
        **{name: entry for name, entry in named.items() if name != BASE},
        **{one.name: str(one.folder.policy) for one in trainings},
    }
    pools = pooled(more)
    heads = [name for name in policies if not any(name in runs for runs in pools.values())]
    compare = compare_config(
        {
            "tagger": train.tagger,
            "segmenter": train.segmenter,
            "audit_tagger": train.audit_tagger,
            **{key: value for key, value in parts["compare"].items() if key not in SHORT},
            "policies": policies,
            "pooled": pools,
            "training_metrics": str(trained.folder.metrics),
            "grid_policies": parts["compare"].get("grid_policies") or heads,
        },
        f"{config}, section compare",
    )
    data = {"train": {**train.to_dict(), "output": ""}, "compare": compare.to_dict()}
    if more:
        data[FULL] = {**more.to_dict(), "compare": {}}  # which the section compare holds now
    return QuickstartRun(root, trainings, compare, data)


def begin(run: QuickstartRun) -> None:
    """Make the folder of a new run and write its config there."""
    import yaml

    run.root.mkdir(parents=True)
    text = yaml.safe_dump(run.data, sort_keys=False, allow_unicode=True)
    write_atomically(run.root / CONFIG, text)


def resume(root: Path) -> QuickstartRun:
    """Read the config of an interrupted run.

    Raises:
        UserError: The folder holds no quick-start run.
    """
    if not (root / CONFIG).is_file():
        raise UserError(f"{root} is no quick-start run: it holds no {CONFIG}; check --resume.")
    return plan(root / CONFIG, (), None, root, full=FULL in read_yaml(root / CONFIG))


def carry_out(run: QuickstartRun, say: Callable[[str], None], command: str) -> dict[str, Any]:
    """Train, compare and write the report; what is done already is not done again.

    Args:
        run: A run whose folder holds its config.
        say: Takes a line on what comes next.
        command: The command line; that which began the run is noted in the results.

    Returns:
        The content of ``results.json``.
    """
    _check_trainings(run)
    command = first_command(run.root, command) or command
    with _timed(run.root, "train"):
        _train(run, say)
    policies = ", ".join(run.compare.heads)
    say(f"Comparing the policies {policies}, each free and under stopping rules.")
    from rl.comparison.run import run_comparison

    with _timed(run.root, "compare"), progress_of_parts() as progress:
        results = run_comparison(
            run.compare, run.comparison, resume=True, progress=progress, command=command
        )
    return results


def _check_trainings(run: QuickstartRun) -> None:
    """Have a new run refuse its input before a training has begun, and leave no folder."""
    if any(one.folder.root.exists() for one in run.trainings):
        return
    try:
        # The others differ from it by their seeds and the weights of their rewards alone.
        make_plan(run.training, deepcopy(run.train))
    except UserError:
        (run.root / CONFIG).unlink(missing_ok=True)
        if not any(run.root.iterdir()):
            run.root.rmdir()
        raise


def _train(run: QuickstartRun, say: Callable[[str], None]) -> None:
    at_once = min(_at_once(run.train), len(run.trainings))
    names = ", ".join(one.name for one in run.trainings)
    say(f"Training {run.train.model} as {names}: {at_once} at a time.")
    with progress_of_parts(lines=10) as progress:
        run_trainings(run.trainings, at_once, say, progress)


def _at_once(config: RunConfig) -> int:
    """Trainings that run side by side: one a core, each with one thread, if the model is small."""
    small = 0 < weight_bytes(resolve_model(config.model)) <= SMALL_BYTES
    return (os.cpu_count() or 1) if small else 1


@contextmanager
def _timed(root: Path, stage: str) -> Iterator[None]:
    """Add the seconds a stage takes to those of earlier starts, even if it is interrupted."""
    start = time.monotonic()
    try:
        yield
    finally:
        seconds = stage_seconds(root)
        seconds[stage] = round(seconds.get(stage, 0.0) + time.monotonic() - start, 1)
        write_json(root / SECONDS, seconds)


def stage_seconds(root: Path) -> dict[str, float]:
    """Seconds each stage of a run has taken so far."""
    try:
        return read_json(root / SECONDS)
    except (OSError, UserError):
        return {}
