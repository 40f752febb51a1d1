"""Example traces before and after, step by step, coloured by type, as data of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.report.style import number, short_type, type_colour
from tagger.taxonomies.taxonomy import REASONTYPE

_VERIFY = REASONTYPE.get("VERIFY").name


def _trace(title: str, trace: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if trace is None:
        return None
    checks = trace["verification_steps"]
    answer = trace["answer"].strip()
    return {
        "title": title,
        "facts": f"{trace['tokens']} tokens, {checks} verification step{'s' * (checks != 1)}",
        "correct": trace["correct"],
        "ending": "the thinking was never closed"
        if not trace["finished"] and not answer
        else answer,
        "steps": [
            {
                "check": step["type"] == _VERIFY,
                "colour": type_colour(step["type"]),
                "kind": short_type(step["type"]),
                "facts": f"{step['tokens']} tokens · {number(step['confidence'] * 100, 0)} % sure",
                "text": step["text"],
            }
            for step in trace["steps"]
        ],
    }


def examples(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each example: one problem with the trace of the base and that of the trained policy."""
    return [
        {
            "head": f"{entry['reason'][:1].upper()}{entry['reason'][1:]}",
            "question": entry["question"],
            "reference": entry["reference"],
            "traces": [
                _trace("base", entry["base"]),
                _trace(entry.get("policy") or "trained", entry["trained"]),
            ],
        }
        for entry in results["examples"]
    ]


def legend(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The types that occur in the examples, each with its colour."""
    found = {
        s["type"]
        for e in results["examples"]
        for trace in (e["base"], e["trained"])
        if trace
        for s in trace["steps"]
    }
    order = {n: i for i, n in enumerate(REASONTYPE.names)}
    return [(n, type_colour(n)) for n in sorted(found, key=lambda n: (order.get(n, 99), n))]
