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
    Fitted,
    Floats,
    count_biases,
    log_probabilities,
    unit_temperature,
)
from tagger.training.by_labels.halves import LabelledSteps, by_halves, labels_by_half, read_steps
from tagger.training.by_labels.report import CalibrationReport
from tagger.training.calibration import COUNT_TOLERANCE


def is_own(tagger: FrozenTagger, segmenter: Segmenter, taxonomy: Taxonomy) -> bool:
    """Whether steps and types are those that a tagger was trained on."""
    same_types = taxonomy.names == tagger.taxonomy.names
    return same_types and same_segmentation(segmenter, tagger.segmenter)


def calibrate_own(
    tagger: FrozenTagger,
    traces: Sequence[LabelledTrace],
    types: Sequence[str] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    samples: Sequence[int] | None = None,
) -> tuple[float, dict[str, float], CalibrationReport]:
    """Set a tagger's temperature and logit biases by labels of its own types and steps.

    Args:
        tagger: The tagger.
        traces: Labelled traces that it was not trained on, cut by its segmenter.
        types: Tags of the types whose biases alone are set, by their counts; temperature and the
            other types' biases stay. None sets the temperature and all types of `LEAST_LABELS`
            labels in each half of the questions.
        progress: Called with how many traces are done, and of how many.
        samples: Which sample of labels each trace is of, from 0: for a count samples are alike,
            however large (`count_biases`). None for a single one.

    Returns:
        Temperature, logit biases by tag, and figures.

    Raises:
        UserError: An unknown type, one with too few labels, or too few labels in all.
    """
    taxonomy = tagger.taxonomy
    onto = np.eye(len(taxonomy.types))
    own = own_bias(tagger)
    counts = labels_by_half(traces, taxonomy)
    counted = np.flatnonzero(counts.min(axis=0) >= LEAST_LABELS)
    among = counted if types is None else np.array(sorted({taxonomy.index(t) for t in types}))
    for index in np.setdiff1d(among, counted):
        few = " and ".join(str(n) for n in counts[:, index])
        raise UserError(
            f"{few} labels of {taxonomy.tags[index]} in the two halves of the questions are too "
            f"few to set its bias and to show it; each needs {LEAST_LABELS}."
        )

    def fit(steps: LabelledSteps) -> Fitted:
        temperature, bias = tagger.temperature, own
        if types is None:
            temperature = unit_temperature(steps.logits, steps.types, onto)
            bias = own * (tagger.temperature / temperature)  # as much of the scores as before
        scores = log_probabilities(steps.logits, temperature, onto) + bias
        found = count_biases(
            scores, steps.types, COUNT_TOLERANCE, among.tolist(), types is None, steps.sample
        )
        bias = np.where(found, np.round(bias + found, 3), bias)
        return Fitted(temperature, np.zeros(len(bias)), bias)

    steps = read_steps(tagger, traces, taxonomy, onto, progress, samples)
    report = by_halves(steps, fit, tagger.temperature, own, onto, taxonomy)
    fitted = fit(steps)
    bias = fitted.logit_bias
    set_ = {taxonomy.tags[i]: float(b) for i, b in enumerate(bias) if b}
    return fitted.temperature, tagger.logit_bias if np.array_equal(bias, own) else set_, report


def own_bias(tagger: FrozenTagger) -> Floats:
    """A tagger's logit bias of each of its types, (types,)."""
    return np.array([tagger.logit_bias.get(tag, 0.0) for tag in tagger.taxonomy.tags])
