"""The quick start: train the packaged overthinker, compare it with the monitored stop, report.

One folder holds the whole run:

    quickstart.yaml      the resolved config, with the sections ``train`` and ``compare``
    train/               the training run; train/policy is the trained policy
    compare/             the comparison: results.json, report.html, samples
    seconds.json         wall clock of each stage, in seconds, restarts included

An interrupted run resumes where it was: training from its last checkpoint, the comparison
from its last finished arm.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from launch.progress import progress_of_parts
from rl.analysis.arms import BASE, TRAINED
from rl.analysis.signal import NoSignalError
from rl.comparison.config import CompareConfig, compare_config
from rl.comparison.policies import SHORT
from rl.comparison.run import check_comparison
from rl.training.config import RunConfig, config_from_dict
from rl.training.plan import check_training_disk
from rl.training.run_folder import RunFolder
from tagger.config.overrides import build_with_words
from tagger.config.settings import apply_overrides, read_yaml
from tagger.errors import UserError, unknown_name
from tagger.files import read_json, write_atomically, write_json

SECTIONS = ("train", "compare")
CONFIG = "quickstart.yaml"
SECONDS = "seconds.json"


@dataclass(frozen=True)
class QuickstartRun:
    """A quick-start run, checked.

    Attributes:
        root: Its folder.
        train: The training config.
        compare: The comparison config; its policies `base` and `trained` are those of the training.
        data: Both as plain data.
    """

    root: Path
    train: RunConfig
    compare: CompareConfig
    data: dict[str, Any]

    @property
    def training(self) -> RunFolder:
        """Folder of the training run."""
        return RunFolder(self.root / "train")

    @property
    def comparison(self) -> Path:
        """Folder of the comparison."""
        return self.root / "compare"


def plan(config: Path, overrides: Sequence[str], seed: int | None, root: Path) -> QuickstartRun:
    """Read and check the config of a run; nothing is written or loaded.

    Args:
        config: YAML file with the sections ``train`` and ``compare``.
        overrides: ``train.a=b`` and ``compare.a=b`` words.
        seed: Seed of training, its problems and the sampling of the comparison; the test and
            calibration problems stay those of the config. None keeps the config's seeds.
        root: Folder of the run.

    Raises:
        UserError: Unknown section or key, or a value of the wrong type.
    """
    content = read_yaml(config)
    run = build_with_words(
        lambda words, source: _parsed(apply_overrides(content, words), source, seed, root),
        overrides,
        str(config),
    )
    if not run.training.root.exists():
        check_training_disk(run.train, run.training)
    check_comparison(run.compare)
    return run


def _parsed(data: Mapping[str, Any], config: str, seed: int | None, root: Path) -> QuickstartRun:
    """The run of a config's content; what the config is called in errors."""
    for name in data:
        if name not in SECTIONS:
            raise unknown_name(f"section of {config}", str(name), SECTIONS)
    parts = {name: data.get(name) or {} for name in SECTIONS}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise UserError(f"Section {name!r} of {config} must hold keys and values.")
    train = config_from_dict(parts["train"], f"{config}, section train")
    training = RunFolder(root / "train")
    train.output = str(training.root)
    if seed is not None:
        train.seed = seed
        train.problems = replace(train.problems, seed=seed)
        parts["compare"] = {**parts["compare"], "seed": seed}
    compare = compare_config(
        {
            "tagger": train.tagger,
            "segmenter": train.segmenter,
            "audit_tagger": train.audit_tagger,
            **{key: value for key, value in parts["compare"].items() if key not in SHORT},
            "policies": {
                **(parts["compare"].get("policies") or {}),
                BASE: train.model,
                TRAINED: str(training.policy),
            },
            "training_metrics": str(training.metrics),
        },
        f"{config}, section compare",
    )
    return QuickstartRun(
        root, train, compare, {"train": train.to_dict(), "compare": compare.to_dict()}
    )


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
    return plan(root / CONFIG, (), None, root)


def carry_out(run: QuickstartRun, say: Callable[[str], None], command: str) -> dict[str, Any]:
    """Train, compare and write the report; what is done already is not done again.

    Args:
        run: A run whose folder holds its config.
        say: Takes a line on what comes next.
        command: The command line, noted in the results.

    Returns:
        The content of ``results.json``.
    """
    try:
        with _timed(run.root, "train"):
            _train(run, say)
    except UserError:
        _undo(run)
        raise
    say("Comparing the base, monitored, trained, trained + monitored and oracle arms.")
    from rl.comparison.run import run_comparison

    with _timed(run.root, "compare"), progress_of_parts() as progress:
        results = run_comparison(
            run.compare, run.comparison, resume=True, progress=progress, command=command
        )
    return results


def _train(run: QuickstartRun, say: Callable[[str], None]) -> None:
    training = run.training
    if training.result.is_file():
        no_signal = read_json(training.result).get("no_signal")
        if no_signal:
            raise NoSignalError(f"{no_signal} Begin a new run without --resume.")
        say(f"Training is done already: {training.policy}")
        return
    from rl.training.run import run_training

    if training.config.is_file():
        say("Going on with the training from its last checkpoint.")
        run_training(None, resume=training.root)
        return
    if training.root.is_dir() and not any(training.root.iterdir()):
        training.root.rmdir()  # killed between making the folder and writing its config
    say(f"Training {run.train.model}.")
    run_training(run.train)


def _undo(run: QuickstartRun) -> None:
    """Leave no folder behind where training refused its input before it began."""
    if not run.training.root.exists():
        for name in (CONFIG, SECONDS):
            (run.root / name).unlink(missing_ok=True)
        if not any(run.root.iterdir()):
            run.root.rmdir()


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
        return dict(json.loads((root / SECONDS).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return {}
