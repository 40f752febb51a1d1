"""What rules share that stop at a number of steps of some types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Ge

from tagger.config.settings import Settings
from tagger.stopping.rules.types import named_types
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy


@dataclass(frozen=True)
class RuleOfTypes(Settings):
    """A limit on steps of some types; a subclass says which of them count.

    Attributes:
        limit: The number of steps that stops, at least 1.
        types: Full name or tag of one type, or several.
        taxonomy: Where the types are looked up.

    Raises:
        UserError: Unknown or no type, or a limit out of its range.
    """

    KEY: ClassVar[str] = "parameter"
    name: ClassVar[str]

    limit: Annotated[int, Ge(1)]
    types: str | Sequence[str] = ("VERIFY",)
    taxonomy: Taxonomy = REASONTYPE

    def __post_init__(self) -> None:
        super().__post_init__()
        # A tuple of full names, however they were given: what monitors compare with.
        object.__setattr__(self, "types", named_types(self.name, self.types, self.taxonomy))

    @property
    def settings(self) -> dict[str, Any]:
        """Name and parameters, types as tags."""
        return {"name": self.name, "limit": self.limit, "types": self.tags(self.types)}

    def tags(self, types: Sequence[str]) -> list[str]:
        """Types by tag."""
        return [self.taxonomy.get(name).tag for name in types]
