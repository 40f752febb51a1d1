"""Training the linear tagger on labelled traces, and by distillation on others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.features.step_features import StepFeatures, TraceExtractor, fold
from tagger.backends.linear import LinearBackend, LinearSettings
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy
from tagger.training.calibration import calibrate, scores_of_labels
from tagger.training.distillation import Distillation, soft_label, unlabelled_traces
from tagger.training.soft_targets import (
    TargetPlan,
    TrainingTrace,
    targets_from_labels,
    targets_from_teachers,
)
from tagger.training.splits import Hidden, read_and_hold_out
from tagger.training.trained import TrainedTagger

_NEVER = -30.0  # bias of a type without examples: probability about 1e-13
_MIN_TEACHER_PROB = 0.1


@dataclass(frozen=True)
class LinearRecipe:
    """How a linear tagger is trained.

    Attributes:
        shape: Of the features.
        strength: Inverse of the L2 penalty.
        max_iterations: Of the optimiser (L-BFGS).
        alternative: Share of the target that goes to a label's second plausible type.
        sentences: Share of labelled traces that are trained on cut into sentences as well, and of
            soft-labelled traces that are cut into sentences instead, in [0, 1].
        short: Shortened copies of each trace (`tagger.training.short_traces`).
        held_out: Share of questions held out for scores and temperature, in (0, 1).
        refit: Whether the tagger returned is trained once more, on the held-out traces too.
        seed: Chooses the held-out questions, what is cut into sentences, and the copies.
    """

    shape: LinearSettings = LinearSettings()
    strength: float = 3.0
    max_iterations: int = 100
    alternative: float = 0.0
    sentences: float = 0.0
    short: int = 0
    held_out: float = 0.15
    refit: bool = True
    seed: int = 0


@dataclass(frozen=True)
class _Examples:
    """Steps, each once for every type in its target, weighted by the type's probability.

    Attributes:
        features: Of each step.
        steps: Index of an example's step.
        types: Index of its type.
        shares: Weight of each example; those of a step sum to 1.
    """

    features: list[StepFeatures]
    steps: NDArray[np.int64]
    types: NDArray[np.int64]
    shares: NDArray[np.float64]


def train_linear(
    labelled_paths: Sequence[str | Path],
    recipe: LinearRecipe = LinearRecipe(),
    segmenter: Segmenter | None = None,
    *,
    taxonomy: Taxonomy = REASONTYPE,
    train_only: Sequence[str | Path] = (),
    distillation: Distillation | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> TrainedTagger:
    """Train a linear tagger; the same input gives the same fingerprint.

    Traces are held out by question, so no question is on both sides; traces for the teachers whose
    question is held out are dropped. Scores, temperature and logit bias come from a model trained
    without the held-out traces; with `LinearRecipe.refit` the tagger returned is then trained on
    all labels.

    Args:
        labelled_paths: JSONL files as `tagger.traces.labelled.read_labelled` takes them.
        recipe: How.
        segmenter: What cut their steps; `paragraph` if None. The tagger cuts with it later on.
        taxonomy: The types.
        train_only: More such files, of which nothing is held out.
        distillation: Teachers and the traces they tag; None trains on labels alone.
        say: Takes a line on progress.

    Returns:
        The tagger and its scores.

    Raises:
        UserError: Malformed files, too few questions or types to train and score on, a teacher of
            another taxonomy or segmenter, or one with no trace to tag.
    """
    segmenter = segmenter or ParagraphSegmenter()
    if distillation:
        distillation.refuse_misfits(taxonomy, segmenter)
    held = read_and_hold_out(labelled_paths, taxonomy, recipe.seed, recipe.held_out, train_only)
    traces, kept, aside = held.traces, held.kept, held.aside
    unlabelled = unlabelled_traces(distillation, segmenter, Hidden(aside)) if distillation else []
    say(f"Training on {len(kept)} traces, {len(aside)} held out.")
    plan = TargetPlan(
        taxonomy, recipe.alternative, recipe.sentences, recipe.short, recipe.seed,
        max_steps=None, min_teacher_prob=_MIN_TEACHER_PROB,
    )  # fmt: skip
    training = list(targets_from_labels(kept, plan, distillation, say))
    if distillation:
        for number, trace in enumerate(soft_label(distillation, unlabelled, say)):
            training += targets_from_teachers(trace, number, plan)
    train = _examples(training, recipe.shape)
    say(f"Fitting {len(train.types):,} examples.")
    backend = _fit(train, recipe, taxonomy)
    found = calibrate(scores_of_labels(backend, aside, taxonomy), taxonomy)
    scores = found.scores
    if recipe.refit:
        say(f"Held-out micro-F1 {scores.micro_f1:.3f}; training on all {len(traces)} traces.")
        rest = _examples(targets_from_labels(aside, plan, distillation, say), recipe.shape)
        backend = _fit(_joined(train, rest), recipe, taxonomy)
    count = sum(len(trace.labels) for trace in (traces if recipe.refit else kept))
    about = {
        "data": [Path(p).name for p in (*labelled_paths, *train_only)],
        "traces": len(traces),
        "labelled_steps": count,
        "seed": recipe.seed,
        "strength": recipe.strength,
        "alternative": recipe.alternative,
        "sentences": recipe.sentences,
        "short": recipe.short,
        "held_out_scores": scores.as_dict(),
    }
    if distillation:
        about |= distillation.about()
    tagger = FrozenTagger(taxonomy, segmenter, backend, found.temperature, about, found.logit_bias)
    return TrainedTagger(tagger, scores, len(traces), count, len(aside))


def _joined(first: _Examples, second: _Examples) -> _Examples:
    return _Examples(
        first.features + second.features,
        np.concatenate([first.steps, second.steps + len(first.features)]),
        np.concatenate([first.types, second.types]),
        np.concatenate([first.shares, second.shares]),
    )


def _examples(traces: Iterable[TrainingTrace], settings: LinearSettings) -> _Examples:
    """Extract features; a step with a soft target gives an example for each of its types."""
    features: list[StepFeatures] = []
    steps: list[int] = []
    types: list[int] = []
    shares: list[float] = []
    for trace in traces:
        extractor = TraceExtractor(trace.question, settings.max_words)
        for text, target in zip(trace.steps, trace.targets, strict=True):
            seen = extractor.read(text)
            likely = np.flatnonzero(target)
            if not len(likely):
                continue
            steps += [len(features)] * len(likely)
            features.append(seen)
            types += likely.tolist()
            shares += (target[likely].astype(np.float64) / float(target[likely].sum())).tolist()
    return _Examples(
        features, np.array(steps, dtype=np.int64), np.array(types, dtype=np.int64), np.array(shares)
    )


def _fit(examples: _Examples, recipe: LinearRecipe, taxonomy: Taxonomy) -> LinearBackend:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    settings = recipe.shape
    present = np.unique(examples.types)
    if len(present) < 2:
        raise UserError("The labels name a single type; label steps of at least two types.")
    matrix = _matrix(examples.features, settings)
    columns = np.unique(matrix.indices)
    rows = matrix[:, columns][examples.steps]
    model = LogisticRegression(C=recipe.strength, max_iter=recipe.max_iterations, tol=1e-3)
    with warnings.catch_warnings():  # the penalty, not the last digit of the optimum, matters
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows, examples.types, sample_weight=examples.shares)
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
