"""Agreement of two labellings of the same steps: two files, or a file and its second pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tagger.errors import UserError
from tagger.evaluation.bootstrap import Estimate, draw_weights, estimate, resampled_sums
from tagger.evaluation.measures import Floats, cohens_kappa, merged, micro_f1, type_ratios
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace


@dataclass(frozen=True, slots=True)
class Pair:
    """A step that both labellings name.

    Attributes:
        trace: Name of its trace.
        step: Its index in the trace.
        text: Its characters.
        first: Full name of its type in the first labelling.
        second: Full name of its type in the second one.
    """

    trace: str
    step: int
    text: str
    first: str
    second: str


@dataclass(frozen=True)
class Pairs:
    """What two labellings have in common.

    Attributes:
        pairs: Steps labelled in both, in the order of the first.
        only_first: Steps labelled in the first alone.
        only_second: Steps labelled in the second alone.
    """

    pairs: tuple[Pair, ...]
    only_first: int
    only_second: int


@dataclass(frozen=True)
class TypeAgreement:
    """Agreement on one type against all others.

    Attributes:
        kappa: Cohen's kappa.
        f1: Of one labelling against the other; symmetric.
        first: Positives of the first labelling.
        second: Positives of the second one.
        both: Positives of both.
    """

    kappa: Estimate
    f1: Estimate
    first: int
    second: int
    both: int


@dataclass(frozen=True)
class OneAgainstRest:
    """Agreement on verification against the rest."""

    accuracy: Estimate
    kappa: Estimate
    f1: Estimate


@dataclass(frozen=True)
class Agreement:
    """Agreement of two labellings; intervals are 95 %, by bootstrap over traces.

    Attributes:
        steps: Steps labelled in both.
        traces: Traces with such a step.
        accuracy: Share of steps with the same type.
        kappa: Cohen's kappa over all types.
        roles: Cohen's kappa over the three roles.
        verification: Verification against the rest; None if the taxonomy has no such type.
        types: By full name, for types that either labelling uses.
        confusion: Steps by type in the first (rows) and in the second (columns), in the
            taxonomy's order.
    """

    steps: int
    traces: int
    accuracy: Estimate
    kappa: Estimate
    roles: Estimate
    verification: OneAgainstRest | None
    types: dict[str, TypeAgreement]
    confusion: tuple[tuple[int, ...], ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)


def pair_files(first: Sequence[LabelledTrace], second: Sequence[LabelledTrace]) -> Pairs:
    """Match the steps of two label files by the trace's id and the step's index.

    Raises:
        UserError: A step that both label has another text in each, or they have none in common.
    """
    others = {trace.id: trace for trace in second}
    pairs: list[Pair] = []
    for trace in first:
        other = others.get(trace.id)
        for step, label in sorted(trace.labels.items()) if other else ():
            assert other is not None
            if step not in other.labels:
                continue
            if trace.steps[step].strip() != other.steps[step].strip():
                raise UserError(
                    f"Step {step} of trace {trace.id!r} has another text in each file; "
                    "both must label the same steps."
                )
            pairs.append(Pair(trace.id, step, trace.steps[step], label, other.labels[step]))
    if not pairs:
        raise UserError(
            "The two files have no labelled step in common; they are matched by the trace's id "
            "and the step's index."
        )
    counts = [sum(len(t.labels) for t in traces) - len(pairs) for traces in (first, second)]
    return Pairs(tuple(pairs), *counts)


def pair_second_pass(traces: Sequence[LabelledTrace]) -> Pairs:
    """Match the labels of a file with its own second pass.

    Raises:
        UserError: No step has both.
    """
    pairs = [
        Pair(t.id, step, t.steps[step], t.labels[step], second)
        for t in traces
        for step, second in sorted(t.second_pass.items())
        if step in t.labels
    ]
    if not pairs:
        raise UserError('No step of the file has a "second_pass"; name a second label file.')
    labelled, again = (
        sum(len(part) for part in parts)
        for parts in ([t.labels for t in traces], [t.second_pass for t in traces])
    )
    return Pairs(tuple(pairs), labelled - len(pairs), again - len(pairs))


def agreement(
    pairs: Sequence[Pair], taxonomy: Taxonomy, verification: Sequence[str], seed: int = 0
) -> Agreement:
    """Measure the agreement of two labellings.

    Args:
        pairs: Steps with both types, at least one.
        taxonomy: Fixes the order of types.
        verification: Full names of the types that are verification; may be empty.
        seed: Of the bootstrap.

    Returns:
        The agreement.
    """
    kinds = len(taxonomy.types)
    index = {name: i for i, name in enumerate(taxonomy.names)}
    rows: dict[str, int] = {}
    at = [rows.setdefault(pair.trace, len(rows)) for pair in pairs]
    counts = np.zeros((len(rows), kinds, kinds))
    ours = [index[pair.first] for pair in pairs]
    theirs = [index[pair.second] for pair in pairs]
    np.add.at(counts, (at, ours, theirs), 1)
    weights = draw_weights(len(rows), seed)
    drawn = resampled_sums({"all": counts}, weights)["all"]

    def estimated(values: Floats) -> Estimate:
        return estimate(values, len(rows))

    def against_rest(chosen: Sequence[bool]) -> OneAgainstRest:
        two = merged(drawn, np.array(chosen, dtype=np.int64), 2)
        f1 = type_ratios(two).f1[:, 1]
        return OneAgainstRest(*map(estimated, (micro_f1(two), cohens_kappa(two), f1)))

    whole = drawn[0]
    types = {}
    for i, name in enumerate(taxonomy.names):
        first, second = int(whole[i].sum()), int(whole[:, i].sum())
        if first or second:
            found = against_rest([j == i for j in range(kinds)])
            types[name] = TypeAgreement(found.kappa, found.f1, first, second, int(whole[i, i]))
    roles = sorted({t.role for t in taxonomy.types})
    groups = np.array([roles.index(t.role) for t in taxonomy.types])
    checks = [name in verification for name in taxonomy.names]
    return Agreement(
        steps=len(pairs),
        traces=len(rows),
        accuracy=estimated(micro_f1(drawn)),
        kappa=estimated(cohens_kappa(drawn)),
        roles=estimated(cohens_kappa(merged(drawn, groups, len(roles)))),
        verification=against_rest(checks) if any(checks) else None,
        types=types,
        confusion=tuple(tuple(int(n) for n in row) for row in whole),
    )


def disagreements(pairs: Sequence[Pair]) -> list[Pair]:
    """Steps to which the two labellings give different types."""
    return [pair for pair in pairs if pair.first != pair.second]
