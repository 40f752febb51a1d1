"""Checks of a sweep's settings that need nothing but them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.sweep.settings.keys import ContrastConfig, SweepConfig
from rl.sweep.settings.overrides import overlap
from rl.sweep.settings.space import VARY, Range, grid, read_space
from tagger.errors import UserError, unknown_name

_TAKEN = ("seed", "output", "report_to")
"""Keys of a run that a sweep sets itself, or that change nothing that it measures."""


def check_sweep_settings(config: SweepConfig) -> None:
    """Check a sweep, as far as that takes no run's settings.

    Raises:
        UserError: Keys that contradict each other, or that change nothing.
    """
    if not config.train:
        raise UserError(
            "there is no run to vary; add a section train, as of suffice train, or base: FILE."
        )
    if not config.compare:
        raise UserError(
            "there is no section compare, which names the problems that policies are compared on;"
            " add one, as of suffice compare, e.g. compare: {problems: {source: test.jsonl},"
            " calibration: {source: calibration.jsonl}}."
        )
    if config.arms is not None and not config.arms:
        raise UserError("arms is empty; name at least one, or leave it out.")
    if config.seeds is not None:
        _check_seeds(config.seeds)
    for arm in config.arm_names:
        _check_arm(config, arm)
    if config.arms is None and not config.vary and len(config.seeds or ()) < 2:
        raise UserError("nothing varies; add vary, arms, or several seeds.")
    _check_method(config)
    if config.control is not None and config.control not in (config.arms or {}):
        raise unknown_name("arm in the key 'control'", config.control, config.arms or ["(none)"])
    _check_control(config)
    if config.more_seeds_within is not None and len(config.seeds or ()) < 2:
        raise UserError("more_seeds_within needs two seeds or more; list them in seeds.")
    if config.contrast is not None:
        _check_contrast(config, config.contrast)


def _check_control(config: SweepConfig) -> None:
    """Settings are compared with one control, not with the first of several."""
    arm = config.control_arm
    for key, entry in read_space(config.varied(arm)).items() if arm is not None else ():
        if isinstance(entry, Range) or len(entry.values) > 1:
            raise UserError(
                f"{key} varies in the arm {arm!r}, the control that all settings are compared with;"
                f" give that arm {VARY}: {{}}."
            )


def _check_contrast(config: SweepConfig, contrast: ContrastConfig) -> None:
    """The arms of a contrast are there, and are others than its own and control."""
    arms = config.arms or {}
    for key, names in (("arm", [contrast.arm]), ("against", contrast.against or [])):
        for name in names:
            if name not in arms:
                raise unknown_name(f"arm in the key 'contrast.{key}'", name, arms or ["(none)"])
            if name == config.control_arm:
                raise UserError(
                    f"contrast.{key} names {name!r}, the control, which is among the settings of"
                    " every arm there; name other arms."
                )
    if contrast.arm in (contrast.against or ()):
        raise UserError(f"contrast.against names {contrast.arm!r}, its own arm; name other arms.")
    for key in ("against", "equal_on"):
        if getattr(contrast, key) == []:
            raise UserError(f"contrast.{key} is an empty list; name some, or leave it out for all.")
    if not config.contrast_arms:
        raise UserError("contrast has no other arm than control; add one to arms, or leave it out.")


def _check_seeds(seeds: Sequence[int]) -> None:
    if not seeds:
        raise UserError("seeds is an empty list; list at least one, or leave it out.")
    for seed in seeds:
        if seeds.count(seed) > 1:
            raise UserError(f"seeds lists {seed} twice; list each seed once.")
        if not 0 <= seed < 2**32:
            raise UserError(f"seeds lists {seed}; a seed is a whole number from 0 to {2**32 - 1}.")


def _check_arm(config: SweepConfig, arm: str) -> None:
    where = f"arms.{arm}" if arm else ""
    own = (config.arms or {}).get(arm) or {}
    fixed = config.fixed(arm)
    varied = read_space(config.varied(arm), f"{where}.{VARY}" if VARY in own else VARY)
    if arm and not all(c.isalnum() or c in "_-" for c in arm):
        raise UserError(f"the arm {arm!r} needs a name of letters, digits, '-' and '_'.")
    for key in (*fixed, *varied):
        if str(key).split(".")[0] in _TAKEN:
            what = "list seeds in seeds" if key == "seed" else "set it in train, or leave it out"
            raise UserError(f"{key} is varied or set in {where or VARY}; {what}.")
    for keys in (list(fixed), list(varied)):
        for i, key in enumerate(keys):
            if found := overlap([key], keys[:i]):
                raise UserError(f"{found[1]} and {found[0]} are both given; keep one of them.")
    if VARY in own:
        both = [key for key in varied if overlap([key], fixed) and not _is_below(key, fixed)]
        found = (both[0], both[0]) if both else None
    else:
        found = overlap(varied, fixed)
    if found:
        raise UserError(
            f"{found[0]} is varied, and the arm {arm!r} sets {found[1]}; leave one of them out, or"
            f" give the arm a vary of its own ({VARY}: {{}} for none)."
        )


def _is_below(key: str, sections: Mapping[str, Any]) -> bool:
    """Whether a key is within a section that is set, and none of its own sections is."""
    return key not in sections and not any(s.startswith(f"{key}.") for s in sections)


def _check_method(config: SweepConfig) -> None:
    method = config.method
    if method == "grid":
        for key in ("trials", "batch"):
            if getattr(config, key) is not None:
                raise UserError(f"{key} acts only with method: random or tpe; leave it out.")
        for arm in config.arm_names:
            grid(read_space(config.varied(arm)))
    elif config.trials is None:
        raise UserError(f"method: {method} needs trials, the number of points to try.")
    elif not any(config.varied(arm) for arm in config.arm_names):
        raise UserError(f"method: {method} needs vary, with lists or ranges to draw from.")
    if method != "tpe":
        for key in ("batch", "objective"):
            if getattr(config, key) is not None:
                raise UserError(f"{key} acts only with method: tpe; leave it out.")
        return
    if config.more_seeds_within is not None:
        raise UserError("more_seeds_within acts with grid and random; leave it out, or change one.")
    for arm in config.arm_names:
        for key, entry in read_space(config.varied(arm)).items():
            if not isinstance(entry, Range):
                _check_choices(key, entry.values)


def _check_choices(key: str, values: Sequence[Any]) -> None:
    for value in values:
        if not isinstance(value, str | int | float | bool | None):
            raise UserError(
                f"vary.{key} lists {value!r}; tpe takes texts, numbers, true, false and null."
            )
