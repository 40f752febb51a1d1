"""Stop once steps of some types have come a number of times (ST-ES, arXiv 2512.14332)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Ge

from tagger.config.settings import Settings
from tagger.steps import TaggedStep
from tagger.stopping.rules.base import Decision, StreamState
from tagger.stopping.rules.types import named_types, steps_in_words
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy


@dataclass(frozen=True)
class CountRule(Settings):
    """Stop as soon as the steps of the given types, counted together, reach the limit.

    Attributes:
        limit: The count that stops, at least 1 (ST-ES's delta).
        types: Full name or tag of one type, or several; kept as a tuple of full names.
        taxonomy: Where the types are looked up.

    Raises:
        UserError: Unknown or no type, or a limit that is no whole number of at least 1.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "stopping rule 'count'"

    limit: Annotated[int, Ge(1)]
    types: str | Sequence[str] = ("VERIFY",)
    taxonomy: Taxonomy = REASONTYPE
    name: ClassVar[str] = "count"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "types", named_types(self.name, self.types, self.taxonomy))

    @property
    def settings(self) -> dict[str, Any]:
        """Name and parameters, types as tags."""
        tags = [self.taxonomy.get(t).tag for t in self.types]
        return {"name": self.name, "limit": self.limit, "types": tags}

    def start(self) -> CountRule:
        """Begin a sequence; the counts are in the stream's state, so the rule serves itself."""
        return self

    def update(self, tagged_step: TaggedStep, state: StreamState) -> Decision | None:
        """Stop when the count reaches the limit."""
        count = sum(state.counts[t] for t in self.types)
        if count < self.limit:
            return None
        return Decision(True, f"{steps_in_words(count, self.types)}, limit {self.limit}")

    def on_token(self, state: StreamState) -> Decision | None:
        """Tokens do not matter to this rule."""
        return None
