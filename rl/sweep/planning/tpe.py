"""Points that optuna's tree-structured Parzen estimator (TPE) proposes from earlier trials.

Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization"; with accuracy and tokens as two
objectives the multi-objective version of Ozaki et al. 2022, which prefers what adds to the
hypervolume. The trials are added to a new study each time, so a proposal depends on them and the
seed alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from rl.sweep.planning.outcomes import Trial
from rl.sweep.settings.space import Choices, Range, Space
from tagger.errors import UserError

STARTUP = 10
"""Most trials that are drawn at random before TPE proposes; a quarter of them if that is less."""


def check_optuna() -> None:
    """Refuse ``method: tpe`` without optuna.

    Raises:
        UserError: It is not installed.
    """
    from importlib.util import find_spec

    if find_spec("optuna") is None:
        raise UserError(
            "method: tpe needs optuna; install the extra, pip install 'suffice[sweep]', or set"
            " method: random."
        )


def value_of(trial: Trial, price: float | None) -> list[float] | None:
    """Objective values of a trial for TPE: means over its seeds.

    Args:
        trial: The trial.
        price: Tokens that a point of accuracy is worth; None has two objectives.

    Returns:
        Accuracy and tokens, or the one number that a token price makes of them; None if a seed
        failed.
    """
    accuracies = [o.accuracy for o in trial.outcomes if o.accuracy is not None]
    tokens = [o.tokens for o in trial.outcomes if o.tokens is not None]
    if not len(accuracies) == len(tokens) == len(trial.outcomes):
        return None
    accuracy, cost = sum(accuracies) / len(accuracies), sum(tokens) / len(tokens)
    return [accuracy, cost] if price is None else [100 * accuracy - cost / price]


def propose(
    space: Space,
    tried: Sequence[Trial],
    count: int,
    *,
    trials: int,
    seed: int,
    price: float | None = None,
) -> list[dict[str, Any]]:
    """Propose points.

    Args:
        space: What is varied.
        tried: Earlier trials, in their order.
        count: How many points.
        trials: How many there will be in all.
        seed: Seed of the sampler.
        price: As for `value_of`.

    Returns:
        Values by key, one mapping a point.

    Raises:
        UserError: optuna is not installed.
    """
    check_optuna()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    directions: list[Any] = ["maximize", "minimize"] if price is None else ["maximize"]
    distributions = {key: _distribution(space[key]) for key in sorted(space)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(
            seed=(seed * 1_000_003 + len(tried)) % 2**32,
            n_startup_trials=min(STARTUP, -(-trials // 4)),
            constant_liar=True,  # points of one batch keep apart
        )
    study = optuna.create_study(directions=directions, sampler=sampler)
    for trial in tried:
        values = value_of(trial, price)
        state = optuna.trial.TrialState.FAIL if values is None else None
        params = {key: _param(space[key], trial.point[key]) for key in distributions}
        study.add_trial(
            optuna.trial.create_trial(
                state=state or optuna.trial.TrialState.COMPLETE,
                params=params,
                distributions=distributions,
                values=values,
            )
        )
    asked = [study.ask(distributions).params for _ in range(count)]
    return [{key: _read(space[key], params[key]) for key in space} for params in asked]


def _distribution(entry: Choices | Range) -> Any:
    from optuna import distributions

    if isinstance(entry, Choices):
        return distributions.CategoricalDistribution(entry.values)
    if entry.kind == "integer":
        return distributions.IntDistribution(int(entry.low), int(entry.high))
    return distributions.FloatDistribution(entry.low, entry.high, log=entry.kind == "log")


def _param(entry: Choices | Range, value: Any) -> Any:
    """A value as optuna has it: rounded ones that left their range are brought back."""
    if isinstance(entry, Choices) or entry.kind == "integer":
        return value
    return min(max(float(value), entry.low), entry.high)


def _read(entry: Choices | Range, value: Any) -> Any:
    if isinstance(entry, Range) and entry.kind != "integer":
        return entry.within(value)
    return value
