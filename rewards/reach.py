"""Whether a term tells rollouts apart that are as long as a run's.

Published terms have constants for thousands of tokens: where a run allows a few hundred, many are
the same for every rollout, and the policy is trained as if they were not there, or for every
correct one, and they are correctness once more. Each term is computed for made-up rollouts of every
length up to the limit, correct and incorrect, in groups from all correct to none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rewards.facts.columns import ROLLOUT_COLUMNS, TYPE_GROUPS, columns
from rewards.facts.published import BUDGET, REFERENCE_ACCURACY, number_of
from rewards.terms.base import RewardTerm, Term, learns
from rewards.terms.registry import term_kind
from rewards.weights import acts
from tagger.errors import UserError

if TYPE_CHECKING:
    import torch

    from rewards.stack import WeightedTerm
    from tagger.taxonomies.taxonomy import Taxonomy

_GROUPS, _SIZE = 9, 8
_SAME = 1e-6  # terms are float32
_CORRECT, _ENDED = ROLLOUT_COLUMNS.index("correct"), ROLLOUT_COLUMNS.index("ended")


def notes_of_idle_terms(
    terms: Sequence[WeightedTerm],
    taxonomy: Taxonomy,
    longest: int,
    problems: Sequence[Mapping[str, Any]] = (),
) -> list[str]:
    """A sentence about each term that is the same for every rollout of a run.

    Args:
        terms: The terms of its reward, and their weights.
        taxonomy: Of the tagger.
        longest: Most tokens of a rollout.
        problems: Metadata of the problems, which may hold budgets and accuracies.

    Raises:
        UserError: A term applies to no rollout at all; what the problems lack is named.
    """
    import torch

    table = probes(taxonomy, longest, problems)
    facts = torch.tensor(table, dtype=torch.float32)
    groups = torch.arange(len(table)) // _SIZE
    notes = []
    for one in terms:
        if not acts(one.weight) or not isinstance(one.term, Term):
            continue
        if learns(one.term):
            continue  # what it will be is not known yet
        values = one.term(facts, groups)
        applies = ~values.isnan()
        correct = facts[:, _CORRECT] > 0
        # A correct one that was cut off counts as incorrect to some terms, and not to others.
        kinds = [
            (2 * groups + paid)[applies] for paid in (correct, correct & (facts[:, _ENDED] > 0))
        ]
        values = values[applies]
        if not len(values):
            lacks = " or ".join(term_kind(one.kind).reads)
            raise UserError(
                f"The reward term {one.name!r} applies to no rollout, for no problem has {lacks} "
                "in its metadata; give it in the problems or by the term's parameters, or leave "
                "the term out."
            )
        greatest = max(
            abs(w) for step in one.weight.turning_points() for w in one.weight.span(step)
        )
        apart = float(values.max() - values.min())
        within = min(apart_among(values, of_kind) for of_kind in kinds)
        if greatest * apart > _SAME >= greatest * within:
            if one.kind != "correctness":
                notes.append(_only_correctness(one, longest))
            continue
        if greatest * apart > _SAME:
            continue
        if apart > _SAME:
            notes.append(
                f"The reward term {one.name!r} changes the reward by less than {_SAME:g} at its "
                f"weight of {greatest:g}, so it teaches nothing; raise that, or give 0 to log it."
            )
            continue
        notes.append(
            f"The reward term {one.name!r} is {float(values[0]) + 0.0:g} for every rollout of up "
            f"to {longest:,} tokens (grpo.max_completion_length), so it teaches nothing"
            f"{_why(one.term, longest)}; set its parameters by the lengths of your rollouts."
        )
    return notes


def apart_among(values: torch.Tensor, classes: torch.Tensor) -> float:
    """Greatest difference of two values of one class; shapes (B,)."""
    import torch

    _, index = torch.unique(classes, return_inverse=True)
    empty = values.new_zeros(int(index.max()) + 1)
    high = empty.scatter_reduce(0, index, values, "amax", include_self=False)
    low = empty.scatter_reduce(0, index, values, "amin", include_self=False)
    return float((high - low).max())


def _only_correctness(one: WeightedTerm, longest: int) -> str:
    return (
        f"The reward term {one.name!r} pays all correct rollouts of a problem alike, and all "
        f"incorrect ones, up to {longest:,} tokens (grpo.max_completion_length), so it teaches no "
        f"more than correctness{_why(one.term, longest)}; set its parameters by the lengths of "
        "your rollouts."
    )


def _why(term: RewardTerm, longest: int) -> str:
    """Its parameters that are for longer rollouts; empty if there are none."""
    given = term.params.to_dict() if isinstance(term, Term) else {}
    beyond = [
        f"{key} {value:g}"
        for key, value in given.items()
        if isinstance(value, int | float) and value > longest
    ]
    verb = "is" if len(beyond) == 1 else "are"
    return f": {', '.join(beyond)} {verb} for longer ones" if beyond else ""


def probes(
    taxonomy: Taxonomy, longest: int, problems: Sequence[Mapping[str, Any]] = ()
) -> np.ndarray:
    """Facts of made-up rollouts, (rollouts, columns); groups of eight, from none correct to all."""
    names = columns(taxonomy)
    rng = np.random.default_rng(0)
    rows = _GROUPS * _SIZE
    place = np.arange(rows) % _SIZE
    correct = (place < np.arange(rows) // _SIZE).astype(float)
    tokens = np.sort(rng.integers(1, longest + 1, (_GROUPS, _SIZE)), axis=1)
    tokens = rng.permuted(tokens, axis=1).reshape(-1)
    ended = (tokens < longest).astype(float)
    thought = place % 4 > 0  # the others answer at once
    thinking = np.floor(0.8 * tokens) * thought
    steps = np.maximum(1, thinking // 10) * thought
    own = {
        "correct": correct,
        "format_ok": correct * rng.integers(0, 2, rows),
        "finished": ended,
        "ended": ended,
        "tokens": tokens,
        "thinking_tokens": thinking,
        "answer_tokens": tokens - thinking,
        "steps": steps,
        "completion_steps": steps + 1,
        "answer_step": np.floor(rng.random(rows) * (steps + 1)) - 1,
        "step_length": thinking / np.maximum(1, steps),
        "steps_per_1k": 1000 * steps / np.maximum(1, thinking),
        "thought": thought,
        "answered": ended,
    }
    for key in (BUDGET, REFERENCE_ACCURACY):
        told = [number_of(metadata, key) for metadata in problems] or [-1.0]
        own[key] = np.resize(sorted(told), rows)  # those that have none come first
        own[key][::2] = max(told)
    absent = ("audit_", "forecast_", "unfamiliar", "folded")
    table = np.zeros((rows, len(names)), dtype=np.float32)
    for column, name in enumerate(names):
        group = name.partition("/")[0]
        if name in own:
            table[:, column] = own[name]
        elif name.startswith(absent):
            table[:, column] = 0.0 if name == "folded" else -1.0
        elif name.startswith("repeated"):
            table[:, column] = rng.random(rows)
        elif group.startswith(("count", "tokens")):
            whole = thinking if group.startswith("tokens") else steps
            share = np.where(
                place == _SIZE - 1, 1.0, rng.random(rows)
            )  # in some it is all there is
            table[:, column] = np.floor(share * whole)
        else:
            table[:, column] = rng.integers(0, 6, rows)
    by_group = table[:, len(ROLLOUT_COLUMNS) :].reshape(rows, len(TYPE_GROUPS), -1)
    for number, group in enumerate(TYPE_GROUPS):
        typed, whole = by_group[:, number], thinking if "tokens" in group else steps
        share = rng.random(rows) * whole / np.maximum(1.0, typed.sum(axis=1))
        several = (place < _SIZE - 1) & (share < 1)  # types share what is there
        typed[several] = np.floor(typed[several] * share[several, None])
    return table
