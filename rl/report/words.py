"""The sentences of a report: its headline, its tiles, what a reader must know about the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from rl.analysis.claims import percent, points
from rl.report.style import interval, number


def headline(results: Mapping[str, Any]) -> str:
    """What the comparison found, in one or two plain sentences."""
    arms, problems = results["arms"], results["problems"]
    per = problems["samples_per_problem"]
    on = f"{problems['count']} problems × {number(per, 0 if per == int(per) else 1)} samples"
    base = arms["base"]
    pair = results["paired"].get("trained_vs_base")
    if pair is None:
        return (
            f"On {on} the policy is right {percent(base['accuracy']['mean'], 1)} of the time, with"
            f" {number(base['tokens']['mean'])} tokens and"
            f" {number(base['verification_steps']['mean'], 2)} verification steps an answer."
        )
    change, gain = pair["tokens_change"]["mean"], pair["accuracy"]
    tokens = f"{percent(abs(change))} {'fewer' if change <= 0 else 'more'} tokens"
    if gain["low"] > 0:
        accuracy = f"and is more accurate by {points(gain['mean'])} points"
    elif gain["high"] < 0:
        accuracy = f"but is less accurate by {number(abs(gain['mean']) * 100, 1)} points"
    else:
        accuracy = (
            f"at an accuracy that cannot be told from the base's ({points(gain['mean'])} points,"
            f" {points(gain['low'])} to {points(gain['high'])})"
        )
    text = f"On {on} the trained policy spends {tokens} than the base {accuracy}."
    frontier = results["frontier"].get("trained")
    if frontier:
        if frontier["above_all"] is None:
            text += " No monitored stop gets by with as few tokens."
        elif frontier["above_all"]:
            text += " It is above every monitored stop that gets by with as few tokens."
        else:
            text += " It is not above every monitored stop that gets by with as few tokens."
    return text


def _tile(name: str, big: str, *lines: str) -> str:
    rest = "".join(f"<span>{line}</span>" for line in lines if line)
    return f'<div class="tile"><span class="name">{escape(name)}</span><b>{big}</b>{rest}</div>'


def tiles(results: Mapping[str, Any]) -> str:
    """The figures a reader wants first."""
    arms = results["arms"]
    base = arms["base"]
    pair = results["paired"].get("trained_vs_base")
    if pair is None:
        return "".join(
            (
                _tile(
                    "right",
                    percent(base["accuracy"]["mean"], 1),
                    interval(base["accuracy"], 100, 1),
                ),
                _tile("tokens", number(base["tokens"]["mean"]), interval(base["tokens"])),
                _tile(
                    "verification steps",
                    number(base["verification_steps"]["mean"], 2),
                    interval(base["verification_steps"], 1, 2),
                ),
                _tile(
                    "first stated answer right",
                    percent(base["first_answer_accuracy"]["mean"], 1),
                    interval(base["first_answer_accuracy"], 100, 1),
                ),
            )
        )
    new = arms["trained"]

    def moved(key: str, scale: float, digits: int) -> str:
        old, now = (number(m[key]["mean"] * scale, digits) for m in (base, new))
        return f"{old} → {now}"

    gain = pair["accuracy"]
    parts = [
        _tile(
            "tokens per answer",
            _change(pair["tokens_change"]["mean"]),
            moved("tokens", 1, 0),
        ),
        _tile(
            "accuracy, points",
            points(gain["mean"]),
            f"{moved('accuracy', 100, 1)} %",
            f"95 %: {points(gain['low'])} to {points(gain['high'])}",
        ),
        _tile(
            "verification steps",
            _change(pair["verification_steps_change"]["mean"]),
            moved("verification_steps", 1, 2),
        ),
    ]
    equal = results["frontier"].get("trained", {}).get("at_equal_tokens")
    if equal:
        parts.append(
            _tile(
                "against monitored stops, points",
                points(equal["mean"]),
                "at trained's own tokens",
                f"95 %: {points(equal['low'])} to {points(equal['high'])}",
            )
        )
    return "".join(parts)


def _change(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:+.0f} %".replace("-", "−")


VERDICTS = {
    True: ("yes", "✓ holds"),
    False: ("no", "✗ does not hold"),
    None: ("unsure", "? not settled"),
}


def claims(results: Mapping[str, Any]) -> str:
    """Each claim with its verdict, as a list."""
    items = []
    for claim in results["claims"]:
        kind, words = VERDICTS[claim["holds"]]
        items.append(
            f'<li><span class="verdict {kind}">{words}</span>'
            f"<span>{escape(claim['text'])}</span></li>"
        )
    return f'<ul class="claims">{"".join(items)}</ul>' if items else ""


def selection_words(results: Mapping[str, Any]) -> str:
    """How the thresholds were chosen."""
    s = results["selection"]
    if not s:
        return ""
    arms = results["arms"]
    chosen = "; ".join(
        f"{escape(arms[r['chosen']]['label'])}"
        + ("" if r["kept_accuracy"] else " (none kept the accuracy; this was the most accurate)")
        for r in s["rules"].values()
        if r["chosen"] in arms
    )
    overall = arms.get("monitored", {}).get("label", "")
    return (
        f"Thresholds were chosen on {s['problems']} calibration problems that are not among the"
        f" test problems: the fewest tokens at an accuracy of at least the base's less"
        f" {number(s['tolerance'] * 100, 1)} points. Chosen: {chosen}."
        f" “Monitored (chosen)” is the one that does best by the same measure: {escape(overall)}."
    )
