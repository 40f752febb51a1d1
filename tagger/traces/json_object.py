"""JSON whose objects name each key once.

Python keeps the last of two values of one key and says nothing; of two labels of a step, one would
be dropped unseen.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any


class DoubledKey(ValueError):
    """An object names a key twice; the message says which and what to do."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    counts = Counter(key for key, _ in pairs)
    key = next(key for key, count in counts.items() if count > 1)
    raise DoubledKey(f"the key {key!r} stands twice in one object; keep one of them.")


DECODER = json.JSONDecoder(object_pairs_hook=_object)
"""Decodes as ``json.loads``; raises `DoubledKey` for an object with a key that stands twice."""
