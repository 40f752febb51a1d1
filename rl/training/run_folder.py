"""The folder of a training run: what is stored where, and which checkpoint is the last whole one.

``config.yaml``, ``provenance.json``, ``packages.txt``, ``logs/process-<number>.log``,
``metrics.jsonl``, ``rollouts/step-<step>.jsonl.gz``, ``checkpoints/checkpoint-<step>/``, when the
run is complete ``result.json`` and, unless it never had a gradient, ``policy/``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl import run_files
from rl.problems.registry import without_idle_split
from rl.training.config import RunConfig, load_config
from tagger.errors import UserError
from tagger.files import read_json

_PUT_BACK = "put it back from a copy"


@dataclass(frozen=True)
class RunFolder:
    """Paths of a run."""

    root: Path

    @property
    def config(self) -> Path:
        """The resolved config."""
        return self.root / run_files.CONFIG

    @property
    def provenance(self) -> Path:
        """Model, tagger, commit, versions, machine and date at the start of the run."""
        return self.root / run_files.PROVENANCE

    @property
    def packages(self) -> Path:
        """All installed packages with their versions at the start of the run."""
        return self.root / run_files.PACKAGES

    def log(self, process: int) -> Path:
        """What a process printed, with the time, over all starts of the run."""
        return self.root / run_files.LOGS / f"process-{process}.log"

    @property
    def metrics(self) -> Path:
        """One JSON line a step."""
        return self.root / run_files.METRICS

    @property
    def rollouts(self) -> Path:
        """Rollouts of chosen steps; there only if some are kept."""
        return self.root / run_files.ROLLOUTS

    @property
    def checkpoints(self) -> Path:
        """Checkpoints by step."""
        return self.root / run_files.CHECKPOINTS

    @property
    def policy(self) -> Path:
        """The trained policy, with its tokenizer."""
        return self.root / run_files.POLICY

    @property
    def adapter(self) -> Path:
        """The LoRA adapter, if one was trained; `policy` has it merged in."""
        return self.root / run_files.ADAPTER

    @property
    def last_policy(self) -> Path:
        """The policy of the last step, where accuracy fell and `policy` is an earlier one."""
        return self.root / run_files.LAST_POLICY

    @property
    def last_adapter(self) -> Path:
        """The adapter of `last_policy`."""
        return self.root / run_files.LAST_ADAPTER

    @property
    def best_policy(self) -> Path:
        """The best policy by evaluation, where `policy` is that of the last step and another."""
        return self.root / run_files.BEST_POLICY

    @property
    def best_adapter(self) -> Path:
        """The adapter of `best_policy`."""
        return self.root / run_files.BEST_ADAPTER

    @property
    def result(self) -> Path:
        """What came out; there only when the run is complete."""
        return self.root / run_files.RESULT

    def read_provenance(self) -> dict[str, Any]:
        """What `provenance` holds.

        Raises:
            UserError: It is missing or damaged.
        """
        return read_json(
            self.provenance,
            "delete it and packages.txt next to it, and the run writes both when it is resumed",
        )

    def last_checkpoint(self) -> Path | None:
        """The whole checkpoint of the latest step; None if there is none."""
        found = whole_checkpoints(self.checkpoints)
        return found[max(found)] if found else None

    def checkpoint(self, step: int) -> Path:
        """Folder of the checkpoint of a step."""
        return self.checkpoints / f"{run_files.CHECKPOINT}{step}"

    def drop_broken_checkpoints(self) -> None:
        """Delete checkpoints that a kill left unfinished."""
        for folder in self.checkpoints.glob(f"{run_files.CHECKPOINT}*"):
            if not (folder / run_files.STATE).is_file():
                shutil.rmtree(folder)


def whole_checkpoints(folder: Path, mark: str = run_files.STATE) -> dict[int, Path]:
    """The checkpoints in a folder that are whole, by step.

    Args:
        folder: Holds the checkpoints.
        mark: The file that is written into a checkpoint last.
    """
    return {
        int(path.name.rpartition("-")[2]): path
        for path in folder.glob(f"{run_files.CHECKPOINT}*")
        if path.name.rpartition("-")[2].isdigit() and (path / mark).is_file()
    }


def rotate_checkpoints(folder: Path, limit: int | None, keep: Collection[int] = ()) -> None:
    """Delete the oldest whole checkpoints; to be called when the newest one is whole.

    A checkpoint's mark of being whole goes first, so that a kill in mid-deletion leaves no half
    one that looks whole.

    Args:
        folder: Holds the checkpoints.
        limit: How many to leave, the newest always among them; None or less than 1 leaves all.
        keep: Steps whose checkpoints stay as well.
    """
    if limit is None or limit < 1:
        return
    found = whole_checkpoints(folder)
    for step in sorted(found)[:-limit]:
        if step not in keep:
            (found[step] / run_files.STATE).unlink()
            shutil.rmtree(found[step])


def new_run(output: str) -> RunFolder:
    """Name the folder of a new run, without making it.

    Raises:
        UserError: No name given, or something is there already.
    """
    if not output:
        raise UserError("The config key output is missing; name a new run folder.")
    root = Path(output)
    if root.exists():
        raise UserError(
            f"The output folder {output} already exists and is never overwritten; name a new one, "
            "or resume it with --resume."
        )
    return RunFolder(root)


def existing_run(folder: str | Path) -> tuple[RunFolder, RunConfig]:
    """Find a run that was interrupted, and the config it was begun with.

    Raises:
        UserError: There is no such run, or it is complete.
    """
    run = RunFolder(Path(folder))
    if not run.config.is_file():
        raise UserError(
            f"{folder} is no run folder: it holds no {run_files.CONFIG}; check --resume."
        )
    if run.result.is_file():
        no_signal = read_json(run.result, f"{_PUT_BACK}, or delete it to resume the run").get(
            "no_signal"
        )
        if no_signal:
            raise UserError(
                f"The run in {folder} is complete and has no policy. {no_signal} Begin a new run."
            )
        raise UserError(f"The run in {folder} is complete; its policy is {run.policy}.")
    config = load_config(run.config)
    config.problems = without_idle_split(config.problems)
    config.output = str(run.root)
    return run, config


def checkpoint_state(checkpoint: Path) -> dict[str, Any]:
    """Our state in a whole checkpoint: of the reward, the tagger and the accuracy floor.

    Raises:
        UserError: It is damaged.
    """
    file = checkpoint / run_files.STATE
    return read_json(
        file,
        f"delete the folder {checkpoint}, and the run resumes from the checkpoint before it, or"
        " from its start",
    )


def logged_rows(metrics: Path) -> list[dict[str, Any]]:
    """The steps that a run logged; lines that were cut off or damaged are left out."""
    if not metrics.is_file():
        return []
    lines = metrics.read_text(encoding="utf-8", errors="replace").splitlines()
    return [row for line in lines if (row := logged_row(line)) is not None]


def logged_row(line: str) -> dict[str, Any] | None:
    """A line of a metrics file; None if it holds no step, as the last one after a kill."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("step"), int) else None


def check_disk(root: Path, weights: int, checkpoints: int) -> None:
    """Refuse a run that would fill the disk.

    Args:
        root: The run folder, existing or not; what its checkpoints take counts as room for them.
        weights: Bytes of the model's weight files; 0 if unknown.
        checkpoints: Checkpoints kept at a time, the one being written included.

    Raises:
        UserError: Less is free than the policy and the checkpoints (weights and two moments of
            the optimizer each) need.
    """
    kept = (root / run_files.CHECKPOINTS).rglob("*")
    taken = sum(file.stat().st_size for file in kept if file.is_file())
    needed = max(0, weights * (2 + 3 * checkpoints) - taken) + _SPARE
    near = next(p for p in (root, *root.absolute().parents) if p.exists())
    free = shutil.disk_usage(near).free
    if free < needed:
        raise UserError(
            f"Too little disk at {near}: {free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB needed "
            "for checkpoints and policy; free some, or lower grpo.save_total_limit."
        )


_SPARE = 100_000_000
