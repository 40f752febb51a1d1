"""Transfer: trained on one group of traces, tested on each other.

Questions are dealt to folds once, for all groups together. A tagger trained on a group without a
fold's questions is tested on that fold of every group, its own included; the folds are then scored
as one. So each trace is tested once, and no question is ever on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tagger.errors import UserError
from tagger.evaluation.bootstrap import RESAMPLES, Estimate, estimate
from tagger.evaluation.headline import headline
from tagger.evaluation.label_files import LabelledFile, labelled_steps
from tagger.evaluation.label_space import space_between
from tagger.evaluation.predictions import Predictions, join, predict
from tagger.steps import StepTagger
from tagger.taxonomies.files import TypeMap
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.splits import bare_question, in_drawn_order, question_of

OTHERS = "all others"
BY = ("source", "dataset", "model", "file")
"""What groups may be made by: a field of the rows, or the file."""


class Fit(Protocol):
    """Trains a tagger, of any back end."""

    def __call__(
        self, traces: Sequence[LabelledTrace], taxonomy: Taxonomy, seed: int
    ) -> StepTagger:
        """Train on labelled traces of one taxonomy; the same input gives the same tagger."""
        ...


@dataclass(frozen=True)
class Group:
    """Traces of one origin, with the mapping of their labels' taxonomy."""

    name: str
    traces: tuple[LabelledTrace, ...]
    type_map: TypeMap


@dataclass(frozen=True)
class Cell:
    """Metrics of a tagger trained on one group and tested on another.

    Attributes:
        trained: Group it was trained on, or `OTHERS`.
        tested: Group it was tested on.
        taxonomy: Name of the taxonomy in which they are compared.
        training_steps: Labelled steps behind it, mean over folds.
        steps: Labelled steps tested.
        micro_f1: With its interval over traces.
        verification_f1: The same; None where the taxonomy has no verification type.
    """

    trained: str
    tested: str
    taxonomy: str
    training_steps: int
    steps: int
    micro_f1: Estimate
    verification_f1: Estimate | None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        f1 = self.verification_f1
        return {
            "trained": self.trained,
            "tested": self.tested,
            "taxonomy": self.taxonomy,
            "training_steps": self.training_steps,
            "steps": self.steps,
            "micro_f1": self.micro_f1.as_dict(),
            "verification_f1": None if f1 is None else f1.as_dict(),
        }


def group_traces(
    files: Sequence[tuple[LabelledFile, TypeMap]], by: str, min_labels: int
) -> tuple[list[Group], dict[str, int]]:
    """Group the traces of files.

    Args:
        files: From `tagger.evaluation.label_files.read_with_taxonomies`.
        by: One of `BY`; values of different taxonomies make groups of their own.
        min_labels: Groups with fewer labelled steps are left out.

    Returns:
        The groups, the largest first, and the labelled steps of those left out.

    Raises:
        UserError: A row lacks the field, or fewer than two groups are large enough.
    """
    found: dict[tuple[str, str], list[LabelledTrace]] = {}
    maps: dict[str, TypeMap] = {}
    for file, type_map in files:
        maps[file.taxonomy] = type_map
        for trace in file.traces:
            value = file.name if by == "file" else trace.about.get(by)
            if not isinstance(value, str) or not value:
                raise UserError(
                    f'{file.name}: trace {trace.id!r} names no "{by}"; add the field to its row or '
                    "group with --by file."
                )
            found.setdefault((value, file.taxonomy), []).append(trace)
    several = len(maps) > 1
    groups, small = [], {}
    for (value, taxonomy), traces in found.items():
        name = f"{value} ({taxonomy})" if several else value
        if labelled_steps(traces) < min_labels:
            small[name] = labelled_steps(traces)
        else:
            groups.append(Group(name, tuple(traces), maps[taxonomy]))
    if len(groups) < 2:
        raise UserError(
            f"Grouping by {by} gives {len(groups)} groups of at least {min_labels} labelled "
            "steps; a transfer needs two: give more files, another --by, or a smaller --min-labels."
        )
    return sorted(groups, key=lambda g: -labelled_steps(g.traces)), small


def transfer(
    groups: Sequence[Group],
    fit: Fit,
    *,
    folds: int = 2,
    others: bool = False,
    seed: int = 0,
    resamples: int = RESAMPLES,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Cell]:
    """Train on each group and test on each.

    Args:
        groups: At least two.
        fit: Trains a tagger.
        folds: Parts the questions are dealt to; each is tested once.
        others: Whether to train on all other groups of a group's taxonomy too, without its
            questions.
        seed: Deals the questions, and seeds training and bootstrap.
        resamples: Of the bootstrap over traces.
        progress: Called with how many trainings are done, and of how many.

    Returns:
        A cell for each pair, by trained group, then by tested one.

    Raises:
        UserError: What a fit refuses, e.g. labels of a single type.
    """
    fold_of = _deal({question_of(t) for g in groups for t in g.traces}, seed, folds)
    pooled = [(g, _others(g, groups)) for g in groups] if others else []
    pooled = [(g, rest) for g, rest in pooled if rest]
    done, total = 0, folds * len(groups) + len(pooled)
    cells = []
    for source in groups:
        parts: dict[str, list[Predictions]] = {g.name: [] for g in groups}
        sizes = []
        for fold in range(folds):
            kept = [t for t in source.traces if fold_of[question_of(t)] != fold]
            tagger = _fitted(fit, kept, source.type_map, seed, source.name)
            sizes.append(labelled_steps(kept))
            for g in groups:
                aside = [t for t in g.traces if fold_of[question_of(t)] == fold]
                parts[g.name] += _predict_group(tagger, source.type_map, aside, g.type_map)
            done += 1
            progress(done, total)
        size = round(sum(sizes) / folds)
        for name, found in parts.items():
            cells += _cells(source.name, name, size, found, seed, resamples)
    for target, rest in pooled:
        tagger = _fitted(fit, rest, target.type_map, seed, OTHERS)
        found = _predict_group(tagger, target.type_map, target.traces, target.type_map)
        cells += _cells(OTHERS, target.name, labelled_steps(rest), found, seed, resamples)
        done += 1
        progress(done, total)
    return cells


def _others(target: Group, groups: Sequence[Group]) -> list[LabelledTrace]:
    """Traces of all other groups of its taxonomy, without its questions; none of fewer than two."""
    name = target.type_map.taxonomy.name
    rest = [g for g in groups if g is not target and g.type_map.taxonomy.name == name]
    aside = {bare_question(t) for t in target.traces}
    if len(rest) < 2:
        return []
    return [t for g in rest for t in g.traces if bare_question(t) not in aside]


def _predict_group(
    tagger: StepTagger, own: TypeMap, traces: Sequence[LabelledTrace], labels: TypeMap
) -> list[Predictions]:
    """Predictions on the traces, or nothing if none of their labels counts."""
    space = space_between(own.taxonomy, labels, own)
    if not any(space.labels[label] for t in traces for label in t.labels.values()):
        return []
    return [predict(tagger, traces, space)]


def _fitted(
    fit: Fit, traces: Sequence[LabelledTrace], type_map: TypeMap, seed: int, name: str
) -> StepTagger:
    try:
        return fit(traces, type_map.taxonomy, seed)
    except UserError as error:
        raise UserError(f"Training on {name}: {error}") from error


def _cells(
    trained: str, tested: str, size: int, parts: Sequence[Predictions], seed: int, resamples: int
) -> list[Cell]:
    """One cell, or none if nothing was tested."""
    if not parts:
        return []
    predictions = join(parts)
    micro, check = headline(predictions, seed, resamples)
    return [
        Cell(
            trained=trained,
            tested=tested,
            taxonomy=predictions.taxonomy.name,
            training_steps=size,
            steps=len(predictions.true),
            micro_f1=estimate(micro, predictions.traces),
            verification_f1=None if check is None else estimate(check, predictions.traces),
        )
    ]


def _deal(questions: set[str], seed: int, folds: int) -> dict[str, int]:
    """Deal questions to folds of equal size."""
    return {q: i % folds for i, q in enumerate(in_drawn_order(questions, seed))}
