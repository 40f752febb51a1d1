"""Training the student: on labels, on labels of other taxonomies too, or by distillation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tagger.backends.base import Backend
from tagger.backends.ensemble import EnsembleBackend, Member
from tagger.backends.student.backend import StudentBackend
from tagger.backends.student.network import Floats, compress
from tagger.backends.student.settings import StudentSettings
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy
from tagger.training.calibration import calibrate, scores_of_labels
from tagger.training.distillation import (
    Distillation,
    soft_label,
    unlabelled_traces,
    with_unsure_again,
)
from tagger.training.extra_labels import ExtraLabels
from tagger.training.soft_targets import (
    TargetPlan,
    TrainingTrace,
    targets_from_labels,
    targets_from_teachers,
)
from tagger.training.splits import Hidden, read_and_hold_out
from tagger.training.student.examples import Example, labelled_example, read_trace
from tagger.training.student.fit import FitSettings, fit
from tagger.training.student.initial import initial_weights, mean_weights
from tagger.training.trained import TrainedTagger

Say = Callable[[str], None]


@dataclass(frozen=True)
class StudentRecipe:
    """How a student is trained.

    Attributes:
        shape: Of the network.
        fitting: Of each network.
        members: Networks trained from different seeds; more than one make an ensemble.
        alternative: Share of the target that goes to a label's second plausible type.
        sentences: Share of labelled traces that are trained on cut into sentences as well, and of
            soft-labelled traces that are cut into sentences instead, in [0, 1].
        short: Shortened copies of each trace (`tagger.training.short_traces`).
        repeat_unsure: Share of the soft-labelled traces, those about which the teachers are least
            sure, that are trained on twice, in [0, 1].
        held_out: Share of questions held out for scores and temperature, in (0, 1).
        refit: Whether the tagger returned is trained once more, on the held-out traces too.
        average: Whether the weights of the members are averaged into one network, which costs no
            more than one; only for members fine-tuned from the same weights (Wortsman et al.
            2022, arXiv 2203.05482).
        seed: Chooses the held-out questions and, with a member's number, its weights.
    """

    shape: StudentSettings = StudentSettings()
    fitting: FitSettings = FitSettings()
    members: int = 1
    alternative: float = 0.2
    sentences: float = 0.0
    short: int = 0
    repeat_unsure: float = 0.0
    held_out: float = 0.15
    refit: bool = True
    average: bool = False
    seed: int = 0

    def plan(self, taxonomy: Taxonomy) -> TargetPlan:
        """How its soft targets are made."""
        return TargetPlan(taxonomy, self.alternative, self.sentences, self.short, self.seed)


def train_student(
    labelled_paths: Sequence[str | Path],
    recipe: StudentRecipe = StudentRecipe(),
    segmenter: Segmenter | None = None,
    *,
    taxonomy: Taxonomy = REASONTYPE,
    train_only: Sequence[str | Path] = (),
    extra: Sequence[ExtraLabels] = (),
    distillation: Distillation | None = None,
    init: FrozenTagger | None = None,
    say: Say = lambda line: None,
) -> TrainedTagger:
    """Train a student network, or an ensemble of them; one machine gives one result.

    Traces are held out by question, so no question is on both sides; traces for the teachers whose
    question is held out are dropped. Scores, temperature and logit bias come from networks that
    were trained without the held-out traces.

    Args:
        labelled_paths: JSONL files as `tagger.traces.labelled.read_labelled` takes them.
        recipe: How.
        segmenter: What cut their steps; `paragraph` if None. The tagger cuts with it later on.
        taxonomy: The types.
        train_only: More such files, of which nothing is held out.
        extra: Labels of other taxonomies, learned through auxiliary heads that are dropped at
            export.
        distillation: Teachers and the traces they tag; None trains on labels alone.
        init: A student of the same shape to fine-tune; None begins with random weights. Scores
            are honest only if it never saw the held-out questions.
        say: Takes a line on progress.

    Returns:
        The tagger and its scores.

    Raises:
        UserError: Malformed files, too few questions, a teacher of another taxonomy or segmenter,
            or one with no trace to tag; an `init` that is no student, or of another shape,
            taxonomy or segmenter; weights to be averaged without an `init`.
    """
    segmenter = segmenter or ParagraphSegmenter()
    start = initial_weights(init, recipe.shape, taxonomy, segmenter, recipe.average)
    if distillation:
        distillation.refuse_misfits(taxonomy, segmenter)
    held = read_and_hold_out(labelled_paths, taxonomy, recipe.seed, recipe.held_out, train_only)
    traces, kept, aside = held.traces, held.kept, held.aside
    # All files are read before the first step is looked at, so that a bad row is reported at once.
    unlabelled = unlabelled_traces(distillation, segmenter, Hidden(aside)) if distillation else []
    say(f"Reading {len(kept)} labelled traces, {len(aside)} held out.")
    heads = [len(taxonomy.types), *(len(e.taxonomy.types) for e in extra)]
    others = [
        labelled_example(trace, source.taxonomy, recipe.shape, head, recipe.alternative)
        for head, source in enumerate(extra, start=1)
        for trace in source.traces
    ]
    plan = recipe.plan(taxonomy)
    known = [_example(t, recipe) for t in targets_from_labels(kept, plan, distillation, say)]
    if distillation:
        soft = with_unsure_again(soft_label(distillation, unlabelled, say), recipe.repeat_unsure)
        for number, trace in enumerate(soft):
            others += [_example(t, recipe) for t in targets_from_teachers(trace, number, plan)]
    backend = _fit_members([*known, *others], heads, recipe, say, start)
    found = calibrate(scores_of_labels(backend, aside, taxonomy), taxonomy)
    scores = found.scores
    if recipe.refit:
        say(f"Held-out micro-F1 {scores.micro_f1:.3f}; training on all {len(traces)} traces.")
        rest = [_example(t, recipe) for t in targets_from_labels(aside, plan, distillation, say)]
        backend = _fit_members([*known, *rest, *others], heads, recipe, say, start)
    count = sum(len(t.labels) for t in (traces if recipe.refit else kept))
    about = _about([*labelled_paths, *train_only], extra, distillation, recipe, len(traces), count)
    if init:
        about["init"] = init.fingerprint
    about["held_out_scores"] = scores.as_dict()
    tagger = FrozenTagger(taxonomy, segmenter, backend, found.temperature, about, found.logit_bias)
    return TrainedTagger(tagger, scores, len(traces), count, len(aside))


def _fit_members(
    examples: Sequence[Example],
    heads: Sequence[int],
    recipe: StudentRecipe,
    say: Say,
    start: Mapping[str, Floats] | None,
) -> Backend:
    """Fit each network with its own seed."""
    networks = []
    for number in range(recipe.members):
        settings = replace(recipe.fitting, seed=1000 * recipe.seed + number)
        place = f"Network {number + 1} of {recipe.members}. " if recipe.members > 1 else ""
        tell = partial(_say_at, say, place)
        networks.append(fit(examples, heads, recipe.shape, settings, tell, start))
    if recipe.average:
        networks = [mean_weights(networks)]
    backends = [StudentBackend(recipe.shape, compress(weights)) for weights in networks]
    if len(backends) == 1:
        return backends[0]
    return EnsembleBackend([Member(b, 1.0) for b in backends])


def _say_at(say: Say, place: str, line: str) -> None:
    say(place + line)


def _example(trace: TrainingTrace, recipe: StudentRecipe) -> Example:
    return Example(read_trace(trace.question, trace.steps, recipe.shape), trace.targets)


def _about(
    paths: Sequence[str | Path],
    extra: Sequence[ExtraLabels],
    distillation: Distillation | None,
    recipe: StudentRecipe,
    traces: int,
    steps: int,
) -> dict[str, Any]:
    """Origin of the tagger, stored with it."""
    about: dict[str, Any] = {
        "data": [Path(p).name for p in paths],
        "traces": traces,
        "labelled_steps": steps,
        "seed": recipe.seed,
        "epochs": recipe.fitting.epochs,
    }
    if extra:
        about["extra"] = [labels.name for labels in extra]
    if distillation:
        about |= distillation.about()
    return about
