"""Names of repositories on the Hugging Face Hub."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAIN = "main"
_NAME = re.compile(r"(?P<repo>\w[\w.-]*/\w[\w.-]*)(@(?P<revision>[^\s@]+))?")


@dataclass(frozen=True)
class HubName:
    """A repository of the Hub, and which revision of it.

    Attributes:
        repo: ``owner/name``.
        revision: Branch, tag or commit; None is the main branch.
    """

    repo: str
    revision: str | None = None

    @classmethod
    def parse(cls, name: str) -> HubName | None:
        """Read ``owner/name`` or ``owner/name@revision``; None for anything else."""
        found = _NAME.fullmatch(name)
        return cls(found["repo"], found["revision"]) if found else None

    def __str__(self) -> str:
        return self.repo if self.revision is None else f"{self.repo}@{self.revision}"
