"""Stop once most steps only evaluate, for some steps on end (TRACES, arXiv 2604.21057).

The paper's exact ratio was not available to us; this is the evaluative share of all steps so far,
with the paper's roles (constructive, evaluative, other) and its window of five consecutive steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Interval

from tagger.config.settings import Settings
from tagger.errors import UserError
from tagger.steps import TaggedStep
from tagger.stopping.rules.base import Decision, StreamState
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy


@dataclass(frozen=True)
class RatioRule(Settings):
    """Stop when the evaluative share was over the threshold after each of `patience` steps.

    Attributes:
        threshold: Share of evaluative steps among all steps so far, in [0, 1); it must be passed.
        patience: Consecutive steps after which it was passed.
        taxonomy: Says which types are evaluative.

    Raises:
        UserError: A parameter is out of range, or the taxonomy has no evaluative type.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "stopping rule 'ratio'"

    threshold: Annotated[float, Interval(ge=0, lt=1)]
    patience: Annotated[int, Ge(1)] = 5
    taxonomy: Taxonomy = REASONTYPE
    name: ClassVar[str] = "ratio"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.taxonomy.with_role("evaluative"):
            raise UserError(
                f"Stopping rule 'ratio' needs evaluative types, and taxonomy "
                f"{self.taxonomy.name!r} has none; use rule 'count'."
            )

    @property
    def settings(self) -> dict[str, Any]:
        """Name and parameters."""
        return {"name": self.name, "threshold": self.threshold, "patience": self.patience}

    def start(self) -> _RatioRun:
        """Begin a sequence with no steps over the threshold."""
        return _RatioRun(self)


class _RatioRun:
    """How long the share has been over the threshold in one sequence."""

    def __init__(self, rule: RatioRule) -> None:
        self._rule = rule
        self._evaluative = [t.name for t in rule.taxonomy.with_role("evaluative")]
        self._streak = 0

    def update(self, tagged_step: TaggedStep, state: StreamState) -> Decision | None:
        share = sum(state.counts[t] for t in self._evaluative) / state.steps
        self._streak = self._streak + 1 if share > self._rule.threshold else 0
        if self._streak < self._rule.patience:
            return None
        patience = self._rule.patience
        after = "1 step" if patience == 1 else f"{patience} consecutive steps"
        return Decision(
            True,
            f"evaluative share over {self._rule.threshold:.0%} after {after}, now {share:.0%}",
        )

    def on_token(self, state: StreamState) -> Decision | None:
        return None
