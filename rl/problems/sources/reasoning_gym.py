"""Data sets of reasoning-gym, by name and settings: ``reasoning_gym:NAME``."""

from __future__ import annotations

import dataclasses
from typing import Any

from rl.problems.config import ProblemsConfig
from rl.problems.problem import Problem
from tagger.errors import UserError, unknown_name

PREFIX = "reasoning_gym:"


def load(config: ProblemsConfig) -> list[Problem]:
    """Draw the problems of a reasoning-gym data set.

    Args:
        config: Its ``settings`` are those of the data set, ``size`` and ``seed`` aside.

    Raises:
        UserError: The package is missing, there is no such data set or setting, a setting is out
            of its range, or an entry has no reference.
    """
    name = config.source.removeprefix(PREFIX)
    try:
        import reasoning_gym
        from reasoning_gym.factory import DATASETS
    except ImportError as error:
        raise UserError(
            f"The problem source {config.source!r} needs the package reasoning-gym; install it with"
            " pip install 'suffice[reasoning-gym]' (one of its dependencies needs a C compiler)."
        ) from error
    if name not in DATASETS:
        raise unknown_name("reasoning-gym data set", name, DATASETS)
    settings = _checked(config.settings, DATASETS[name][1], name)
    try:
        drawn = reasoning_gym.create_dataset(name, size=config.size, seed=config.seed, **settings)
        entries = [drawn[index] for index in range(config.size or 0)]
    except (AssertionError, ValueError, TypeError) as error:
        reason = str(error) or type(error).__name__
        raise UserError(
            f"The reasoning-gym data set {name!r} refuses the settings {settings} ({reason}); "
            "change problems.settings."
        ) from error
    return [_problem(entry, f"{name}-{config.seed}-{i}", name) for i, entry in enumerate(entries)]


def _checked(settings: dict[str, Any], kind: Any, name: str) -> dict[str, Any]:
    """Settings that the data set has; lists of YAML as the tuples it expects."""
    known = [field.name for field in dataclasses.fields(kind)]
    for key in settings:
        if key in ("size", "seed"):
            raise UserError(f"problems.settings.{key} is set by problems.{key}; give it there.")
        if key not in known:
            raise unknown_name(f"setting of the reasoning-gym data set {name!r}", key, known)
    return {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}


def _problem(entry: dict[str, Any], identity: str, name: str) -> Problem:
    reference = entry["answer"]
    if reference is None or not str(reference).strip():
        raise UserError(
            f"Problem {identity} of the reasoning-gym data set {name!r} has no reference answer; "
            "take another data set."
        )
    return Problem(
        id=identity,
        question=str(entry["question"]).strip(),
        reference=str(reference),
        family=name,
        metadata=dict(entry["metadata"]),
    )
