"""One tagger of several trained ones: the mean of their probabilities, or of their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tagger.backends.ensemble import EnsembleBackend, Member
from tagger.backends.student.backend import StudentBackend
from tagger.backends.student.network import Floats, compress, decompress
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.training.student.initial import mean_weights

_ORIGINS = ("data", "calibrated_on", "teachers", "distilled_on")
"""What a tagger stores of the data and teachers it learned from; a combined one has them all."""

_LEAST_COSINE = 0.5
"""Of the weights of two students whose mean may be taken. Students fine-tuned from one another have
0.9 and more, those that began with weights of their own next to 0."""


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
        UserError: The taggers differ in taxonomy or segmenter, are too few, or one is given twice.
    """
    _refuse_double(taggers)
    weights = weights or [1.0] * len(taggers)
    for number, tagger in enumerate(taggers[1:], start=2):
        _refuse_different(taggers[0], tagger, number)
    members = [Member(t.backend, t.temperature, w) for t, w in zip(taggers, weights, strict=True)]
    about = _about(taggers, weights)
    return FrozenTagger(
        taggers[0].taxonomy, taggers[0].segmenter, EnsembleBackend(members), 1.0, about
    )


def average(
    taggers: Sequence[FrozenTagger], weights: Sequence[float] | None = None
) -> FrozenTagger:
    """Take the mean of the weights of students: one student, as small and fast as each.

    Source: Wortsman et al. 2022, *Model soups* (arXiv 2203.05482): networks fine-tuned from the
    same one lie in one basin of the loss, where the mean of their weights is about as good as the
    mean of their probabilities.

    Args:
        taggers: Students of one shape, taxonomy and segmenter, two or more, fine-tuned from the
            same student or from each other.
        weights: Share of each in the mean, relative to the others'; equal if None.

    Returns:
        The tagger, without temperature and biases.

    Raises:
        UserError: One is no single student or of another shape, they differ in taxonomy or
            segmenter, their weights have nothing in common, or one is given twice.
    """
    _refuse_double(taggers)
    networks: list[dict[str, Floats]] = []
    for number, tagger in enumerate(taggers, start=1):
        if not isinstance(tagger.backend, StudentBackend):
            raise UserError(
                f"Tagger {number} is of the back end {tagger.backend.name}; only the weights of "
                "single students can be averaged. Leave --average-weights out for an ensemble."
            )
        _refuse_different(taggers[0], tagger, number)
        if tagger.backend.settings != taggers[0].backend.settings:
            raise UserError(
                f"Tagger {number} is a student of another shape than tagger 1; only weights of "
                "one shape can be averaged. Leave --average-weights out for an ensemble."
            )
        networks.append(decompress(tagger.arrays))
        if (cosine := _cosine(networks[0], networks[-1])) < _LEAST_COSINE:
            raise UserError(
                f"The weights of tagger {number} have nothing in common with those of tagger 1 "
                f"(cosine {cosine:.2f}), so their mean would know nothing; average students that "
                "were fine-tuned from the same one, or leave --average-weights out."
            )
    shares = weights or [1.0] * len(taggers)
    first = taggers[0]
    arrays = compress(mean_weights(networks, shares))
    backend = StudentBackend.load(first.backend.settings, arrays)
    return FrozenTagger(first.taxonomy, first.segmenter, backend, 1.0, _about(taggers, shares))


def _about(taggers: Sequence[FrozenTagger], weights: Sequence[float]) -> dict[str, Any]:
    """What is stored of where a combined tagger comes from."""
    return {
        "members": [t.fingerprint for t in taggers],
        "weights": list(weights),
        **{key: sorted({one for t in taggers for one in t.about.get(key, ())}) for key in _ORIGINS},
    }


def _cosine(one: Mapping[str, Floats], other: Mapping[str, Floats]) -> float:
    """Cosine of all weights of two networks of one shape."""
    a, b = (np.concatenate([w[name].ravel() for name in one]) for w in (one, other))
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12))


def _refuse_double(taggers: Sequence[FrozenTagger]) -> None:
    """Refuse a tagger that is given twice: it costs twice as much and adds nothing but a share."""
    seen: dict[str, int] = {}
    for number, tagger in enumerate(taggers, start=1):
        first = seen.setdefault(tagger.fingerprint, number)
        if first != number:
            raise UserError(
                f"Tagger {number} is tagger {first} once more; name each once, and give --weights "
                "where one is to count for more."
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
