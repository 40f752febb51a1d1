"""Benchmarks by name: mappings onto data sets of the Hugging Face Hub, read from a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import ClassVar

from rl.problems.config import ColumnsConfig, ProblemsConfig
from rl.problems.problem import Problem
from rl.problems.sources import hub
from tagger.config.settings import Settings, build_settings, read_yaml
from tagger.errors import UserError, unknown_name

TABLE = Path(__file__).with_name("named_sets.yaml")


@dataclass(frozen=True)
class NamedSet(Settings):
    """One entry of the table.

    Attributes:
        name: On the Hub.
        splits: The part that a split plays, and its name there.
        config: Configuration there; None for the default one.
        columns: Which columns hold what.
        checker: What decides about answers.
    """

    name: str
    splits: dict[str, str]
    config: str | None = None
    columns: ColumnsConfig = field(default_factory=ColumnsConfig)
    checker: str = "equivalent"


@dataclass(frozen=True)
class NamedSettings(Settings):
    """Settings of a named set.

    Attributes:
        path: A local copy with the columns of the original: a copy of the repository, a folder
            with data files, or one made by ``save_to_disk``.
        streaming: See `rl.problems.sources.hub.HubSettings`.
    """

    OWNER: ClassVar[str] = "problems.settings of a named set"

    path: str | None = None
    streaming: bool = False


@cache
def named_sets() -> dict[str, NamedSet]:
    """All named sets by name."""
    return {
        name: build_settings(NamedSet, entry, f"{TABLE.name}, {name}")
        for name, entry in read_yaml(TABLE).items()
    }


def load(config: ProblemsConfig) -> list[Problem]:
    """Read a named set.

    Raises:
        UserError: The set has no such split, or none for the purpose; or as `hub.load_from`.
    """
    entry = named_sets()[config.source]
    settings = build_settings(NamedSettings, config.settings, "")
    split = config.split if config.split is not None else config.PURPOSE
    if split not in entry.splits:
        if config.split is not None:
            raise unknown_name(f"split of {config.source}", split, entry.splits)
        raise UserError(
            f"{config.source} has no split for this purpose ({split}); take another set, or name "
            f"one of its splits by problems.split: {', '.join(entry.splits)}."
        )
    local = settings.path
    return hub.load_from(
        local if local is not None else entry.name,
        entry.config if local is None else _configuration_of(local, entry.config),
        entry.splits[split],
        entry.columns,
        config,
        settings.streaming,
    )


def _configuration_of(local: str, wanted: str | None) -> str | None:
    """A local copy of the whole repository has its configurations; other folders have none."""
    declared = hub.declared_configurations(Path(local).expanduser())
    return wanted if wanted in declared else None
