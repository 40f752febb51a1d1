"""Sweep files: read, completed by a base file, and checked before anything heavy is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rl.sweep.settings.checks import check_sweep_settings
from rl.sweep.settings.keys import SweepConfig
from tagger.config.arms import arms_of
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
        config = build_settings(SweepConfig, _with_base(config), source)
    try:
        check_sweep_settings(config)
    except UserError as error:
        raise UserError(f"{source}: {error}") from error
    return config


def _with_base(config: SweepConfig) -> dict[str, Any]:
    """The settings with the base file's in place of its name."""
    content = read_yaml(Path(str(config.base)).expanduser())
    if "train" not in content:
        content = {"train": content}
    parts: dict[str, Any] = {name: content.get(name) or {} for name in ("train", "compare")}
    for name, part in parts.items():
        if not isinstance(part, Mapping):
            raise UserError(f"{config.base}: the section {name!r} must hold keys and values.")
    merged: dict[str, Any] = config.to_dict() | {
        "base": None,
        "arms": config.arms or arms_of(content, str(config.base)) or None,
        "train": _merged(parts["train"], config.train),
        "compare": {**parts["compare"], **config.compare},
    }
    return {key: value for key, value in merged.items() if value is not None}


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of which the second win, section by section."""
    out = dict(below)
    for key, value in above.items():
        old: Any = out.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        out[key] = _merged(old, value) if both else value
    return out
