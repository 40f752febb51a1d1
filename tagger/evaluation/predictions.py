"""True and predicted types of labelled steps, as plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import UserError
from tagger.evaluation.label_space import LabelSpace, same_space
from tagger.mapped import own_factors
from tagger.steps import StepTagger, steps_from_texts
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.thinking.keywords import KEYWORD_LISTS, has_keyword
from tagger.traces.labelled import LabelledTrace
from tagger.training.splits import half_of, question_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_CHUNK = 32  # traces tagged at once


@dataclass(frozen=True)
class Predictions:
    """N labelled steps of T traces under K types.

    Attributes:
        taxonomy: The types; all indices below count in its order.
        verification: Whether each type is verification, (K,).
        traces: T.
        fold: Half (0 or 1) each trace belongs to, by its question, (T,).
        trace: Trace of each step, (N,).
        true: Type of the label, (N,).
        predicted: Type predicted by the tagger, (N,).
        probabilities: Of each type, (N, K); rows sum to 1.
        second: Type of an independent second label, -1 where there is none, (N,).
        plausible: Whether the predicted type is the label or its stated alternative, (N,).
        keywords: Whether the step contains a word of each of `KEYWORD_LISTS`, (N, lists).
        marked: Whether it contains a word of any list, (N,).
        left_out: Labels not counted, as their type has no counterpart here.
    """

    taxonomy: Taxonomy
    verification: Flags
    traces: int
    fold: Ints
    trace: Ints
    true: Ints
    predicted: Ints
    probabilities: Floats
    second: Ints
    plausible: Flags
    keywords: Flags
    marked: Flags
    left_out: int


def predict(
    tagger: StepTagger,
    traces: Sequence[LabelledTrace],
    space: LabelSpace | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Predictions:
    """Tag labelled traces and pair true and predicted types.

    Every step of a trace is tagged, labelled or not, as later ones look back at it.

    Args:
        tagger: Any step tagger.
        traces: Labelled traces.
        space: In which they are compared; None if labels are of the tagger's own taxonomy.
        progress: Called with how many traces are done, and of how many.

    Returns:
        The labelled steps.

    Raises:
        UserError: No step carries a label that counts.
    """
    space = space or same_space(tagger.taxonomy)
    names = {kind: i for i, kind in enumerate(space.taxonomy.names)}
    onto = np.zeros((len(tagger.taxonomy.types), len(names)))
    for row, kind in enumerate(tagger.taxonomy.names):
        onto[row, names[space.predicted[kind]]] = 1
    labelled = [t for t in traces if t.labels]
    rows: list[tuple[int, int, int, int]] = []
    found: list[tuple[float, ...]] = []
    chosen: list[int] = []  # predicted type
    texts: list[str] = []
    left_out, used, folds = 0, 0, []
    for start in range(0, len(labelled), _CHUNK):
        chunk = labelled[start : start + _CHUNK]
        steps = [steps_from_texts(trace.steps)[1] for trace in chunk]
        for trace, tagged in zip(
            chunk, tagger.tag_batch(steps, [t.question for t in chunk]), strict=True
        ):
            before = len(rows)
            for i, label in sorted(trace.labels.items()):
                name = space.labels[label]  # None where the type has no counterpart
                if name is None:
                    left_out += 1
                    continue
                second = _named(space, names, trace.second_pass.get(i))
                other = _named(space, names, trace.alternatives.get(i))
                rows.append((used, names[name], second, other))
                found.append(tagged[i].probabilities)
                chosen.append(names[space.predicted[tagged[i].type]])
                texts.append(trace.steps[i])
            if len(rows) > before:
                used += 1
                folds.append(half_of(question_of(trace)))
        progress(min(start + _CHUNK, len(labelled)), len(labelled))
    if not rows:
        reason = (
            f"all {left_out} labels are of types without a counterpart in {tagger.taxonomy.name!r}"
        )
        raise UserError(
            f"Nothing to evaluate: {reason if left_out else 'no step carries a label'}; "
            "give labelled traces."
        )
    table = np.array(rows, dtype=np.int64)
    probabilities = scores = np.array(found) @ onto
    if factors := own_factors(tagger):
        scores = (np.array(found) * factors) @ onto
    # Where types are merged their probabilities are summed first, as `MappedTagger` does; else the
    # tagger's own prediction counts, which a logit bias may move off the likeliest type.
    one_to_one = len(set(space.predicted.values())) == len(space.predicted)
    predicted = np.array(chosen) if one_to_one else scores.argmax(axis=1)
    true = table[:, 1]
    verification = [kind in space.verification for kind in space.taxonomy.names]
    return Predictions(
        taxonomy=space.taxonomy,
        verification=np.array(verification),
        traces=used,
        fold=np.array(folds, dtype=np.int64),
        trace=table[:, 0],
        true=true,
        predicted=predicted,
        probabilities=probabilities,
        second=table[:, 2],
        plausible=(predicted == true) | (predicted == table[:, 3]),
        keywords=np.array(
            [[has_keyword(text, words) for words in KEYWORD_LISTS.values()] for text in texts]
        ),
        marked=np.array([has_keyword(text) for text in texts]),
        left_out=left_out,
    )


def join(parts: Sequence[Predictions]) -> Predictions:
    """Concatenate predictions on different traces under one taxonomy.

    Raises:
        ValueError: There is no part, or they differ in their types.
    """
    if not parts or any(p.taxonomy.names != parts[0].taxonomy.names for p in parts):
        raise ValueError("parts of one taxonomy are needed")
    starts = np.cumsum([0, *(p.traces for p in parts)])
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(p, name) for p in parts])
        for name in (
            "fold", "true", "predicted", "probabilities", "second", "plausible", "keywords",
            "marked",
        )
    }  # fmt: skip
    return replace(
        parts[0],
        traces=int(starts[-1]),
        trace=np.concatenate([p.trace + s for p, s in zip(parts, starts[:-1], strict=True)]),
        left_out=sum(p.left_out for p in parts),
        **arrays,
    )


def _named(space: LabelSpace, names: dict[str, int], label: str | None) -> int:
    """Index of a further label, -1 if there is none or none that counts."""
    name = None if label is None else space.labels[label]
    return -1 if name is None else names[name]
