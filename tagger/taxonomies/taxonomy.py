"""Step taxonomies; ReasonType is the default.

Source: Step-Tagging (arXiv 2512.14332) for the 13 types + Other, TRACES (arXiv 2604.21057) for
the roles. Definitions are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tagger.errors import unknown_name

Role = Literal["constructive", "evaluative", "other"]


@dataclass(frozen=True, slots=True)
class StepType:
    """One type of a taxonomy.

    Attributes:
        name: Full name; what results, reports and `TaggedStep.type` carry.
        tag: Short upper-case code; what label files and configs carry (names work there too).
        role: Macro role of TRACES.
        definition: What a step of this type does.
    """

    name: str
    tag: str
    role: Role
    definition: str


@dataclass(frozen=True)
class Taxonomy:
    """An ordered set of step types.

    Attributes:
        name: Name in config files.
        types: The types; their order is the order of probabilities and fact columns.
        aliases: Full name by other spellings that label files use; changes no label a tagger
            gives, so it is neither compared nor fingerprinted.
    """

    name: str
    types: tuple[StepType, ...]
    aliases: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Full names, in order."""
        return tuple(t.name for t in self.types)

    @property
    def tags(self) -> tuple[str, ...]:
        """Short codes, in order."""
        return tuple(t.tag for t in self.types)

    def get(self, name_or_tag: str) -> StepType:
        """Find a type by full name, short code or alias.

        Raises:
            UserError: No such type; the nearest valid one is suggested.
        """
        name_or_tag = self.aliases.get(name_or_tag, name_or_tag)
        for step_type in self.types:
            if name_or_tag in (step_type.name, step_type.tag):
                return step_type
        known = (*self.tags, *self.names, *self.aliases)
        raise unknown_name(f"step type of {self.name}", name_or_tag, known, listed=self.tags)

    def index(self, name_or_tag: str) -> int:
        """Position of a type in `types`; errors as `get`."""
        return self.types.index(self.get(name_or_tag))

    def with_role(self, role: Role) -> tuple[StepType, ...]:
        """All types of one role."""
        return tuple(t for t in self.types if t.role == role)


REASONTYPE = Taxonomy(
    "reasontype",
    (
        StepType(
            "Problem Re-statement / Setup",
            "RESTATE",
            "constructive",
            "says the question again in other words, names the unknowns; adds nothing new",
        ),
        StepType(
            "Context Repetition / Paraphrasing",
            "CONTEXT",
            "other",
            "repeats givens or earlier results unchanged, without judging them",
        ),
        StepType(
            "Definition Recall",
            "RECALL",
            "constructive",
            "brings in a definition, theorem, formula or known fact",
        ),
        StepType(
            "Formula Substitution / Plugging In",
            "SUBSTITUTE",
            "other",
            "puts values into an expression and computes, for the first time",
        ),
        StepType(
            "Symbolic Transformation / Rewriting Sums",
            "TRANSFORM",
            "other",
            "sets up or rewrites equations; algebra or derivation, for the first time",
        ),
        StepType(
            "Quadrant/Edge Case Consideration",
            "CASE",
            "other",
            "works on one case, option, region, sign or boundary",
        ),
        StepType(
            "Pattern Recognition / Symmetry",
            "PATTERN",
            "other",
            "spots a regularity or symmetry that steers the solution",
        ),
        StepType(
            "Verification / Sanity Check",
            "VERIFY",
            "evaluative",
            "checks an earlier result: recomputes, substitutes back, compares, confirms",
        ),
        StepType(
            "Heuristics / Intuition",
            "HEURISTIC",
            "other",
            "chooses or motivates an approach informally; plans what to do next",
        ),
        StepType(
            "Alternative Approach Exploration",
            "ALTERNATIVE",
            "other",
            "starts or carries out another method, not announced as a check",
        ),
        StepType(
            "Numerical Approximation / Interpretation",
            "INTERPRET",
            "other",
            "approximates a number or says what a result means",
        ),
        StepType(
            "Meta-Cognition / Self-Talk",
            "META",
            "other",
            "comments on its own thinking: hesitation, doubt, without checking a result yet",
        ),
        StepType(
            "Final Conclusion / Boxed Answer",
            "CONCLUDE",
            "evaluative",
            "states the answer to the whole question",
        ),
        StepType("Other", "OTHER", "other", "nothing above fits: markup, fragments, filler"),
    ),
)
