"""What a source of problems is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rl.problems.config import ProblemsConfig
from rl.problems.problem import Problem
from tagger.errors import UserError

SPECIAL_KEYS = ("split", "config", "columns", "settings")
"""Keys of `ProblemsConfig` that only some sources take."""


@dataclass(frozen=True)
class Source:
    """One source.

    Attributes:
        load: Makes the problems that a config asks for, `ProblemsConfig.checker` aside.
        takes: Those of `SPECIAL_KEYS` that mean something to it.
        why_not: Why it has no use for the others, for messages.
        generated: Whether its problems are drawn, as many as are asked for.
        splits: Names of its splits, the one to look at first in front; empty if they are not known
            beforehand.
    """

    load: Callable[[ProblemsConfig], list[Problem]]
    takes: tuple[str, ...] = ()
    why_not: Mapping[str, str] = field(default_factory=dict)
    generated: bool = False
    splits: tuple[str, ...] = ()

    def check(self, config: ProblemsConfig) -> None:
        """Refuse keys that the source has no use for.

        Raises:
            UserError: One is set.
        """
        for key in SPECIAL_KEYS:
            given = getattr(config, key)
            if key not in self.takes and given != getattr(ProblemsConfig(), key):
                why = self.why_not.get(key, "it has none")
                raise UserError(
                    f"The key '{key}' of problems does not fit the source {config.source!r} "
                    f"({why}); leave it out, or write {key}=null where a config file sets it."
                )
        if self.generated and config.size is None:
            raise UserError(
                f"problems.size is missing; the problems of {config.source!r} are generated."
            )
