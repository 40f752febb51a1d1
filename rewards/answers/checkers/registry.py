"""Answer checkers by name. A new one is a line here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from rewards.answers.checkers.base import AnswerChecker
from rewards.answers.checkers.choice import check_choice
from rewards.answers.checkers.equivalent import check_equivalent
from rewards.answers.checkers.exact import check_exact
from rewards.answers.checkers.number import NumberChecker
from rewards.answers.checkers.reasoning_gym import check_reasoning_gym
from rewards.answers.gym import is_gym_row
from tagger.config.settings import Settings, build_settings
from tagger.errors import UserError, unknown_name

CHECKERS: dict[str, AnswerChecker | type[NumberChecker]] = {
    "equivalent": check_equivalent,
    "choice": check_choice,
    "number": NumberChecker,
    "exact": check_exact,
    "reasoning_gym": check_reasoning_gym,
}
"""Name to checker, or to the settings class of one that has settings."""

CHECKER_KEY = "checker"
"""Where the metadata of a problem name its checker: a name, or a mapping with ``name``."""


def build_checker(spec: str | Mapping[str, Any]) -> AnswerChecker:
    """The checker that a config or the metadata of a problem name.

    Args:
        spec: A name in `CHECKERS`, or a mapping of ``name`` and the checker's settings, e.g.
            ``{"name": "number", "relative": 0.01}``.

    Raises:
        UserError: Unknown name or setting.
    """
    settings = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = settings.pop("name", None)
    if not isinstance(name, str):
        raise UserError(f"The checker {dict(settings)} needs a name: {', '.join(CHECKERS)}.")
    if name not in CHECKERS:
        raise unknown_name("checker", name, CHECKERS)
    checker = CHECKERS[name]
    if isinstance(checker, type) and issubclass(checker, Settings):
        return build_settings(checker, settings, f"checker {name!r}")
    if settings:
        raise UserError(f"The checker {name!r} has no settings; remove {', '.join(settings)}.")
    return checker


def checker_for(metadata: Mapping[str, Any]) -> AnswerChecker:
    """The checker a problem calls for.

    Args:
        metadata: The problem's metadata: what stands under `CHECKER_KEY` decides.

    Returns:
        Where none is named, reasoning-gym's own scorer for its problems (see
        `rewards.answers.gym.is_gym_row`), and equivalence for all others, also where the package
        is not installed for those of its data sets that the kit does not draw itself.

    Raises:
        UserError: Unknown name or setting.
    """
    named = metadata.get(CHECKER_KEY)
    if named is None:
        return check_reasoning_gym if is_gym_row(metadata) else check_equivalent
    if isinstance(named, str):
        return build_checker(named)
    return _built(tuple(sorted(named.items())))


@lru_cache(maxsize=64)
def _built(spec: tuple[tuple[str, Any], ...]) -> AnswerChecker:
    return build_checker(dict(spec))
