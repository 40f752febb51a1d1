"""Settings by dotted keys: ``reward.terms.step_count.weight`` for a value within sections."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from tagger.errors import UserError


def set_key(data: dict[str, Any], dotted: str, value: Any, says: str) -> None:
    """Set a dotted key in place; sections that are missing or empty are made.

    Args:
        data: The settings.
        dotted: The key.
        value: Its value.
        says: Begins the error, up to its verb.

    Raises:
        UserError: The key leads through a plain value.
    """
    *parents, last = dotted.split(".")
    node: Any = data
    for depth, parent in enumerate(parents, 1):
        node[parent] = {} if node.get(parent) is None else node[parent]
        node = node[parent]
        if not isinstance(node, dict):
            raise UserError(
                f"{says} through {parent!r}, a plain value without keys of its own; set "
                f"{'.'.join(parents[:depth])} itself."
            )
    node[last] = value


def with_keys(
    values: Mapping[str, Any], keys: Mapping[str, Any], where: str = ""
) -> dict[str, Any]:
    """Settings with dotted keys set, those of whole sections before those within.

    Args:
        values: The settings; not changed.
        keys: Values by dotted key.
        where: Begins the error.

    Raises:
        UserError: A key leads through a plain value.
    """
    result = copy.deepcopy(dict(values))
    for dotted in sorted(keys, key=lambda key: key.count(".")):
        set_key(result, dotted, copy.deepcopy(keys[dotted]), f"{where}{dotted!r} leads")
    return result
