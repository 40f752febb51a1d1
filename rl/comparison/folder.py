"""The folder of a comparison: a new one, or one in which the same comparison was begun."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rl.comparison.config import CompareConfig, compare_config, config_keys
from rl.comparison.policies import apply_words
from rl.problems.registry import without_idle_split
from tagger.config.overrides import build_with_words
from tagger.errors import UserError

CONFIG = "compare.json"
FREE = ("workers",)
"""Settings that change no sample and no figure: a resumed comparison may have others."""


def resumed_config(folder: Path, overrides: Sequence[str] = ()) -> CompareConfig:
    """The settings of a comparison that was begun.

    Args:
        folder: Its folder.
        overrides: ``KEY=VALUE`` words; all but those of `FREE` must say what the folder says.

    Raises:
        UserError: The folder holds no comparison, or an override contradicts it.
    """
    file = folder / CONFIG
    saved = _read(file)
    if saved is None:
        raise UserError(f"{folder} is no comparison: it holds no {CONFIG}; check --resume.")
    config = _of_earlier(compare_config(saved, str(file)))
    changed = build_with_words(
        lambda words, source: compare_config(apply_words(saved, words, config_keys()), source),
        overrides,
        str(file),
    )
    wanted = _of_earlier(changed)
    if (key := _difference(config.to_dict(), wanted.to_dict())) is not None:
        raise UserError(
            f"The comparison in {folder} was begun with another value of {key}; leave that setting "
            "away, or begin a new comparison without --resume."
        )
    return wanted


def check_folder(config: CompareConfig, output: Path, resume: bool) -> None:
    """Refuse a folder that is not new, or in which something else was begun.

    Raises:
        UserError: It is.
    """
    if not output.exists():
        return
    if not resume:
        raise UserError(f"Output folder {output} exists; name a new one, nothing is overwritten.")
    begun = output / CONFIG
    if begun.is_file():
        if (was := _saved_config(output)) is None or _difference(
            was.to_dict(), config.to_dict()
        ) is not None:
            raise UserError(f"{begun} holds another comparison's settings; name a new folder.")
    elif any(output.iterdir()):
        raise UserError(f"Output folder {output} holds something else; name a new one.")


def _saved_config(folder: Path) -> CompareConfig | None:
    """What a folder was begun with, an earlier version's settings brought up to today's."""
    saved = _read(folder / CONFIG)
    try:
        return None if saved is None else _of_earlier(compare_config(saved))
    except UserError:
        return None


def _of_earlier(config: CompareConfig) -> CompareConfig:
    """Saved settings without the splits that version 0.1.0 wrote next to files."""
    return dataclasses.replace(
        config,
        problems=without_idle_split(config.problems),
        calibration=without_idle_split(config.calibration),
    )


def _read(file: Path) -> dict[str, Any] | None:
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return saved if isinstance(saved, dict) else None


def _difference(one: dict[str, Any], two: dict[str, Any], above: str = "") -> str | None:
    """The first dotted key whose values differ; None if there is none but those of `FREE`."""
    for key in [*one, *(k for k in two if k not in one)]:
        name, a, b = f"{above}{key}", one.get(key), two.get(key)
        if name in FREE or a == b:
            continue
        nested = isinstance(a, dict) and isinstance(b, dict)
        return _difference(a, b, f"{name}.") if nested and a and b else name
    return None
