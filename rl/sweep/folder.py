"""The folder of a sweep, in which everything that is done is found again.

``sweep.json`` holds the sweep, every default filled in. ``references/<policy>/`` are the policies
that were there before, base among them, ``runs/<name>/`` the runs, each with ``training/``,
``samples/``, ``log.txt`` and, last, ``done.json`` with what came out or ``failed.json`` with why
nothing did; ``.lock`` is locked by the process that works on it. ``comparison/`` compares base and
control under rules, if the sweep names some; ``proposals/`` holds what TPE proposed. Results are in
``results.json``, ``settings.csv``, ``runs.csv`` and ``report.html``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rl import run_files
from rl.provenance import first_command
from rl.sweep.planning.outcomes import Outcome
from rl.sweep.settings.config import sweep_config
from rl.sweep.settings.keys import SweepConfig
from rl.sweep.stored import VERSION, read_stored
from tagger.errors import UserError
from tagger.files import read_json, write_json

SWEEP = "sweep.json"
RUN = "run.json"
"""In the folder of a run: its arm, point, seed, hash and resolved settings."""
_AGAIN = "delete it and resume the sweep"
FREE = ("workers", "slurm", "title", "contrast", "tolerance", "saving")
"""Settings that change no run, only what is said of it: a sweep that is resumed may have others."""

GROWS = ("seeds", "vary", "arms", "trials", "more_seeds_within")
"""Settings of which a sweep may have more than it began with (`rl.sweep.extended`)."""


@dataclass(frozen=True)
class TaskFolder:
    """The folder of one task: a reference policy, a run, or the comparison under rules."""

    root: Path

    @property
    def name(self) -> str:
        """Name of the run or the policy."""
        return self.root.name

    @property
    def training(self) -> Path:
        """The training run."""
        return self.root / "training"

    @property
    def log(self) -> Path:
        """What the processes of the task wrote."""
        return self.root / "log.txt"

    @property
    def lock(self) -> Path:
        """Locked while a process works on the task."""
        return self.root / run_files.LOCK

    @property
    def done(self) -> Path:
        """What came out; written last."""
        return self.root / run_files.DONE

    @property
    def failed(self) -> Path:
        """Why nothing came out."""
        return self.root / run_files.FAILED

    @property
    def started(self) -> Path:
        """With what its trainings were started."""
        return self.root / "started.json"

    def starts(self) -> list[dict[str, Any]]:
        """What `started` holds: commit, versions and machine, each once; none if there is none."""
        if not self.started.is_file():
            return []
        found: list[dict[str, Any]] = read_json(self.started, "delete it", keys=("starts",))[
            "starts"
        ]
        return found

    def samples(self, split: str) -> Path:
        """Samples of the policy on a split.

        Raises:
            UserError: They are not there any more.
        """
        folder = self.root / "samples" / split
        files = list(folder.glob("*.jsonl.gz"))
        if len(files) != 1:
            raise UserError(
                f"{folder} holds {len(files) or 'no'} files of samples, and one is needed; put it"
                f" back from a copy, or delete {self.done} and resume the sweep."
            )
        return files[0]

    def measured(self) -> dict[str, Any]:
        """What came out of a task that is done.

        Raises:
            UserError: Somebody has changed the file, which is written whole.
        """
        return read_json(self.done, _AGAIN)

    def calibrated(self) -> dict[str, Any]:
        """What came out on the calibration problems; errors as `measured`."""
        found = read_json(self.done, _AGAIN, keys=("calibration",))["calibration"]
        if not isinstance(found, dict):
            raise UserError(f"{self.done} was changed or damaged; {_AGAIN}.")
        return found

    def failure(self) -> dict[str, Any]:
        """Why nothing came out of a task that failed: ``reason`` and ``exit_code``.

        Raises:
            UserError: The file is damaged.
        """
        return read_json(self.failed, _AGAIN, keys=("reason", "exit_code"))

    @property
    def state(self) -> str:
        """``done``, ``failed``, or ``waiting`` while it is neither."""
        if self.done.is_file():
            return "done"
        return "failed" if self.failed.is_file() else "waiting"

    def outcome(self) -> Outcome | None:
        """What came out; None while the task is neither done nor failed."""
        if self.done.is_file():
            found = self.measured().get("calibration") or {}
            return Outcome(found.get("accuracy"), found.get("tokens"))
        return Outcome() if self.failed.is_file() else None

    def fail(self, reason: str, exit_code: int) -> None:
        """Record why there is nothing, unless that is known."""
        if not self.failed.is_file():
            write_json(self.failed, {"reason": reason, "exit_code": exit_code})

    def retry(self) -> None:
        """Make a failed task one that waits; what it left stays, under another name."""
        number = 1 + len(list(self.root.glob("failed-*.json")))
        self.failed.rename(self.root / f"failed-{number}.json")
        result = self.training / run_files.RESULT
        if result.is_file():  # it had no gradient, and cannot be resumed
            self.training.rename(self.root / f"training-{number}")


@dataclass(frozen=True)
class SweepFolder:
    """The folder of a sweep that was begun.

    Attributes:
        root: The folder.
        config: The sweep.
        max_new_tokens: Most tokens of a completion in the comparison; None leaves it to be derived.
        cache: Folder of the arms that comparisons share; None without one.
        training_overlap: Problems of the comparison that runs are trained on, counted when the
            sweep was begun; None where an earlier version began it.
        command: The command line that began it; None from Python or an earlier version.
        directory: Where it was begun, from where its relative paths are found; None where an
            earlier version began it.
    """

    root: Path
    config: SweepConfig
    max_new_tokens: int | None = None
    cache: Path | None = None
    training_overlap: Mapping[str, Any] | None = None
    command: str | None = None
    directory: Path | None = None

    def run(self, name: str) -> TaskFolder:
        """Folder of a run."""
        return TaskFolder(self.root / "runs" / name)

    def reference(self, name: str) -> TaskFolder:
        """Folder of a policy that was there before."""
        return TaskFolder(self.root / "references" / name)

    @property
    def comparison(self) -> TaskFolder:
        """Folder of the task that compares base and control under rules."""
        return TaskFolder(self.root / "comparison")

    def outcomes(self) -> dict[str, Outcome]:
        """Outcomes of all runs that have one."""
        found = {}
        for folder in sorted((self.root / "runs").glob("*")):
            outcome = TaskFolder(folder).outcome()
            if outcome is not None:
                found[folder.name] = outcome
        return found


def begin(
    root: Path,
    config: SweepConfig,
    max_new_tokens: int | None,
    cache: Path | None,
    training_overlap: Mapping[str, Any] | None = None,
    command: str | None = None,
) -> SweepFolder:
    """Make the folder of a new sweep, or find that in which this very sweep was begun.

    Raises:
        UserError: The folder holds something else.
    """
    check_begun(root, config)
    if not (root / SWEEP).is_file():
        write_sweep(
            SweepFolder(root, config, max_new_tokens, cache, training_overlap, directory=Path.cwd())
        )
        first_command(root, command)
    begun = open_sweep(root)
    return replace(begun, config=config)


def write_sweep(sweep: SweepFolder) -> None:
    """Write ``sweep.json``, in place of what is there."""
    content = {
        "schema_version": VERSION,
        "sweep": sweep.config.to_dict(),
        "max_new_tokens": sweep.max_new_tokens,
        "cache": str(sweep.cache.absolute()) if sweep.cache else None,
        "training_overlap": sweep.training_overlap,
        "directory": str(sweep.directory) if sweep.directory else None,
    }
    write_json(sweep.root / SWEEP, content)


def check_begun(root: Path, config: SweepConfig) -> None:
    """Refuse a folder that is neither new nor that of this sweep.

    Raises:
        UserError: It holds another sweep, of which the first different key is named, or other
            files.
    """
    if (root / SWEEP).is_file():
        key = first_difference(open_sweep(root).config.to_dict(), config.to_dict())
        if key is not None:
            raise UserError(
                f"{root} is the folder of another sweep, with another value of {key}; name a new"
                f" folder with --output{_or_extend(key)}."
            )
    elif root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UserError(f"{root} exists and holds no sweep; name a new folder with --output.")


def _or_extend(key: str) -> str:
    """How to go on in the same folder, where another value of a key may only add runs."""
    return ", or add to this one with --extend" if key.split(".")[0] in GROWS else ""


def open_sweep(root: Path) -> SweepFolder:
    """Find a sweep that was begun.

    Raises:
        UserError: The folder holds none.
    """
    file = root / SWEEP
    if not file.is_file():
        raise UserError(f"{root} is no folder of a sweep: it holds no {SWEEP}.")
    stored = read_stored(file)
    values = {key: value for key, value in stored.sweep.items() if value is not None}
    return SweepFolder(
        root,
        sweep_config(values, str(file)),
        stored.max_new_tokens,
        Path(stored.cache) if stored.cache else None,
        stored.training_overlap,
        first_command(root) or stored.command,  # where an earlier version kept it
        Path(stored.directory) if stored.directory else None,
    )


def first_difference(
    one: Mapping[str, Any], two: Mapping[str, Any], above: str = "", free: Sequence[str] = FREE
) -> str | None:
    """The first dotted key whose values differ; None if there is none but those that are free."""
    for key in [*one, *(k for k in two if k not in one)]:
        name, a, b = f"{above}{key}", one.get(key), two.get(key)
        if name in free or a == b:
            continue
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            return first_difference(a, b, f"{name}.", free)
        return name
    return None
