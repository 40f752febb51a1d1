"""Whether all runs of a sweep were trained and sampled by the same code, libraries and machine.

A sweep that is resumed after an update, or worked on by several machines, mixes runs of both, and
then what differs between two settings may be their doing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

LIBRARIES = ("suffice", "torch", "transformers", "trl", "peft")
"""Those whose version changes what a training run does."""
_UNKNOWN, _NONE = "not recorded", "none"


def mixed_origins(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What differs in how the runs of a sweep were trained.

    Args:
        found: ``provenance.json`` of each run that is done.

    Returns:
        A row for each thing that differs: ``what``, ``runs`` (how many have each value) and
        ``text``, a sentence.
    """
    words = "The runs were not all trained with the same"
    things = ("commit", "tagger", "processor", "accelerator", *LIBRARIES)
    values = ({what: _value(one, what) for what in things} for one in found)
    return _mixed(list(values), things, words)


def mixed_sampling(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What differs in how the policies of a sweep were sampled.

    Args:
        found: ``made_by.json`` of the samples of each policy, those that were there before too.

    Returns:
        As `mixed_origins`; ``what`` begins with ``sampling``.
    """
    things = ("code", "processor", "accelerator", *LIBRARIES)
    values = [
        {"code": str(one.get("code"))[:8]}
        | {what: _of(one.get("versions"), what) for what in things[1:]}
        for one in found
    ]
    rows = _mixed(values, things, "The policies were not all sampled with the same")
    return [row | {"what": f"sampling {row['what']}"} for row in rows]


def resumed_elsewhere(found: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """What changed between the starts of a run, of which provenance holds the first alone.

    Args:
        found: For each run that is done, what its trainings were started with, in their order.

    Returns:
        As `mixed_origins`, the runs counted by their values in order; ``what`` begins with
        ``resumed``.
    """
    rows = []
    for what in ("commit", "processor", "accelerator", *LIBRARIES):
        orders = (dict.fromkeys(_value(one, what) for one in starts) for starts in found)
        counts = Counter(" then ".join(values) for values in orders if len(values) > 1)
        if counts:
            text = f"Runs were resumed with another {what} than they began with: {_listed(counts)}."
            rows.append({"what": f"resumed {what}", "runs": dict(counts), "text": text})
    return rows


def _mixed(
    values: Sequence[Mapping[str, str]], things: Sequence[str], words: str
) -> list[dict[str, Any]]:
    rows = []
    for what in things:
        counts = Counter(one[what] for one in values)
        # Accelerators are noted where there are some, so these two tell no difference.
        if len(counts) > 1 and set(counts) != {_UNKNOWN, _NONE}:
            text = f"{words} {what}: {_listed(counts)}."
            rows.append({"what": what, "runs": dict(counts.most_common()), "text": text})
    return rows


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{value} ({n})" for value, n in counts.most_common())


def commits_of(found: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many runs were trained by each commit, the most frequent first.

    Args:
        found: ``provenance.json`` of each run that is done.
    """
    counts = Counter(short_commit(one.get("commit")) for one in found)
    return dict(counts.most_common())


def taggers_of(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Which taggers the runs were trained with, the most frequent first.

    Args:
        found: ``provenance.json`` of each run that is done.

    Returns:
        A row each: ``tagger`` and ``audit`` (fingerprints; the second may be None) and ``runs``,
        how many were trained with them. Runs that note none are left out.
    """
    counts = Counter(
        (str(one["tagger_fingerprint"]), one.get("audit_fingerprint"))
        for one in found
        if one.get("tagger_fingerprint")
    )
    return [{"tagger": t, "audit": a, "runs": n} for (t, a), n in counts.most_common()]


def short_commit(commit: object) -> str:
    """A commit in eight digits; that files differed from it stays to be seen."""
    name, plus, changes = str(commit or "none").partition("+")
    return f"{name[:8]}{plus}{changes}"


def _value(one: Mapping[str, Any], what: str) -> str:
    if what == "commit":
        return short_commit(one.get("commit"))
    if what == "tagger":
        return str(one.get("tagger_fingerprint") or _UNKNOWN)[:12]
    return _of(one.get("machine" if what in ("processor", "accelerator") else "versions"), what)


def _of(noted: Mapping[str, Any] | None, what: str) -> str:
    """What was noted of a machine or of versions; a known machine may have no accelerator."""
    noted = noted or {}
    missing = _NONE if what == "accelerator" and noted.get("processor") else _UNKNOWN
    return str(noted.get(what) or missing)
