"""Small students, trained in seconds on the rows of `tests.tagger.small_data`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.student.backend import StudentBackend
from tagger.backends.student.network import Floats, compress, weight_shapes
from tagger.backends.student.settings import StudentSettings
from tagger.training.student.fit import FitSettings
from tagger.training.student.model import Dropout
from tagger.training.student.train import StudentRecipe, train_student
from tagger.training.trained import TrainedTagger
from tests.tagger.small_data import rows, write

SHAPE = StudentSettings(
    word_bits=9, flag_bits=10, wide_bits=10, width=16, hidden=24, layers=2, kernel=3
)
FITTING = FitSettings(
    epochs=12, learning_rate=1e-2, batch_steps=60, smoothing=0.0, dropout=Dropout(0.1, 0.1, 0.0)
)
RECIPE = StudentRecipe(SHAPE, FITTING, refit=False)


def random_weights(
    shape: StudentSettings = SHAPE, types: int = 14, seed: int = 0
) -> dict[str, Floats]:
    """Weights of the right shapes, drawn at random."""
    rng = np.random.default_rng(seed)
    return {
        name: rng.normal(0, 0.3, size).astype(np.float32)
        for name, size in weight_shapes(shape, types).items()
    }


def expand(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
    """Weights as float32 from the form on disk: whole-number tables times their unit."""
    weights: dict[str, Floats] = {}
    for name, array in arrays.items():
        if name.endswith(".unit"):
            continue
        unit = arrays.get(f"{name}.unit")
        weights[name] = array.astype(np.float32) * (np.float32(1) if unit is None else unit)
    return weights


def random_backend(seed: int = 0) -> StudentBackend:
    """A student that has learnt nothing."""
    return StudentBackend(SHAPE, compress(random_weights(seed=seed)))


@cache
def trained() -> TrainedTagger:
    """The student trained on `rows(200)`."""
    with tempfile.TemporaryDirectory() as folder:
        return train_student([write(Path(folder) / "labelled.jsonl", rows(200))], RECIPE)
