"""The student as a back end of `tagger.frozen.FrozenTagger`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.arrays import ArrayBackend
from tagger.backends.features.step_features import StepFeatures, fold
from tagger.backends.linear import chunks, exact_sums
from tagger.backends.student.network import TABLES, Floats, StudentNetwork, weight_shapes
from tagger.backends.student.reading import GROUP_WEIGHTS, StepScanner
from tagger.backends.student.settings import StudentSettings
from tagger.errors import UserError


class StudentExtractor:
    """Reads one trace with a student network."""

    def __init__(self, network: StudentNetwork, scanner: StepScanner) -> None:
        self._network = network
        self._scanner = scanner
        self._memory = network.begin()

    def read(self, text: str) -> tuple[Floats, StepFeatures]:
        """Take the next step's text; return what `StudentBackend.logits` scores."""
        return self.read_batch([text])[0]

    def read_batch(self, texts: Sequence[str]) -> list[tuple[Floats, StepFeatures]]:
        """Take the texts of the next steps; return what `StudentBackend.logits` scores of each."""
        if not texts:
            return []
        readings = self._scanner.scan_all(texts)
        seen = self._network.steps(readings, self._memory)
        self._memory = seen[-1, seen.shape[1] // 2 :]
        return [(row, reading.wide) for row, reading in zip(seen, readings, strict=True)]


class StudentBackend(ArrayBackend[StudentSettings]):
    """A small network over a step's words, what they repeat, and the memory of the trace.

    Args:
        settings: The shape.
        arrays: As `tagger.backends.student.network.compress` makes them. Made read-only.

    Raises:
        UserError: An array is missing, or has another shape or type of number.
    """

    name = "student"

    def __init__(self, settings: StudentSettings, arrays: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(settings, arrays)
        shapes = {k: v.shape for k, v in self._arrays.items()}
        self._types = self._arrays["outer.bias"].size if "outer.bias" in shapes else 0
        wanted = weight_shapes(settings, self._types) | {f"{t}.unit": (1,) for t in TABLES}
        if shapes != wanted:
            wrong = sorted(k for k in shapes.keys() | wanted if shapes.get(k) != wanted.get(k))
            raise UserError(
                f"The student's arrays {', '.join(wrong)} do not fit its settings; "
                "train or fetch it again."
            )
        if any(
            a.dtype != (np.int8 if k in TABLES else np.float32) for k, a in self._arrays.items()
        ):
            raise UserError(
                f"The student's tables {', '.join(TABLES)} must hold whole numbers (int8), its "
                "other arrays float32; train or fetch it again."
            )
        self._network = StudentNetwork(settings, self._arrays)

    @classmethod
    def load(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> StudentBackend:
        """Build from what a tagger folder holds; errors as the constructor."""
        return cls(StudentSettings.from_dict(settings), arrays)

    @property
    def types(self) -> int:
        """Number of types it scores."""
        return self._types

    def start(self, question: str) -> StudentExtractor:
        """Start a trace."""
        return StudentExtractor(self._network, StepScanner(question, self._settings))

    def logits(self, steps: Sequence[Any]) -> NDArray[np.float64]:
        """Score what extractors returned: (steps, types), each row independent of the others."""
        scores = np.empty((len(steps), self._types), dtype=np.float64)
        for row, (seen, _) in zip(scores, steps, strict=True):
            row[:] = self._network.logits(seen)
        table, unit = self._arrays["wide"], float(self._arrays["wide.unit"][0])
        wide = [features for _, features in steps]
        for begin, end in chunks(wide):
            folded = fold(wide[begin:end], self._settings.wide_bits, GROUP_WEIGHTS)
            rows = table.take(folded.buckets, axis=0)
            scores[begin:end] += exact_sums(folded, rows, unit)
        return scores
