"""Training the linear tagger on labelled traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.calibration import COUNTED, calibrate
from tagger.data import LabelledTrace
from tagger.errors import UserError
from tagger.features import StepFeatures, TraceReader, fold
from tagger.frozen import FrozenTagger
from tagger.linear import LinearBackend, LinearSettings
from tagger.scoring import Scores
from tagger.segmentation import ParagraphSegmenter
from tagger.shortening import shorten
from tagger.splits import read_and_hold_out
from tagger.steps import Segmenter
from tagger.taxonomy import REASONTYPE, Taxonomy

_NEVER = -30.0  # bias of a type the labels never name: probability about 1e-13


@dataclass(frozen=True)
class TrainedTagger:
    """What training gives back.

    Attributes:
        tagger: Trained on all traces, or on those that were not held out (see the trainer).
        scores: Of the tagger, or a twin, trained without the held-out traces, on those traces.
        traces: How many traces were read.
        steps: How many labelled steps they hold.
        held_out: How many of the traces were held out.
    """

    tagger: FrozenTagger
    scores: Scores
    traces: int
    steps: int
    held_out: int


@dataclass(frozen=True)
class _Examples:
    """Features and type index of labelled steps."""

    features: list[StepFeatures]
    types: NDArray[np.int64]


def train_linear(
    labelled_paths: Sequence[str | Path],
    segmenter: Segmenter | None = None,
    seed: int = 0,
    *,
    taxonomy: Taxonomy = REASONTYPE,
    beside: Sequence[str | Path] = (),
    settings: LinearSettings | None = None,
    strength: float = 3.0,
    short: int = 0,
    held_out: float = 0.15,
    max_iterations: int = 100,
    say: Callable[[str], None] = lambda line: None,
) -> TrainedTagger:
    """Train a linear tagger; the same input gives the same fingerprint.

    Traces are held out by question, so no question stands on both sides. Scores,
    temperature and handicap come from a model trained without the held-out traces; the tagger
    returned is then trained on all of them.

    Args:
        labelled_paths: JSONL files as `tagger.data.read_labelled` takes them.
        segmenter: What cut their steps; `paragraph` if None. The tagger cuts with it later on.
        seed: Chooses the held-out questions.
        taxonomy: The types.
        beside: More such files, only trained on; nothing is held out of them.
        settings: Of the features.
        strength: Inverse of the L2 penalty.
        short: Shortened copies learnt of each trace (`tagger.shortening`).
        held_out: Share of questions held out for scores and temperature, in (0, 1).
        max_iterations: Of the optimiser (L-BFGS).
        say: Takes a line on progress.

    Returns:
        The tagger and its scores.

    Raises:
        UserError: Malformed files, or too few questions or types to train and score on.
    """
    settings = settings or LinearSettings()
    held = read_and_hold_out(labelled_paths, taxonomy, seed, held_out, beside)
    traces, kept, aside = held.traces, held.kept, held.aside
    say(f"Training on {len(kept)} traces, {len(aside)} held out.")
    train, test = (_examples(part, settings, taxonomy) for part in (kept, aside))
    pieces = [piece for trace in kept for piece in _short_copies(trace, taxonomy, short, seed)]
    train = _joined(train, _examples(pieces, settings, taxonomy))
    backend = _fit(train, settings, taxonomy, strength, max_iterations)
    found = calibrate(backend.logits(test.features), test.types, taxonomy)
    scores = found.scores
    say(f"Held-out micro-F1 {scores.micro_f1:.3f}; training on all {len(traces)} traces.")
    pieces = [piece for trace in aside for piece in _short_copies(trace, taxonomy, short, seed)]
    everything = _joined(_joined(train, test), _examples(pieces, settings, taxonomy))
    count = sum(len(trace.labels) for trace in traces)
    final = _fit(everything, settings, taxonomy, strength, max_iterations)
    about = {
        "data": [Path(p).name for p in (*labelled_paths, *beside)],
        "traces": len(traces),
        "labelled_steps": count,
        "seed": seed,
        "strength": strength,
        "held_out_scores": scores.as_dict(),
    }
    tagger = FrozenTagger(
        taxonomy, segmenter or ParagraphSegmenter(), final, found.temperature, about,
        found.handicaps,
    )  # fmt: skip
    return TrainedTagger(tagger, scores, len(traces), count, len(aside))


def _short_copies(
    trace: LabelledTrace, taxonomy: Taxonomy, copies: int, seed: int
) -> Iterator[LabelledTrace]:
    """Shortened copies of a trace, labelled where the type can still be told."""
    check = taxonomy.get(COUNTED).name if COUNTED in taxonomy.tags else ""
    checks = [trace.labels.get(i) == check for i in range(len(trace.steps))]
    for number in range(copies):
        piece = shorten(trace.steps, checks, Random(f"{seed}:{trace.id} short {number}"))
        labels = {
            place: trace.labels[step]
            for place, (step, clear) in enumerate(zip(piece.steps, piece.clear, strict=True))
            if clear and step in trace.labels
        }
        if labels:
            yield replace(trace, steps=tuple(trace.steps[i] for i in piece.steps), labels=labels)


def _joined(first: _Examples, second: _Examples) -> _Examples:
    return _Examples(first.features + second.features, np.concatenate([first.types, second.types]))


def _examples(
    traces: Sequence[LabelledTrace], settings: LinearSettings, taxonomy: Taxonomy
) -> _Examples:
    features, types = [], []
    for trace in traces:
        reader = TraceReader(trace.question, settings.max_words)
        for i, text in enumerate(trace.steps):
            seen = reader.read(text)
            if i in trace.labels:
                features.append(seen)
                types.append(taxonomy.index(trace.labels[i]))
    return _Examples(features, np.array(types, dtype=np.int64))


def _fit(
    examples: _Examples,
    settings: LinearSettings,
    taxonomy: Taxonomy,
    strength: float,
    max_iterations: int,
) -> LinearBackend:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    present = np.unique(examples.types)
    if len(present) < 2:
        raise UserError("The labels name a single type; label steps of at least two types.")
    matrix = _matrix(examples.features, settings)
    columns = np.unique(matrix.indices)
    model = LogisticRegression(C=strength, max_iter=max_iterations, tol=1e-3)
    with warnings.catch_warnings():  # the penalty, not the last digit of the optimum, matters
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(matrix[:, columns], examples.types)
    weight, bias = model.coef_, model.intercept_
    if len(present) == 2:  # one row for two types: half of it each way
        weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    weights = np.zeros((2**settings.bits, len(taxonomy.types)))
    biases = np.full(len(taxonomy.types), _NEVER)
    weights[np.ix_(columns, present)] = weight.T
    biases[present] = bias - bias.mean()
    return LinearBackend.from_weights(settings, weights, biases)


def _matrix(features: list[StepFeatures], settings: LinearSettings) -> Any:
    """Features of many steps as a scipy CSR matrix, (steps, 2**bits)."""
    from scipy.sparse import csr_matrix

    count, shape = len(features), (len(features), 2**settings.bits)
    folded = fold(features, settings.bits, settings.weights)
    edges = np.append(folded.starts, len(folded.buckets))
    total = csr_matrix(shape)
    for group, scale in enumerate(folded.scale[[0, 0, 1, 2]]):
        ends = edges[group * count : (group + 1) * count + 1]
        values = np.repeat(scale, np.diff(ends))
        buckets = folded.buckets[ends[0] : ends[-1]]
        total = total + csr_matrix((values, buckets, ends - ends[0]), shape=shape)
    return total
