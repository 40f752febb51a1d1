"""Training the linear tagger on labelled traces, and on what teachers make of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.features.step_features import StepFeatures, TraceReader, fold
from tagger.backends.linear import LinearBackend, LinearSettings
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy
from tagger.training.calibration import calibrate, scores_of_labels
from tagger.training.distillation import Teaching, teach, unlabelled_traces
from tagger.training.soft_targets import Lesson, LessonPlan, labelled_lessons, taught_lessons
from tagger.training.splits import Hidden, read_and_hold_out
from tagger.training.trained import TrainedTagger

_NEVER = -30.0  # bias of a type that nothing names: probability about 1e-13
_LEAST_SHARE = 0.1  # what a teacher thinks less likely is left to a step's other types


@dataclass(frozen=True)
class LinearRecipe:
    """How a linear tagger is trained.

    Attributes:
        shape: Of the features.
        strength: Inverse of the L2 penalty.
        max_iterations: Of the optimiser (L-BFGS).
        alternative: Share of the target that goes to a label's second plausible type.
        sentences: Share of labelled traces that are also learnt cut into sentences, and of
            taught traces that are learnt so instead, in [0, 1].
        short: Shortened copies learnt of each trace (`tagger.training.short_traces`).
        held_out: Share of questions held out for scores and temperature, in (0, 1).
        seed: Chooses the held-out questions, what is cut into sentences, and the copies.
    """

    shape: LinearSettings = LinearSettings()
    strength: float = 3.0
    max_iterations: int = 100
    alternative: float = 0.0
    sentences: float = 0.0
    short: int = 0
    held_out: float = 0.15
    seed: int = 0


@dataclass(frozen=True)
class _Examples:
    """Steps, each as often as it has types, with that type's share.

    Attributes:
        features: Of each step.
        steps: Index of an example's step.
        types: Index of its type.
        shares: What it counts; those of a step sum to 1.
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
    beside: Sequence[str | Path] = (),
    teaching: Teaching | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> TrainedTagger:
    """Train a linear tagger; the same input gives the same fingerprint.

    Traces are held out by question, so no question stands on both sides; a trace to be taught
    whose question is held out is left out. Scores, temperature and handicap come from a model
    trained without the held-out traces; the tagger returned is then trained on all labels.

    Args:
        labelled_paths: JSONL files as `tagger.traces.labelled.read_labelled` takes them.
        recipe: How.
        segmenter: What cut their steps; `paragraph` if None. The tagger cuts with it later on.
        taxonomy: The types.
        beside: More such files, only trained on; nothing is held out of them.
        teaching: Teachers and the traces they tag.
        say: Takes a line on progress.

    Returns:
        The tagger and its scores.

    Raises:
        UserError: Malformed files, too few questions or types to train and score on, a teacher of
            another taxonomy or segmenter, or one with no trace to tag.
    """
    segmenter = segmenter or ParagraphSegmenter()
    if teaching:
        teaching.refuse_misfits(taxonomy, segmenter)
    held = read_and_hold_out(labelled_paths, taxonomy, recipe.seed, recipe.held_out, beside)
    traces, kept, aside = held.traces, held.kept, held.aside
    unlabelled = unlabelled_traces(teaching, segmenter, Hidden(aside)) if teaching else []
    say(f"Training on {len(kept)} traces, {len(aside)} held out.")
    plan = LessonPlan(
        taxonomy, recipe.alternative, recipe.sentences, recipe.short, recipe.seed,
        longest=None, least=_LEAST_SHARE,
    )  # fmt: skip
    lessons = list(labelled_lessons(kept, plan, teaching, say))
    if teaching:
        for number, trace in enumerate(teach(teaching, unlabelled, say)):
            lessons += taught_lessons(trace, f"taught {number}", plan)
    train = _examples(lessons, recipe.shape)
    say(f"Fitting {len(train.types):,} examples.")
    backend = _fit(train, recipe, taxonomy)
    found = calibrate(*scores_of_labels(backend, aside, taxonomy), taxonomy)
    scores = found.scores
    say(f"Held-out micro-F1 {scores.micro_f1:.3f}; training on all {len(traces)} traces.")
    rest = _examples(labelled_lessons(aside, plan, teaching, say), recipe.shape)
    final = _fit(_joined(train, rest), recipe, taxonomy)
    count = sum(len(trace.labels) for trace in traces)
    about = {
        "data": [Path(p).name for p in (*labelled_paths, *beside)],
        "traces": len(traces),
        "labelled_steps": count,
        "seed": recipe.seed,
        "strength": recipe.strength,
        "alternative": recipe.alternative,
        "sentences": recipe.sentences,
        "short": recipe.short,
        "held_out_scores": scores.as_dict(),
    }
    if teaching:
        about |= teaching.about()
    tagger = FrozenTagger(taxonomy, segmenter, final, found.temperature, about, found.handicaps)
    return TrainedTagger(tagger, scores, len(traces), count, len(aside))


def _joined(first: _Examples, second: _Examples) -> _Examples:
    return _Examples(
        first.features + second.features,
        np.concatenate([first.steps, second.steps + len(first.features)]),
        np.concatenate([first.types, second.types]),
        np.concatenate([first.shares, second.shares]),
    )


def _examples(lessons: Iterable[Lesson], settings: LinearSettings) -> _Examples:
    """Read lessons; a step whose target is a mixture gives an example of each of its types."""
    features: list[StepFeatures] = []
    steps: list[int] = []
    types: list[int] = []
    shares: list[float] = []
    for lesson in lessons:
        reader = TraceReader(lesson.question, settings.max_words)
        for text, target in zip(lesson.steps, lesson.targets, strict=True):
            seen = reader.read(text)
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
