"""Example traces before and after, step by step, coloured by type."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from rl.report.style import number, short_type, type_colour
from tagger.taxonomies.taxonomy import REASONTYPE

_VERIFY = REASONTYPE.get("VERIFY").name


def _step(step: Mapping[str, Any]) -> str:
    kind = " check" if step["type"] == _VERIFY else ""
    return (
        f'<div class="step{kind}" style="border-left-color:{type_colour(step["type"])}">'
        f'<div class="kind"><b>{escape(short_type(step["type"]))}</b>'
        f"<span>{step['tokens']} tokens · {number(step['confidence'] * 100, 0)} % sure</span></div>"
        f"<pre>{escape(step['text'])}</pre></div>"
    )


def _trace(title: str, trace: Mapping[str, Any] | None) -> str:
    if trace is None:
        return ""
    verdict = '<span class="verdict yes">right</span>'
    if not trace["correct"]:
        verdict = '<span class="verdict no">wrong</span>'
    steps = "".join(_step(step) for step in trace["steps"])
    checks = trace["verification_steps"]
    facts = f"{trace['tokens']} tokens, {checks} verification step{'s' if checks != 1 else ''}"
    answer = trace["answer"].strip()
    ending = "the thinking was never closed" if not trace["finished"] and not answer else answer
    return (
        f'<div class="trace"><header>{escape(title)} <span class="facts">· {facts}</span>'
        f" {verdict}</header>"
        f"{steps or '<div class=final>no thinking</div>'}"
        f'<div class="final"><pre>{escape(ending)}</pre></div></div>'
    )


def example(entry: Mapping[str, Any]) -> str:
    """One problem with the trace of the base and that of the trained policy."""
    head = f"{entry['reason'][:1].upper()}{entry['reason'][1:]}"
    return (
        f"<h3>{escape(head)}</h3>"
        f'<div class="question">{escape(entry["question"])}'
        f"\n<b>Reference: {escape(entry['reference'])}</b></div>"
        f'<div class="pair">{_trace("base", entry["base"])}'
        f"{_trace('trained', entry['trained'])}</div>"
    )


def legend(results: Mapping[str, Any]) -> str:
    """The types that occur in the examples, with their colours."""
    found = {
        s["type"]
        for e in results["examples"]
        for trace in (e["base"], e["trained"])
        if trace
        for s in trace["steps"]
    }
    order = {n: i for i, n in enumerate(REASONTYPE.names)}
    items = "".join(
        f'<span style="white-space:nowrap;margin-right:16px">'
        f'<span class="dot" style="background:{type_colour(n)}"></span>{escape(n)}</span> '
        for n in sorted(found, key=lambda n: (order.get(n, 99), n))
    )
    return f'<p class="meta">{items}</p>'
