"""Making an ensemble of trained taggers."""

from __future__ import annotations

from collections.abc import Sequence

from tagger.backends.ensemble import EnsembleBackend, Member
from tagger.errors import UserError
from tagger.frozen import FrozenTagger


def combine(
    taggers: Sequence[FrozenTagger], weights: Sequence[float] | None = None
) -> FrozenTagger:
    """Combine taggers into a soft-voting ensemble.

    Args:
        taggers: Of one taxonomy and one segmenter, two or more.
        weights: Share of each in the mean, relative to the others'; equal if None.

    Returns:
        The tagger; its temperature is 1.

    Raises:
        UserError: The taggers differ in taxonomy or segmenter, or are too few.
    """
    weights = weights or [1.0] * len(taggers)
    for number, tagger in enumerate(taggers[1:], start=2):
        _refuse_different(taggers[0], tagger, number)
    members = [Member(t.backend, t.temperature, w) for t, w in zip(taggers, weights, strict=True)]
    about = {
        "members": [t.fingerprint for t in taggers],
        "weights": list(weights),
        "data": sorted({file for t in taggers for file in t.about.get("data", ())}),
        "calibrated_on": sorted({f for t in taggers for f in t.about.get("calibrated_on", ())}),
    }
    return FrozenTagger(
        taggers[0].taxonomy, taggers[0].segmenter, EnsembleBackend(members), 1.0, about
    )


def _refuse_different(first: FrozenTagger, other: FrozenTagger, number: int) -> None:
    """Refuse taggers whose probabilities cannot be averaged."""
    for what, mine, own in (
        ("taxonomies", first.taxonomy.name, other.taxonomy.name),
        ("types", list(first.taxonomy.tags), list(other.taxonomy.tags)),
        ("definitions of types", first.taxonomy, other.taxonomy),
        ("segmenters", first.segmenter.name, other.segmenter.name),
        ("settings of the segmenter", first.segmenter.settings, other.segmenter.settings),
    ):
        if mine != own:
            shown = "" if what.startswith("definitions") else f" ({own} and {mine})"
            raise UserError(
                f"The {what} of tagger {number} differ from those of tagger 1{shown}; combine "
                "taggers that share taxonomy and segmenter."
            )
