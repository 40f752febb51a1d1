"""From a back end's scores to types and probabilities: temperature and biases."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tagger.backends.softmax import softmax
from tagger.taxonomies.taxonomy import Taxonomy


class Scoring:
    """How a tagger's scores become types and probabilities.

    Args:
        taxonomy: The types, in the order of the scores.
        temperature: Scores are divided by it before the softmax, above 0; above 1 softens.
        logit_bias: Added to the scores of types, by tag, when a type is predicted; probabilities
            are computed without it.
        probability_bias: Added to the scores of types, by tag, before the softmax: moves
            probabilities and with them what is predicted.

    Raises:
        UserError: A bias is for an unknown type.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        temperature: float,
        logit_bias: Mapping[str, float],
        probability_bias: Mapping[str, float],
    ) -> None:
        self.temperature = float(temperature)
        self.logit_bias = dict(logit_bias)
        self.probability_bias = dict(probability_bias)
        self._bias = _by_type(self.logit_bias, taxonomy)
        self._moved = _by_type(self.probability_bias, taxonomy)

    def predict(self, logits: NDArray[np.float64]) -> tuple[list[int], list[list[float]]]:
        """Predict types; of equal scores the first wins.

        Args:
            logits: A back end's scores, (steps, types).

        Returns:
            The index of each step's type, and its probabilities.
        """
        scaled = logits / self.temperature + self._moved
        best: list[int] = (scaled + self._bias).argmax(axis=1).tolist()
        rows: list[list[float]] = softmax(scaled).tolist()
        return best, rows


def _by_type(by_tag: Mapping[str, float], taxonomy: Taxonomy) -> NDArray[np.float64]:
    values = np.zeros(len(taxonomy.types))
    for tag, value in by_tag.items():
        values[taxonomy.index(tag)] = value
    return values
