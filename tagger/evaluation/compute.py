"""All metrics of a tagger on labelled traces, each with its interval over traces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from tagger.evaluation import measures
from tagger.evaluation.bootstrap import (
    RESAMPLES,
    Estimate,
    centred,
    draw_weights,
    estimate,
    resampled_sums,
)
from tagger.evaluation.figures import Bin, CountError, Evaluation, Ratios
from tagger.evaluation.label_space import LabelSpace
from tagger.evaluation.predictions import Predictions, predict
from tagger.evaluation.trace_sums import trace_sums
from tagger.steps import StepTagger
from tagger.taxonomies.taxonomy import Role
from tagger.thinking.keywords import KEYWORD_LISTS
from tagger.traces.labelled import LabelledTrace
from tagger.training.bins import ece

Floats = NDArray[np.float64]
ROLES: tuple[str, ...] = get_args(Role)


def evaluate(
    tagger: StepTagger,
    traces: Sequence[LabelledTrace],
    space: LabelSpace | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Score a tagger on labelled traces it was not trained on.

    Args:
        tagger: Any step tagger.
        traces: Labelled traces.
        space: In which both are compared; None if labels are of the tagger's own taxonomy.
        resamples: Of the bootstrap over traces.
        seed: Of the bootstrap.
        progress: Called with how many traces are tagged, and of how many.

    Returns:
        The figures.

    Raises:
        UserError: No step carries a label that counts.
    """
    return score(predict(tagger, traces, space, progress), resamples=resamples, seed=seed)


def score(predictions: Predictions, *, resamples: int = RESAMPLES, seed: int = 0) -> Evaluation:
    """Compute all metrics of predictions, as `evaluate`."""
    per_trace, temperature = trace_sums(predictions)
    sums = resampled_sums(per_trace, draw_weights(predictions.traces, seed, resamples))

    def of(values: Floats) -> Estimate:
        return estimate(values, predictions.traces)

    confusion = sums["confusion"]
    steps = confusion.sum(axis=(1, 2))
    names, check = predictions.taxonomy.names, predictions.verification
    role_of = np.array([ROLES.index(t.role) for t in predictions.taxonomy.types])
    by_role = measures.merged(confusion, role_of, len(ROLES))
    has_verification = bool(check.any())
    verification, unmarked = None, None
    keywords: dict[str, Ratios] = {}
    keyword_bias: dict[str, Estimate] = {}
    if has_verification:
        both = measures.merged(confusion, check.astype(np.int64), 2)
        verification = _ratios(both, of)[1]
        silent, found = sums["unmarked"][:, 0], sums["unmarked"][:, 1]
        unmarked = (of(measures.ratio(found, silent)), int(silent[0]))
        for i, name in enumerate(KEYWORD_LISTS):
            table = sums["keywords"][:, i]
            keywords[name] = _ratios(table, of)[1]
            checks, held = table.sum(axis=2)[:, 1], table.sum(axis=1)[:, 1]
            keyword_bias[name] = of(measures.ratio(held - checks, checks))
    kinds = _ratios(confusion, of)
    occurring = [i for i, k in enumerate(kinds) if k.support or k.predicted]
    true, hard = confusion.sum(axis=2), confusion.sum(axis=1)
    hard_counts = _count_errors(hard, true, sums["error"], sums["traces"], check, of)
    soft_counts = _count_errors(sums["soft"], true, sums["soft_error"], sums["traces"], check, of)
    present = [i for i in range(len(names)) if true[0, i]]
    return Evaluation(
        taxonomy=predictions.taxonomy,
        verification_types=tuple(n for n, is_check in zip(names, check, strict=True) if is_check),
        traces=predictions.traces,
        steps=len(predictions.true),
        left_out=predictions.left_out,
        micro_f1=of(measures.micro_f1(confusion)),
        macro_f1=of(measures.macro_f1(confusion)),
        kappa=of(measures.cohens_kappa(confusion)),
        lenient=of(measures.ratio(sums["plausible"], steps)),
        types={names[i]: kinds[i] for i in occurring},
        verification=verification,
        unmarked=unmarked,
        keywords=keywords,
        keyword_bias=keyword_bias,
        roles={
            role: r
            for role, r in zip(ROLES, _ratios(by_role, of), strict=True)
            if r.support or r.predicted
        },
        role_macro_f1=of(measures.macro_f1(by_role)),
        ece=of(centred(ece(sums["bins"]))),
        ece_refitted=of(centred(ece(sums["refitted"]))),
        log_loss=of(measures.ratio(sums["loss"], steps)),
        temperature=temperature,
        bins=tuple(
            Bin(int(n), float(confidence / n), float(correct / n))
            for n, correct, confidence in sums["bins"][0]
            if n
        ),
        counts={names[i]: hard_counts[i] for i in present},
        soft_counts={names[i]: soft_counts[i] for i in present},
        verification_count=hard_counts[-1] if has_verification else None,
        soft_verification_count=soft_counts[-1] if has_verification else None,
        confusion=confusion[0].astype(np.int64),
        agreement=_agreement(sums["second"], check, of),
        resamples=resamples,
        seed=seed,
    )


def _ratios(confusion: Floats, of: Callable[[Floats], Estimate]) -> list[Ratios]:
    """Ratios of each class of a confusion (draws, G, G); undefined ones are 0."""
    precision, recall, f1 = measures.type_ratios(confusion)
    out = []
    for i in range(confusion.shape[-1]):
        support, predicted = int(confusion[0, i].sum()), int(confusion[0, :, i].sum())
        p, r, f = (_zero_if_none(of(values[:, i])) for values in (precision, recall, f1))
        out.append(Ratios(p, r, f, support, predicted))
    return out


def _zero_if_none(value: Estimate) -> Estimate:
    return Estimate(0.0, value.low, value.high) if value.mean is None else value


def _count_errors(
    predicted: Floats,
    true: Floats,
    error: Floats,
    traces: Floats,
    check: NDArray[np.bool_],
    of: Callable[[Floats], Estimate],
) -> list[CountError]:
    """Count error of each type, then of all verification types taken as one."""
    predicted, true = (np.column_stack([x, x[:, check].sum(axis=1)]) for x in (predicted, true))
    bias = measures.ratio(predicted - true, true)
    mae = measures.ratio(error, traces[:, None])
    return [CountError(of(bias[:, i]), of(mae[:, i])) for i in range(bias.shape[1])]


def _agreement(
    second: Floats, check: NDArray[np.bool_], of: Callable[[Floats], Estimate]
) -> dict[str, Any] | None:
    count = int(second[0].sum())
    if not count:
        return None
    out = {
        "steps": count,
        "micro_f1": of(measures.micro_f1(second)),
        "macro_f1": of(measures.macro_f1(second)),
        "kappa": of(measures.cohens_kappa(second)),
    }
    if check.any():
        out["verification_f1"] = of(measures.one_against_rest(second, check).f1)
        out["verification_steps"] = int(second[0][check].sum())
    return out
