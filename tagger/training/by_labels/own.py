"""Calibration of a finished tagger for its own types, on steps of its own segmenter.

Training sets temperature and logit biases by questions it holds out, without a look at how often
each type is true there: a tenth of the questions is no sample of the others. Labels of more
questions, or of those that a tagger is to be used on, say better how often each type occurs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tagger.calibrations import same_segmentation
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.by_labels.fit import (
    LEAST_LABELS,
    Floats,
    Ints,
    count_biases,
    log_probabilities,
    unit_temperature,
)
from tagger.training.by_labels.halves import by_halves, read_steps
from tagger.training.by_labels.report import CalibrationReport


def is_own(tagger: FrozenTagger, segmenter: Segmenter, taxonomy: Taxonomy) -> bool:
    """Whether steps and types are those that a tagger was trained on."""
    same_types = taxonomy.names == tagger.taxonomy.names
    return same_types and same_segmentation(segmenter, tagger.segmenter)


def calibrate_own(
    tagger: FrozenTagger,
    traces: Sequence[LabelledTrace],
    types: Sequence[str] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[float, dict[str, float], CalibrationReport]:
    """Set a tagger's temperature and logit biases by labels of its own types and steps.

    Args:
        tagger: The tagger.
        traces: Labelled traces that it was not trained on, cut by its segmenter.
        types: Tags of the types whose biases alone are set, by their counts; temperature and the
            other types' biases stay. None sets the temperature and all types of `LEAST_LABELS`
            labels.
        progress: Called with how many traces are done, and of how many.

    Returns:
        Temperature, logit biases by tag, and figures.

    Raises:
        UserError: An unknown type, one with too few labels, or too few labels in all.
    """
    taxonomy = tagger.taxonomy
    among = None if types is None else [taxonomy.index(tag) for tag in types]
    onto = np.eye(len(taxonomy.types))
    own = np.array([tagger.logit_bias.get(tag, 0.0) for tag in taxonomy.tags])

    def fit(logits: Floats, true: Ints) -> tuple[float, Floats]:
        temperature = tagger.temperature
        if among is None:
            temperature = unit_temperature(logits, true, onto)
        scores = log_probabilities(logits, temperature, onto)
        return temperature, own + count_biases(scores + own, true, among=among)

    for tag in types or ():
        labels = sum(
            taxonomy.index(label) == taxonomy.index(tag)
            for trace in traces
            for label in trace.labels.values()
        )
        if labels < LEAST_LABELS:
            raise UserError(
                f"{labels} labels of {tag} are too few to set its bias by; it needs {LEAST_LABELS}."
            )
    steps = read_steps(tagger, traces, taxonomy, onto, progress)
    report = by_halves(steps, fit, tagger.temperature, own, onto, taxonomy)
    temperature, bias = fit(steps.logits, steps.types)
    found = {taxonomy.tags[i]: round(float(b), 3) for i, b in enumerate(bias)}
    return temperature, {tag: b for tag, b in found.items() if b}, report
