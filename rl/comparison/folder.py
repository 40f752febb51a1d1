"""The folder of a comparison: a new one, or one in which the same comparison was begun."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rl.comparison.cache import code_version, made_with
from rl.comparison.config import CompareConfig, compare_config, config_keys
from rl.comparison.policies import apply_words
from rl.problems.registry import without_idle_split
from tagger.config.overrides import build_with_words
from tagger.errors import UserError
from tagger.files import read_json, write_json

CONFIG = "compare.json"
MADE_BY = "made_by.json"
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
    if not file.is_file():
        raise UserError(f"{folder} is no comparison: it holds no {CONFIG}; check --resume.")
    saved = read_json(file, "put it back from a copy, or begin a new comparison without --resume")
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


class OtherSamplerError(UserError):
    """What would sample an arm is not what sampled those that are there."""


class MadeBy:
    """What sampled the arms of a folder, so that none of another sampler or policy is added.

    Arms of a comparison are paired: all must come from the same code and processor, and those of
    one policy from the same files. The record is written with the first arm; a folder whose arms
    are all there is computed anew without asking.

    Args:
        samples: The folder.
        identity: Gives the identity of a policy by its name; None where its files are not known.
    """

    def __init__(self, samples: Path, identity: Callable[[str], str | None]) -> None:
        self._samples, self._identity = samples, identity
        self._admitted: set[str] = set()

    def admit(self, policy: str) -> None:
        """Check, before an arm of a policy is added, that it was made as those that are there.

        A folder without a record that can be read, e.g. of an earlier version, gets one.

        Raises:
            OtherSamplerError: The code, a library, the processor or a policy is another by now.
        """
        if policy in self._admitted:
            return
        file = self._samples / MADE_BY
        has_arms = any(self._samples.glob("*/*.key"))
        recorded = (_read(file) if has_arms else None) or {}
        policies: dict[str, str | None] = recorded.get("policies", {})
        wanted = {name: self._identity(name) for name in {**policies, policy: None}}
        if recorded and (changed := self._changed(recorded, wanted)):
            raise OtherSamplerError(
                f"The arms in {self._samples} were sampled with {changed}; arms that are sampled"
                " now cannot be paired with them: take a new folder, or delete that one to sample"
                " all of its arms anew."
            )
        if wanted != policies:
            made = {"code": code_version(), "versions": made_with(), "policies": wanted}
            write_json(file, made)
        self._admitted.add(policy)

    def _changed(self, recorded: Mapping[str, Any], wanted: Mapping[str, str | None]) -> str:
        """What is another than recorded, in words; empty if nothing is."""
        old = recorded.get("policies", {})
        others = [name for name in old if old[name] != wanted[name]]
        if others:
            return f"other files of {', '.join(others)} (weights, tokenizer or chat template)"
        if recorded.get("code") == code_version():
            return ""
        was, now = recorded.get("versions", {}), made_with()
        moved = [
            f"{name} {was.get(name, 'missing')} (now {now.get(name, 'missing')})"
            for name in {**was, **now}
            if was.get(name) != now.get(name)
        ]
        return ", ".join(moved) or "another version of this code"
