"""Learning curve: metrics against the number of labels."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import UserError
from tagger.evaluation.bootstrap import RESAMPLES, Estimate, estimate
from tagger.evaluation.headline import headline
from tagger.evaluation.label_files import labelled_steps
from tagger.evaluation.label_space import space_between
from tagger.evaluation.predictions import predict
from tagger.evaluation.transfer import Fit
from tagger.taxonomies.files import TypeMap
from tagger.traces.labelled import LabelledTrace
from tagger.training.splits import bare_question


@dataclass(frozen=True)
class Run:
    """One training: its seed, the labels it had, and its headline metrics on the test traces."""

    seed: int
    steps: int
    traces: int
    micro_f1: float
    verification_f1: float | None


@dataclass(frozen=True)
class Point:
    """A size of the curve.

    Attributes:
        size: Labelled steps asked for.
        runs: Its trainings, one a seed.
        micro_f1: Mean over the runs; interval over test traces.
        verification_f1: The same; None where the taxonomy has no verification type.
    """

    size: int
    runs: tuple[Run, ...]
    micro_f1: Estimate
    verification_f1: Estimate | None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        f1 = self.verification_f1
        return {
            "size": self.size,
            "micro_f1": self.micro_f1.as_dict(),
            "verification_f1": None if f1 is None else f1.as_dict(),
            "runs": [asdict(run) for run in self.runs],
        }


def subsample(traces: Sequence[LabelledTrace], size: int, seed: int) -> list[LabelledTrace]:
    """Whole traces in random order until they hold `size` labelled steps.

    For one seed a smaller sample is a part of a larger one.
    """
    order = list(traces)
    random.Random(seed).shuffle(order)
    taken, steps = [], 0
    for trace in order:
        if steps >= size:
            break
        taken.append(trace)
        steps += len(trace.labels)
    return taken


def without_questions_of(
    traces: Sequence[LabelledTrace], test: Sequence[LabelledTrace]
) -> list[LabelledTrace]:
    """Traces whose question no test trace answers."""
    aside = {bare_question(t) for t in test}
    return [t for t in traces if bare_question(t) not in aside]


def learning_curve(
    train: Sequence[LabelledTrace],
    test: Sequence[LabelledTrace],
    sizes: Sequence[int],
    fit: Fit,
    train_map: TypeMap,
    test_map: TypeMap,
    *,
    seeds: int = 3,
    seed: int = 0,
    resamples: int = RESAMPLES,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Point]:
    """Train on samples of several sizes and test each tagger.

    Args:
        train: Labelled traces to sample from; those with a question of `test` are left out.
        test: Labelled traces to test on.
        sizes: Labelled steps of the samples; each sample is of whole traces and just as large.
        fit: Trains a tagger.
        train_map: Taxonomy of the training labels and its mapping.
        test_map: The same of the test labels.
        seeds: Samples of each size; a size that takes every trace is trained once.
        seed: The first of the seeds.
        resamples: Of the bootstrap over test traces.
        progress: Called with how many trainings are done, and of how many.

    Returns:
        A point for each size, the smallest first.

    Raises:
        UserError: A size that is no positive number or beyond what there is, or what a fit
            refuses.
    """
    train = without_questions_of(train, test)
    most = labelled_steps(train)
    for size in sizes:
        if not 1 <= size <= most:
            raise UserError(
                f"--sizes: {size} is not between 1 and {most}, the labelled steps left once the "
                "questions of the test traces are taken out."
            )
    space = space_between(train_map.taxonomy, test_map, train_map)
    plan = [(s, range(seed, seed + (1 if s == most else seeds))) for s in sorted(set(sizes))]
    total, done, points = sum(len(r) for _, r in plan), 0, []
    for size, drawn in plan:
        runs: list[Run] = []
        micros: list[NDArray[np.float64]] = []
        checks: list[NDArray[np.float64]] = []
        tested = 0
        for each in drawn:
            sample = subsample(train, size, each)
            predictions = predict(fit(sample, train_map.taxonomy, each), test, space)
            micro, check = headline(predictions, seed, resamples)
            tested = predictions.traces
            micros.append(micro)
            if check is not None:
                checks.append(check)
            f1 = None if check is None else round(float(np.nan_to_num(check[0])), 6)
            figures = (round(float(micro[0]), 6), f1)
            runs.append(Run(each, labelled_steps(sample), len(sample), *figures))
            done += 1
            progress(done, total)
        points.append(
            Point(
                size,
                tuple(runs),
                estimate(np.mean(micros, axis=0), tested),
                estimate(np.mean(checks, axis=0), tested) if checks else None,
            )
        )
    return points
