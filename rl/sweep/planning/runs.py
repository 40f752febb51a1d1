"""The runs of a sweep: which settings, with which seeds, under which hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rl.sweep.settings.keys import SweepConfig
from rl.sweep.settings.overrides import short_names
from rl.sweep.settings.space import canonical
from rl.training.config import RunConfig, config_from_dict
from tagger.config.dotted import with_keys
from tagger.errors import UserError

_NO_PART = ("output", "report_to", "report_artifacts")
"""Keys that change nothing that a run leaves behind."""
_LONGEST = 60


@dataclass(frozen=True)
class Run:
    """One training of a sweep.

    Attributes:
        name: Folder of the run in the sweep's: readable, and unique by the end of `hash`.
        setting: Name of its setting, which it shares with the runs of other seeds.
        label: The setting for a reader, e.g. ``step_count, weight 0.1``.
        arm: Its arm; empty if the sweep has none.
        point: Values of the varied keys.
        seed: Training seed.
        hash: SHA-256 of the resolved settings, whatever the order of their keys.
        config: The resolved settings.
    """

    name: str
    setting: str
    label: str
    arm: str
    point: Mapping[str, Any]
    seed: int
    hash: str
    config: Mapping[str, Any]


def config_hash(config: Mapping[str, Any]) -> str:
    """Hash of resolved settings; the order of keys, and 1 or 1.0, make no difference."""
    kept = {key: value for key, value in config.items() if key not in _NO_PART}
    return hashlib.sha256(canonical(kept).encode()).hexdigest()


def seeds_of(config: SweepConfig, base: RunConfig) -> list[int]:
    """Training seeds of every setting: those of the sweep, or that of the run it varies."""
    return list(config.seeds or [base.seed])


def base_run(config: SweepConfig) -> RunConfig:
    """The run that everything is varied around, every default filled in.

    Raises:
        UserError: A key or a value is wrong.
    """
    return config_from_dict(config.train, "train")


def make_runs(
    config: SweepConfig,
    points: Mapping[str, Sequence[Mapping[str, Any]]],
    seeds: Sequence[int],
    folders: Mapping[str, str] | None = None,
) -> list[Run]:
    """Resolve runs: every point of every arm with every seed.

    Args:
        config: The sweep.
        points: Points of each arm; points that are drawn twice become one.
        seeds: Training seeds.
        folders: Names of the folders that runs have already, by `identity`: a later version of the
            kit, with another key or default, finds another hash for the same run.

    Returns:
        The runs, seed by seed, so that a sweep that is cut short has whole rounds.

    Raises:
        UserError: The settings of a run are wrong (the run is named), or two arms have the same.
    """
    base = base_run(config).to_dict()
    short = {arm: short_names(config.varied(arm)) for arm in points}
    runs: dict[str, Run] = {}
    for seed in seeds:
        for arm, own in points.items():
            for point in own:
                run = _resolved(config, base, arm, point, seed, short[arm])
                old = (folders or {}).get(identity(arm, point, seed))
                run = run if old is None else replace(run, name=old)
                first = runs.setdefault(run.hash, run)
                if first.arm != arm:
                    raise UserError(
                        f"The runs {first.label!r} and {run.label!r} have the same settings; leave"
                        " one of them out."
                    )
    return list(runs.values())


def identity(arm: str, point: Mapping[str, Any], seed: int) -> str:
    """What tells a run from the others of its sweep, whichever version of the kit resolves it."""
    return canonical([arm, point, seed])


def _resolved(
    config: SweepConfig,
    base: Mapping[str, Any],
    arm: str,
    point: Mapping[str, Any],
    seed: int,
    short: Mapping[str, str],
) -> Run:
    values = [f"{short[key]} {value_text(value)}" for key, value in point.items()]
    label = ", ".join([*([arm] if arm else []), *values]) or "base run"
    try:
        data = with_keys(base, config.fixed(arm))
        data = with_keys(data, {**point, "seed": seed})
        resolved = config_from_dict(data, "").to_dict()
    except UserError as error:
        raise UserError(f"In the run {label!r}: {error}") from error
    resolved["output"] = ""
    digest = config_hash(resolved)
    setting = f"{_slug(label)}-{config_hash({**resolved, 'seed': None})[:6]}"
    name = f"{_slug(label)}-seed{seed}-{digest[:6]}"
    return Run(name, setting, label, arm, dict(point), seed, digest, resolved)


def value_text(value: Any) -> str:
    """A value for a reader: short, and of numbers all digits that tell them apart."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return canonical(value) if isinstance(value, Mapping | list) else str(value)


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:_LONGEST].strip("-.") or "run"
