"""What a reward term is, and how one is found by its config name and built."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from tagger.errors import UserError, unknown_name
from tagger.taxonomies.taxonomy import Taxonomy

if TYPE_CHECKING:
    import torch


class RewardTerm(Protocol):
    """A pure function of the gathered facts table.

    NaN in its result means that the term does not apply to that rollout.
    """

    def __call__(self, facts: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        """Compute the term.

        Args:
            facts: Shape (B, C), float32, all rollouts of all processes; columns as
                `rewards.facts.columns.columns`.
            groups: Shape (B,), int64; rollouts of one prompt share a number.

        Returns:
            Shape (B,), float32, unweighted.
        """
        ...


@dataclasses.dataclass(frozen=True)
class TermBounds:
    """Least and greatest value of a term, unweighted; infinite where there is none.

    Attributes:
        correct: Of a rollout whose answer is correct.
        incorrect: Of any other.
    """

    correct: tuple[float, float]
    incorrect: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class TermKind:
    """A registered kind of term.

    Attributes:
        params: Dataclass of its parameters; its field names are the config keys.
        build: Makes the term from parameters and the tagger's taxonomy.
        bounds: The values that a term with these parameters can have.
    """

    params: type[Any]
    build: Callable[[Any, Taxonomy], RewardTerm]
    bounds: Callable[[Any], TermBounds]


def make_params(kind: str, params_type: type[Any], given: Mapping[str, Any]) -> Any:
    """Fill a parameter dataclass from config keys.

    Args:
        kind: What is being built, for the error sentence.
        params_type: The dataclass.
        given: Keys and values from the config.

    Raises:
        UserError: An unknown key (the nearest valid one is suggested) or a bad value.
    """
    known = [f.name for f in dataclasses.fields(params_type)]
    for key in given:
        if key not in known:
            raise unknown_name(f"parameter of {kind}", str(key), known or ["(it takes none)"])
    try:
        return params_type(**given)
    except UserError as error:
        raise UserError(f"In {kind}: {error}") from error
    except TypeError as error:
        raise UserError(f"In {kind}: {error}.") from error


def choice(name: str, value: object, valid: tuple[str, ...]) -> None:
    """Raise a `UserError` unless `value` is one of the valid words of parameter `name`."""
    if value not in valid:
        raise unknown_name(f"value of {name}", str(value), valid)


def number(name: str, value: object, least: float = 0.0) -> None:
    """Raise a `UserError` unless `value` is a number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
        raise UserError(f"{name} is {value!r}; it must be a number of at least {least:g}.")
