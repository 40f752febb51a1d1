"""Weights to begin with: those of a trained student; and the mean of several fine-tuned ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from tagger.backends.student.backend import StudentBackend
from tagger.backends.student.network import Floats, decompress
from tagger.backends.student.settings import StudentSettings
from tagger.calibrations import same_segmentation
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import Taxonomy


def initial_weights(
    init: FrozenTagger | None,
    shape: StudentSettings,
    taxonomy: Taxonomy,
    segmenter: Segmenter,
    average: bool = False,
) -> dict[str, Floats] | None:
    """The weights of a student to be fine-tuned, as 32-bit numbers; None without one.

    Args:
        init: The student.
        shape: Of the student to be trained.
        taxonomy: Of the labels.
        segmenter: What cut the labelled steps.
        average: Whether the weights of several networks are to be averaged.

    Raises:
        UserError: It is no single student, or differs in shape, types or segmenter from what is
            to be trained; or weights are to be averaged without one.
    """
    if init is None:
        if average:
            raise UserError(
                "average=true takes the mean of the weights of networks that began with the same "
                "ones; name a student to begin with, --init, or leave it out."
            )
        return None
    name = f"--init {init.fingerprint[:12]}"
    if not isinstance(init.backend, StudentBackend):
        raise UserError(
            f"{name} is of the back end {init.backend.name}; only a single student can be "
            "fine-tuned."
        )
    theirs, ours = init.backend.settings, asdict(shape)
    other = [f"{key}={theirs[key]}" for key in theirs if theirs[key] != ours[key]]
    if other:
        raise UserError(
            f"{name} is of another shape than the student to be trained; set {', '.join(other)}."
        )
    if init.taxonomy.names != taxonomy.names:
        raise UserError(
            f"{name} is of taxonomy {init.taxonomy.name!r}, the labels are of {taxonomy.name!r}; "
            "take a student of the same taxonomy."
        )
    if not same_segmentation(init.segmenter, segmenter):
        raise UserError(
            f"{name} was trained on steps of segmenter {init.segmenter.name}, this training is on "
            f"steps of {segmenter.name}; take a student of the same segmenter."
        )
    return decompress(init.arrays)


def mean_weights(
    networks: Sequence[Mapping[str, Floats]], shares: Sequence[float] | None = None
) -> dict[str, Floats]:
    """The mean of each weight over networks of one shape.

    Args:
        networks: Weights by name.
        shares: Of each network in the mean, relative to the others'; equal if None.
    """
    return {
        name: np.average([network[name] for network in networks], axis=0, weights=shares).astype(
            np.float32
        )
        for name in networks[0]
    }
