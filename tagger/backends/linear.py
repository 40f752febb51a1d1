"""Sparse linear back end: multinomial logistic regression over hashed features, numpy only.

Weights are whole numbers times one step size, so the sums over a step's features are exact: a
label depends on nothing but the step and what came before it, not on the batch around it. With a
`ScoreMemory` what the last few steps were counts as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from tagger.backends.arrays import ArrayBackend
from tagger.backends.base import FeatureExtractor
from tagger.backends.features import FEATURES_VERSION
from tagger.backends.features.step_features import Folded, StepFeatures, TraceExtractor, fold
from tagger.backends.score_memory import NAMES, ScoreMemory, is_memory
from tagger.config.settings import Settings
from tagger.errors import UserError

_CHUNK = 2**13  # features folded at once, about: bounds memory, changes no result
_LARGEST = 2**15 - 1


@dataclass(frozen=True)
class LinearSettings(Settings):
    """What fixes the features; part of the fingerprint.

    Attributes:
        bits: Features are hashed into ``2**bits`` buckets.
        max_words: Words of a step beyond this many are not read.
        weight_words: Length of the vector of the step's words.
        weight_previous: Length of the vector of the previous step's words.
        weight_flags: Length of the vector of look-back flags.
        version: Of the feature code.

    Raises:
        UserError: A value out of range, or features of another version.
    """

    KEY: ClassVar[str] = "setting"
    OWNER: ClassVar[str] = "the linear tagger"

    bits: Annotated[int, Interval(ge=8, le=24)] = 20
    max_words: Annotated[int, Interval(ge=1, le=10_000)] = 2000
    weight_words: float = 1.0
    weight_previous: float = 0.5
    weight_flags: float = 1.3
    version: int = FEATURES_VERSION

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.version != FEATURES_VERSION:
            raise UserError(
                f"The tagger was trained with features version {self.version}, this release "
                f"computes version {FEATURES_VERSION}; train it again."
            )

    @property
    def weights(self) -> tuple[float, float, float]:
        """Vector lengths of the groups words, previous and flags."""
        return (self.weight_words, self.weight_previous, self.weight_flags)


class LinearBackend(ArrayBackend[LinearSettings]):
    """Scores steps with fixed weights.

    Args:
        settings: What fixes the features.
        arrays: ``buckets`` (rows,) int32, ascending: the buckets that carry weight; ``rows``
            (rows, types) int16: their weights in units of ``unit``; ``unit`` (1,) float64;
            ``bias`` (types,) float64; those of a `ScoreMemory`, or none. Made read-only.

    Raises:
        UserError: An array is missing or does not fit the others.
    """

    name = "linear"

    def __init__(self, settings: LinearSettings, arrays: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(settings, arrays)
        self._check()
        buckets, rows = self._arrays["buckets"], self._arrays["rows"]
        self._row_of = np.zeros(2**settings.bits, dtype=np.int32)
        self._row_of[buckets] = np.arange(1, len(buckets) + 1)
        self._rows = np.concatenate([np.zeros_like(rows[:1]), rows]).astype(np.int32)
        for array in (self._row_of, self._rows):
            array.setflags(write=False)
        self._memory = ScoreMemory(self._arrays) if NAMES[0] in self._arrays else None

    @classmethod
    def load(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> LinearBackend:
        """Build from what a tagger folder holds; errors as the constructor."""
        return cls(LinearSettings.from_dict(settings), arrays)

    @classmethod
    def from_weights(
        cls,
        settings: LinearSettings,
        weights: NDArray[np.float64],
        bias: NDArray[np.float64],
        keep: int | None = None,
    ) -> LinearBackend:
        """Round trained weights and keep the buckets that carry any.

        Args:
            settings: What fixed the features in training.
            weights: (2**bits, types).
            bias: (types,).
            keep: How many buckets are kept at most, those of the largest weights (sum of squares);
                None keeps all.

        Returns:
            The back end; rounding moves a weight by at most half of max|weight| / 32767.
        """
        unit = max(float(np.abs(weights).max()), 1e-12) / _LARGEST
        whole = np.rint(weights / unit).astype(np.int16)
        buckets = np.flatnonzero(whole.any(axis=1)).astype(np.int32)
        if keep is not None and len(buckets) > keep:
            size = np.square(weights[buckets]).sum(axis=1)
            buckets = np.sort(buckets[np.argsort(-size, kind="stable")[:keep]])
        if not len(buckets):
            buckets = np.zeros(1, dtype=np.int32)
        arrays: dict[str, NDArray[Any]] = {
            "buckets": buckets,
            "rows": whole[buckets],
            "unit": np.array([unit]),
            "bias": bias.astype(np.float64),
        }
        return cls(settings, arrays)

    def with_memory(self, memory: Mapping[str, NDArray[Any]]) -> LinearBackend:
        """The same back end with the arrays of a `ScoreMemory`, in place of any it has."""
        return LinearBackend(self._settings, {**self._arrays, **memory})

    def _check(self) -> None:
        shapes = {k: v.shape for k, v in self._arrays.items()}
        remembers = any(name in shapes for name in NAMES)
        wanted = ["bias", "buckets", *(NAMES if remembers else ()), "rows", "unit"]
        rows = self._arrays.get("rows", np.zeros(0))
        buckets = self._arrays.get("buckets", np.zeros(0))
        fits = (
            sorted(shapes) == wanted
            and rows.ndim == 2
            and rows.shape[0] > 0
            and shapes["buckets"] == rows.shape[:1]
            and shapes["bias"] == rows.shape[1:]
            and shapes["unit"] == (1,)
            and int(buckets.min()) >= 0
            and int(buckets.max()) < 2**self._settings.bits
            and (not remembers or is_memory(self._arrays, rows.shape[1]))
        )
        if not fits:
            raise UserError(
                f"The linear tagger's arrays {shapes} do not fit together; train or fetch it again."
            )

    @property
    def types(self) -> int:
        """Number of types it scores."""
        return len(self._arrays["bias"])

    def start(self, question: str) -> FeatureExtractor:
        """Start a trace."""
        reader = TraceExtractor(question, self._settings.max_words)
        return reader if self._memory is None else _Remembering(self, reader, self._memory)

    def logits(self, steps: Sequence[Any]) -> NDArray[np.float64]:
        """Score steps.

        Args:
            steps: What extractors of any traces returned, in any order.

        Returns:
            (steps, types), bit for bit the same however the steps are batched.
        """
        if self._memory is None:
            return self.own_scores(steps)
        return np.array(steps).reshape(len(steps), self.types)

    def own_scores(self, steps: Sequence[StepFeatures]) -> NDArray[np.float64]:
        """Score steps by their own features alone: (steps, types), as `logits` in any batch."""
        out = np.empty((len(steps), self.types))
        unit = float(self._arrays["unit"][0])
        for begin, end in chunks(steps):
            folded = fold(steps[begin:end], self._settings.bits, self._settings.weights)
            rows = self._rows.take(self._row_of.take(folded.buckets), axis=0)
            out[begin:end] = self._arrays["bias"] + exact_sums(folded, rows, unit)
        return out


class _Remembering:
    """Reads one trace and scores its steps as it goes, as a step's scores depend on those before.

    Args:
        backend: Scores the steps by their own features.
        reader: Extracts these.
        memory: Weighs the scores.
    """

    def __init__(self, backend: LinearBackend, reader: TraceExtractor, memory: ScoreMemory) -> None:
        self._backend = backend
        self._reader = reader
        self._memory = memory
        self._before = memory.begin()

    def read(self, text: str) -> NDArray[np.float64]:
        """Take the next step's text; return its scores, (types,)."""
        return self.read_batch([text])[0]

    def read_batch(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """Take the texts of the next steps; return the scores of each."""
        if not texts:
            return []
        own = self._backend.own_scores(self._reader.read_batch(texts))
        scores, self._before = self._memory.weigh(own, self._before)
        return list(scores)


def chunks(steps: Sequence[StepFeatures]) -> Iterator[tuple[int, int]]:
    """Ranges of steps to be folded at once: small enough for the cache, a step is never cut."""
    begin = count = 0
    for end, step in enumerate(steps, start=1):
        count += 2 * len(step.words) + len(step.previous) + len(step.flags)
        if count >= _CHUNK or end == len(steps):
            yield begin, end
            begin, count = end, 0


def exact_sums(folded: Folded, rows: NDArray[np.signedinteger], unit: float) -> NDArray[np.float64]:
    """Sum the weights of each step's features.

    Args:
        folded: Features of some steps.
        rows: Weights of each feature in `folded.buckets`, whole numbers, (features, types).
        unit: What a weight of 1 stands for.

    Returns:
        (steps, types); sums of whole numbers, so a step's row does not depend on the others.
    """
    steps = folded.scale.shape[1]
    sums = np.add.reduceat(rows, folded.starts, axis=0, dtype=np.int32).reshape(4, steps, -1)
    scale = (unit * folded.scale)[:, :, None]
    total: NDArray[np.float64] = (
        (sums[0] + sums[1]) * scale[0] + sums[2] * scale[1] + sums[3] * scale[2]
    )
    return total
