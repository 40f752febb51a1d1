"""Dotted keys set in a run's settings, and keys that contradict each other."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from tagger.errors import UserError


def with_overrides(data: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Set dotted keys, those of whole sections before those within.

    Args:
        data: Settings; not changed.
        overrides: Values by dotted key.

    Raises:
        UserError: A key leads through a plain value.
    """
    result = copy.deepcopy(dict(data))
    for dotted in sorted(overrides, key=lambda key: key.count(".")):
        *parents, last = dotted.split(".")
        node = result
        for parent in parents:
            if node.get(parent) is None:
                node[parent] = {}
            node = node[parent]
            if not isinstance(node, dict):
                raise UserError(f"The key {dotted!r} goes through {parent!r}, a plain value.")
        node[last] = copy.deepcopy(overrides[dotted])
    return result


def overlap(keys: Iterable[str], others: Iterable[str]) -> tuple[str, str] | None:
    """The first two keys of which one is the other or a section of it; None if there are none."""
    known = list(others)
    for key in keys:
        for other in known:
            if key == other or key.startswith(f"{other}.") or other.startswith(f"{key}."):
                return key, other
    return None


def short_names(keys: Iterable[str]) -> dict[str, str]:
    """The shortest endings of dotted keys that tell them apart.

    >>> short_names(["reward.terms.step_count.weight", "grpo.learning_rate"])
    {'reward.terms.step_count.weight': 'weight', 'grpo.learning_rate': 'learning_rate'}
    """
    known = list(dict.fromkeys(keys))
    names = {}
    for key in known:
        parts = key.split(".")
        for count in range(1, len(parts) + 1):
            name = ".".join(parts[-count:])
            if sum(other == name or other.endswith(f".{name}") for other in known) == 1:
                break
        names[key] = name
    return names
