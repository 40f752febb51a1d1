"""Sweep files: read, completed by a base file, and checked before anything heavy is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rl.sweep.settings.base import with_base
from rl.sweep.settings.checks import check_sweep_settings
from rl.sweep.settings.keys import SweepConfig
from tagger.config.settings import apply_overrides, build_settings, read_yaml
from tagger.errors import UserError


def load_sweep(path: str | Path, overrides: Sequence[str] = ()) -> SweepConfig:
    """Read a sweep file.

    Args:
        path: The YAML file.
        overrides: ``KEY=VALUE`` words, which win over the file.

    Raises:
        UserError: Missing or malformed file, or as `sweep_config`.
    """
    values = apply_overrides(read_yaml(Path(path)), overrides)
    base = values.get("base")
    if isinstance(base, str) and (Path(path).parent / base).is_file():
        values["base"] = str(Path(path).parent / base)
    return sweep_config(values, str(path))


def sweep_config(values: Mapping[str, Any], source: str = "sweep") -> SweepConfig:
    """Build the settings of a sweep from plain data.

    Args:
        values: Keys and values; the file that `base` names is read.
        source: What to call them in errors, e.g. the file.

    Raises:
        UserError: An unknown key, a value of the wrong kind, or keys that contradict each other.
    """
    config = build_settings(SweepConfig, values, source)
    if config.base is not None:
        config = build_settings(SweepConfig, with_base(config.to_dict(), source), source)
    try:
        check_sweep_settings(config)
    except UserError as error:
        raise UserError(f"{source}: {error}") from error
    return config
