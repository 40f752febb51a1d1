"""Training the linear tagger on labelled traces, and by distillation on others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger.backends.linear import LinearBackend, LinearSettings
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy
from tagger.training.calibration import calibrate, scores_of_labels
from tagger.training.distillation import Distillation, soft_label, unlabelled_traces
from tagger.training.linear.fit import Penalty, ReadTrace, fit_words, with_features
from tagger.training.linear.memory import fit_memory
from tagger.training.soft_targets import (
    TargetPlan,
    targets_from_labels,
    targets_from_teachers,
)
from tagger.training.splits import Hidden, read_and_hold_out
from tagger.training.trained import TrainedTagger

_MIN_TEACHER_PROB = 0.1


@dataclass(frozen=True)
class LinearRecipe:
    """How a linear tagger is trained.

    Attributes:
        shape: Of the features.
        strength: Inverse of the L2 penalty.
        max_iterations: Of the optimiser (L-BFGS).
        memory: Steps back whose types, as the tagger sees them, count for a step's type
            (`tagger.backends.score_memory`); 0 is none.
        keep: Buckets that are kept at most, those of the largest weights; None keeps all.
        emphasis: What a step of a labelled trace counts against one that teachers tagged.
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
    memory: int = 0
    keep: int | None = 60_000
    emphasis: float = 1.0
    alternative: float = 0.0
    sentences: float = 0.0
    short: int = 0
    held_out: float = 0.15
    refit: bool = True
    seed: int = 0


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
    labelled = targets_from_labels(kept, plan, distillation, say)
    train = with_features(labelled, recipe.shape, recipe.emphasis)
    if distillation:
        for number, soft in enumerate(soft_label(distillation, unlabelled, say)):
            train += with_features(targets_from_teachers(soft, number, plan), recipe.shape, 1.0)
    say(f"Fitting {sum(np.count_nonzero(trace.targets) for trace in train):,} examples.")
    backend = _fit(train, recipe)
    found = calibrate(scores_of_labels(backend, aside, taxonomy), taxonomy)
    scores = found.scores
    if recipe.refit:
        say(f"Held-out micro-F1 {scores.micro_f1:.3f}; training on all {len(traces)} traces.")
        rest = targets_from_labels(aside, plan, distillation, say)
        backend = _fit([*train, *with_features(rest, recipe.shape, recipe.emphasis)], recipe)
    count = sum(len(trace.labels) for trace in (traces if recipe.refit else kept))
    about = {
        "data": [Path(p).name for p in (*labelled_paths, *train_only)],
        "traces": len(traces),
        "labelled_steps": count,
        "seed": recipe.seed,
        "strength": recipe.strength,
        "memory": recipe.memory,
        "emphasis": recipe.emphasis,
        "alternative": recipe.alternative,
        "sentences": recipe.sentences,
        "short": recipe.short,
        "held_out_scores": scores.as_dict(),
    }
    if distillation:
        about |= distillation.about()
    tagger = FrozenTagger(taxonomy, segmenter, backend, found.temperature, about, found.logit_bias)
    return TrainedTagger(tagger, scores, len(traces), count, len(aside))


def _fit(traces: Sequence[ReadTrace], recipe: LinearRecipe) -> LinearBackend:
    """Fit the weights of words, and then the memory."""
    penalty = Penalty(recipe.strength, recipe.max_iterations)
    backend = fit_words(traces, recipe.shape, penalty, recipe.keep)
    return fit_memory(backend, traces, recipe.memory, penalty) if recipe.memory else backend
