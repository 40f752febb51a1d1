"""Dotted keys: those that contradict each other, and short names for a reader."""

from __future__ import annotations

from collections.abc import Iterable


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
