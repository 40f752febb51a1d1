"""Methods of aggregation by their config name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from rewards.aggregation.base import Aggregation
from tagger.config.settings import build_settings
from tagger.errors import UserError, unknown_name

NAMES = (
    "sum_then_normalize",
    "normalize_then_sum",
    "among_correct",
    "batch",
    "gfpo",
    "drpo",
    "rdpo",
)
"""Each is a module of this folder; it holds its ``METHOD`` and, as its docstring, its
documentation."""

PUBLISHED = {
    "grpo": "sum_then_normalize",
    "gdpo": "normalize_then_sum",
    "ddca": "among_correct",
    "papo": "among_correct",
    "dler": "batch",
    "reinforce++": "batch",
}
"""Methods by the names of their papers, in lower case, where these are other ones."""


def method_kind(name: str) -> type[Aggregation[Any]]:
    """A method's class by its name.

    Raises:
        UserError: Unknown name; the nearest valid one is suggested.
    """
    if name.casefold() in PUBLISHED:
        ours = PUBLISHED[name.casefold()]
        raise UserError(f"Unknown reward.aggregation {name!r}; its method is {ours!r} here.")
    if name not in NAMES:
        raise unknown_name("reward.aggregation", name, NAMES)
    kind: type[Aggregation[Any]] = import_module(f"rewards.aggregation.{name}").METHOD
    return kind


def kind_of(config: str | Mapping[str, Any]) -> str:
    """The name in ``reward.aggregation``.

    Raises:
        UserError: A mapping without ``kind``.
    """
    if isinstance(config, str):
        return config
    if "kind" not in config:
        raise UserError(
            "reward.aggregation needs the key 'kind' next to its parameters, e.g. "
            "{kind: among_correct, by_solve_rate: true}."
        )
    return str(config["kind"])


def build_aggregation(config: str | Mapping[str, Any]) -> Aggregation[Any]:
    """Build a method from its config.

    Args:
        config: A name, or ``{kind: name, **parameters}``.

    Raises:
        UserError: Unknown name, parameter or value.
    """
    kind = method_kind(kind_of(config))
    given = {} if isinstance(config, str) else {k: v for k, v in config.items() if k != "kind"}
    return kind(build_settings(kind.PARAMS, given, ""))


def method_text(name: str) -> str:
    """The documentation of a method; errors as `method_kind`."""
    method_kind(name)
    return (import_module(f"rewards.aggregation.{name}").__doc__ or "").strip()
