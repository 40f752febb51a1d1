"""Calibration of a finished tagger for steps cut otherwise, or types of another taxonomy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from tagger.calibrations import UnitCalibration
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.mapped import check_mappable
from tagger.steps import Segmenter
from tagger.taxonomies.files import TypeMap
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.by_labels.fit import (
    Fitted,
    Floats,
    count_biases,
    log_probabilities,
    moved,
    moved_temperature,
    unit_temperature,
)
from tagger.training.by_labels.halves import LabelledSteps, by_halves, read_steps
from tagger.training.by_labels.own import is_own, own_bias
from tagger.training.by_labels.report import CalibrationReport


def calibrate_unit(
    tagger: FrozenTagger,
    segmenter: Segmenter,
    traces: Sequence[LabelledTrace],
    type_map: TypeMap,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[UnitCalibration, CalibrationReport]:
    """Calibrate a tagger for the steps of some labelled traces.

    Args:
        tagger: The tagger, for its own steps.
        segmenter: What cut the steps of the traces.
        traces: Labelled traces that the tagger was not trained on.
        type_map: Taxonomy of the labels; the tagger's types are mapped onto it.
        progress: Called with how many traces are done, and of how many.

    Returns:
        The calibration and its figures.

    Raises:
        UserError: The tagger's own steps and types (`calibrate_own` is for them), types that its
            types do not map to, or too few questions or labels to set and to show it.
    """
    taxonomy = type_map.taxonomy
    if is_own(tagger, segmenter, taxonomy):
        raise UserError(
            f"A calibration for steps of segmenter {segmenter.name!r} and the tagger's own types "
            "is part of the tagger; use calibrate_own."
        )
    if taxonomy.names != tagger.taxonomy.names:
        check_mappable(tagger.taxonomy, type_map)
    onto = _onto(tagger, type_map)

    def fit(steps: LabelledSteps, with_biases: bool) -> Fitted:
        logits, types = steps.logits, steps.types
        temperature, bias = unit_temperature(logits, types, onto), np.zeros(onto.shape[1])
        if with_biases:
            temperature, bias = moved_temperature(logits, types, onto)
        scores = moved(log_probabilities(logits, temperature, onto), bias)
        return Fitted(temperature, bias, count_biases(scores, types))

    steps = read_steps(tagger, traces, taxonomy, onto, progress)
    own = own_bias(tagger)
    # Probabilities are moved only where that makes them better for questions it was not set by.
    tried = {
        biases: by_halves(
            steps, partial(fit, with_biases=biases), tagger.temperature, own, onto, taxonomy
        )
        for biases in (False, True)
    }
    moves = tried[True].log_loss[1] < tried[False].log_loss[1]
    fitted, report = fit(steps, moves), tried[moves]
    calibration = UnitCalibration(
        tagger=tagger.fingerprint,
        taxonomy=taxonomy.name,
        segmenter=segmenter.name,
        settings=dict(segmenter.settings),
        temperature=fitted.temperature,
        logit_bias=_by_tag(fitted.logit_bias, taxonomy),
        version=segmenter.version,
        probability_bias=_by_tag(fitted.probability_bias, taxonomy),
    )
    return calibration, report


def _by_tag(bias: Floats, taxonomy: Taxonomy) -> dict[str, float]:
    return {taxonomy.tags[i]: round(float(b), 3) for i, b in enumerate(bias) if b}


def _onto(tagger: FrozenTagger, type_map: TypeMap) -> Floats:
    """1 where a type of the tagger becomes a type of the taxonomy, (own types, types)."""
    taxonomy = type_map.taxonomy
    if taxonomy.names == tagger.taxonomy.names:
        return np.eye(len(taxonomy.types))
    onto = np.zeros((len(tagger.taxonomy.types), len(taxonomy.types)))
    for row, name in enumerate(tagger.taxonomy.names):
        onto[row, taxonomy.index(type_map.from_reasontype[name])] = 1
    return onto
