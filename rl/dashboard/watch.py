"""Everything the views show of one run, read again and again without reading it all anew."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl.dashboard.pace import planned_steps, seconds_a_step, seconds_left
from rl.dashboard.samples import NewestRollouts
from rl.dashboard.state import Status, status_of
from rl.dashboard.tail import MetricsTail
from rl.dashboard.warnings import logged_warnings, warnings_of
from rl.training.run_folder import RunFolder, whole_checkpoints
from rl.training.run_lock import is_worked_on
from tagger.errors import UserError
from tagger.files import read_json


@dataclass(frozen=True)
class Snapshot:
    """A run at one moment.

    Attributes:
        root: Its folder.
        config: Its config as plain data; empty before it is written.
        provenance: Model, tagger, commit, machine; empty before it is written.
        rows: Its metrics.
        status: How it stands.
        planned: Steps it will make, if that is known.
        seconds_a_step: Its pace, if that is known.
        seconds_left: Time to its end, if that is known; None of a run that ended.
        checkpoint: Step of the last whole checkpoint, if there is one.
        warnings: What is to be acted on.
        samples: Completions to look at; see `rl.training.records.rollouts`.
    """

    root: Path
    config: Mapping[str, Any]
    provenance: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    status: Status
    planned: int | None
    seconds_a_step: float | None
    seconds_left: float | None
    checkpoint: int | None
    warnings: Sequence[str]
    samples: Sequence[Mapping[str, Any]]

    @property
    def step(self) -> int:
        """Last logged step; 0 before the first."""
        return int(self.rows[-1]["step"]) if self.rows else 0


class WatchedRun:
    """One run, to be looked at again and again.

    Args:
        root: Its folder.
    """

    def __init__(self, root: Path) -> None:
        self.folder = RunFolder(root)
        self._tail = MetricsTail(self.folder.metrics)
        self._rollouts = NewestRollouts(self.folder.rollouts)
        self._config: dict[str, Any] = {}
        self._provenance: dict[str, Any] = {}

    def look(self, samples: bool = True) -> Snapshot:
        """Read what is new.

        Args:
            samples: Whether completions are wanted.
        """
        run = self.folder
        result = _object(run.result)  # first, so that a run that ends now is shown whole
        self._config = self._config or read_config(run.config)  # these two never change
        self._provenance = self._provenance or _object(run.provenance)
        config, rows = self._config, self._tail.read()
        whole = whole_checkpoints(run.checkpoints)
        checkpoint = max(whole) if whole else None
        planned, pace = planned_steps(config, rows), seconds_a_step(rows)
        step = int(rows[-1]["step"]) if rows else 0
        status = status_of(
            root=str(run.root),
            step=step,
            planned=planned,
            result=result or None,
            checkpoint=checkpoint,
            alive=is_worked_on(run.root),
            quiet=_quiet(run),
        )
        return Snapshot(
            root=run.root,
            config=config,
            provenance=self._provenance,
            rows=rows,
            status=status,
            planned=planned,
            seconds_a_step=pace,
            seconds_left=None if status.ended else seconds_left(step, planned, pace),
            checkpoint=checkpoint,
            warnings=[
                *warnings_of(rows, config, self._tail.damaged),
                *logged_warnings(run.log(0)),
            ],
            samples=self._rollouts.read() if samples else [],
        )


def read_config(path: Path) -> dict[str, Any]:
    """A run's config as plain data; empty if there is none, so that any version's is shown."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError:
        return {}
    except (ValueError, yaml.YAMLError) as error:
        raise UserError(f"{path} is no YAML; take it from provenance.json of the run.") from error
    return content if isinstance(content, dict) else {}


def _object(path: Path) -> dict[str, Any]:
    """A JSON file that appears whole or not at all; empty while it is not there."""
    try:
        return read_json(path)
    except OSError:
        return {}


def _quiet(run: RunFolder) -> float:
    """Seconds since something in the folder changed."""
    places = (run.root, run.config, run.metrics, run.rollouts, run.checkpoints)
    changed = [place.stat().st_mtime for place in places if place.exists()]
    return max(0.0, time.time() - max(changed)) if changed else 0.0
