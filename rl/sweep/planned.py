"""The runs of a sweep's folder: those of its settings, and those that TPE proposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rl import run_files
from rl.sweep.folder import RUN, SweepFolder, TaskFolder
from rl.sweep.planning.outcomes import Outcomes, Trial
from rl.sweep.planning.runs import identity
from rl.sweep.planning.schedule import Propose, Schedule, schedule
from rl.sweep.settings.keys import SweepConfig
from rl.sweep.settings.space import Space
from tagger.files import read_json, write_json


def planned_runs(sweep: SweepFolder, outcomes: Outcomes | None = None) -> Schedule:
    """The runs that are known.

    What TPE proposes is written down, so that it stays when a failed run is retried, or optuna is
    another version.

    Args:
        sweep: The sweep.
        outcomes: Those of its runs, if they are known already.
    """
    from filelock import FileLock

    ask = proposer(sweep.config)
    remedy = "put it back from a copy: the runs of the sweep were chosen by it"

    def propose(arm: str, space: Space, tried: Sequence[Trial], count: int) -> list[dict[str, Any]]:
        file = sweep.root / "proposals" / f"{arm or 'base'}-{len(tried)}.json"
        if not file.is_file():
            points = ask(arm, space, tried, count)
            file.parent.mkdir(exist_ok=True)
            # another machine may have another optuna
            with FileLock(file.with_suffix(run_files.LOCK)):
                if not file.is_file():
                    write_json(file, {"points": points})
        known: list[dict[str, Any]] = read_json(file, remedy, keys=("points",))["points"]
        return known

    found = sweep.outcomes() if outcomes is None else outcomes
    return schedule(sweep.config, found, propose, _folders(sweep))


def _folders(sweep: SweepFolder) -> dict[str, str]:
    """The folders of the runs that were begun, by what tells runs apart; of two that is done."""
    found: dict[str, str] = {}
    for file in sorted((sweep.root / "runs").glob(f"*/{RUN}")):
        run = read_json(file, "delete it", keys=("arm", "point", "seed"))
        key = identity(run["arm"], run["point"], run["seed"])
        if key not in found or TaskFolder(file.parent).done.is_file():
            found[key] = file.parent.name
    return found


def proposer(config: SweepConfig) -> Propose:
    """What proposes the points of a sweep whose method is ``tpe``."""

    def ask(arm: str, space: Space, tried: Sequence[Trial], count: int) -> list[dict[str, Any]]:
        from rl.sweep.planning.tpe import propose

        return propose(
            space,
            tried,
            count,
            trials=config.trials or 1,
            seed=config.seed,
            price=config.token_price,
        )

    return ask
