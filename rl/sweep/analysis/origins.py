"""Whether all runs of a sweep were trained by the same code, libraries and tagger.

A sweep that is resumed after an update mixes runs of both, and then what differs between two
settings may be the code's doing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

LIBRARIES = ("suffice", "torch", "transformers", "trl", "peft")
"""Those whose version changes what a training run does."""


def mixed_origins(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What differs in how the runs of a sweep were made.

    Args:
        found: ``provenance.json`` of each run that is done.

    Returns:
        A row for each thing that differs: ``what``, ``runs`` (how many have each value) and
        ``text``, a sentence.
    """
    rows = []
    for what in ("commit", "tagger", "processor", *LIBRARIES):
        counts = Counter(_value(one, what) for one in found)
        if len(counts) > 1:
            parts = ", ".join(f"{value} ({n})" for value, n in counts.most_common())
            text = f"The runs were not all trained with the same {what}: {parts}."
            rows.append({"what": what, "runs": dict(counts.most_common()), "text": text})
    return rows


def commits_of(found: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many runs were trained by each commit, the most frequent first.

    Args:
        found: ``provenance.json`` of each run that is done.
    """
    counts = Counter(short_commit(one.get("commit")) for one in found)
    return dict(counts.most_common())


def short_commit(commit: object) -> str:
    """A commit in eight digits; that files differed from it stays to be seen."""
    name, plus, changes = str(commit or "none").partition("+")
    return f"{name[:8]}{plus}{changes}"


def _value(one: Mapping[str, Any], what: str) -> str:
    if what == "commit":
        return short_commit(one.get("commit"))
    if what == "tagger":
        return str(one.get("tagger_fingerprint") or "none")[:12]
    if what == "processor":
        return str((one.get("machine") or {}).get("processor") or "unknown")
    return str((one.get("versions") or {}).get(what) or "none")
