"""What the trainings and samples of a sweep were made by, read from its folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rl.comparison.folder import MADE_BY
from rl.sweep.analysis.origins import (
    commits_of,
    mixed_origins,
    mixed_sampling,
    resumed_elsewhere,
    taggers_of,
)
from rl.sweep.folder import SweepFolder
from rl.training.run_folder import RunFolder
from tagger.files import read_json


def made_by(sweep: SweepFolder, runs: Sequence[str], references: Iterable[str]) -> dict[str, Any]:
    """Commits and taggers of the runs, and what differs in how they were made.

    Args:
        sweep: The sweep.
        runs: Names of the runs that are done.
        references: Names of the policies that were there before and are sampled.

    Returns:
        ``commits``, ``taggers`` and ``mixed`` of the results; what a run notes nothing of is left
        out.

    Raises:
        UserError: A file is damaged.
    """
    trained = [sweep.run(name) for name in runs]
    origins = _read(RunFolder(folder.training).provenance for folder in trained)
    sampled = [*trained, *map(sweep.reference, references)]
    samplers = _read(folder.root / "samples" / MADE_BY for folder in sampled)
    mixed = [
        *mixed_origins(origins),
        *resumed_elsewhere([folder.starts() for folder in trained]),
        *mixed_sampling(samplers),
    ]
    return {"commits": commits_of(origins), "taggers": taggers_of(origins), "mixed": mixed}


def _read(files: Iterable[Path]) -> list[dict[str, Any]]:
    remedy = "put it back from a copy, or delete it"
    return [read_json(file, remedy) for file in files if file.is_file()]
