"""The sentences of a report: its headline, its tiles, what a reader must know about the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.analysis.arms import BASE, arm_of, policy_names, reference_of, subject_of
from rl.analysis.claims.base import percent, points
from rl.analysis.claims.evidence import never_correct, shortfall
from rl.report.style import interval, number, rule_text


def headline(results: Mapping[str, Any]) -> str:
    """What the comparison found, in one or two plain sentences."""
    arms, problems = results["arms"], results["problems"]
    per = problems["samples_per_problem"]
    on = f"{problems['count']} problems × {number(per, 0 if per == int(per) else 1)} samples"
    base = arms["base"]
    others = policy_names(results)[1:]
    if not others:
        return (
            f"On {on} the policy is correct {percent(base['accuracy']['mean'], 1)} of the time,"
            f" with {number(base['tokens']['mean'])} tokens and"
            f" {number(base['verification_steps']['mean'], 2)} verification steps an answer."
        )
    first = _subject(results)
    named = [first, *(name for name in reversed(_trained(results) or others) if name != first)]
    found = [_against(results, name, _reference(results, name)) for name in named]
    sentences = [found[0], *(text[:1].upper() + text[1:] for text in found[1:])]
    return f"On {on} {' '.join(sentences)}"


def _subject(results: Mapping[str, Any]) -> str:
    return subject_of(policy_names(results), results.get("baselines", ()))


def _trained(results: Mapping[str, Any]) -> list[str]:
    """The policies but base and the baselines, which need no training."""
    baselines = results.get("baselines", ())
    return [name for name in policy_names(results)[1:] if name not in baselines]


def _reference(results: Mapping[str, Any], name: str) -> str:
    """The policy that another is measured by; base where they were not paired."""
    other = reference_of(policy_names(results))
    return other if f"{name}_vs_{other}" in results["paired"] else BASE


def _against(results: Mapping[str, Any], name: str, of: str) -> str:
    """What the comparison found of one policy against its reference."""
    both, pair = (of, name), results["paired"][f"{name}_vs_{of}"]
    reason = shortfall(results, both) or never_correct(results["arms"], both)
    if reason:
        return f"the {name} policy and the {of} cannot be compared: {reason}."
    change, gain = pair["tokens_change"]["mean"], pair["accuracy"]
    tokens = f"{percent(abs(change))} {'fewer' if change <= 0 else 'more'} tokens"
    if gain["low"] > 0:
        accuracy = f"and is more accurate by {points(gain['mean'])} points"
    elif gain["high"] < 0:
        accuracy = f"but is less accurate by {number(abs(gain['mean']) * 100, 1)} points"
    else:
        accuracy = (
            f"at an accuracy that cannot be distinguished from the {of}'s ({points(gain['mean'])} "
            f"points, {points(gain['low'])} to {points(gain['high'])})"
        )
    text = f"the {name} policy spends {tokens} than the {of} {accuracy}."
    frontier = results["frontier"].get(of, {}).get(name)
    if frontier:
        stops = "monitored stop" if of == BASE else f"monitored stop of the {of}"
        if frontier["above_all"] is None:
            text += f" No {stops} gets by with as few tokens."
        elif frontier["above_all"]:
            text += f" It is above every {stops} that gets by with as few tokens{_sure(frontier)}."
        else:
            text += f" It is not above every {stops} that gets by with as few tokens."
    return text


def _sure(frontier: Mapping[str, Any]) -> str:
    """Of how many of the stops that are as cheap the interval says so, where not of all."""
    cheap = [row for row in frontier["points"].values() if row["as_cheap"]]
    sure = sum(row["above_for_sure"] for row in cheap)
    return "" if sure == len(cheap) else f", {sure or 'none'} of {len(cheap)} by the whole interval"


Tile = tuple[str, str, list[str]]
"""Name, figure, and lines below it."""


def tiles(results: Mapping[str, Any]) -> list[Tile]:
    """The figures a reader wants first."""
    arms = results["arms"]
    base = arms["base"]
    others = policy_names(results)[1:]
    if not others:
        accuracy, first = base["accuracy"], base["first_answer_accuracy"]
        steps = base["verification_steps"]
        return [
            ("correct", percent(accuracy["mean"], 1), [interval(accuracy, 100, 1)]),
            ("tokens", number(base["tokens"]["mean"]), [interval(base["tokens"])]),
            ("verification steps", number(steps["mean"], 2), [interval(steps, 1, 2)]),
            ("first stated answer correct", percent(first["mean"], 1), [interval(first, 100, 1)]),
        ]
    name = _subject(results)
    of = _reference(results, name)
    old, new, pair = arms[of], arms[name], results["paired"][f"{name}_vs_{of}"]

    def moved(key: str, scale: float, digits: int) -> str:
        before, now = (number(m[key]["mean"] * scale, digits) for m in (old, new))
        return f"{of} {before} → {now}"

    gain = pair["accuracy"]
    span = f"95 %: {points(gain['low'])} to {points(gain['high'])}"
    steps = _change(pair["verification_steps_change"]["mean"])
    found = [
        ("tokens per answer", _change(pair["tokens_change"]["mean"]), [moved("tokens", 1, 0)]),
        ("accuracy, points", points(gain["mean"]), [f"{moved('accuracy', 100, 1)} %", span]),
        ("verification steps", steps, [moved("verification_steps", 1, 2)]),
    ]
    equal = results["frontier"].get(of, {}).get(name, {}).get("at_equal_tokens")
    if equal:
        span = f"95 %: {points(equal['low'])} to {points(equal['high'])}"
        lines = [f"at {name}'s own tokens", span]
        stops = "monitored stops" if of == BASE else f"monitored {of}"
        found.append((f"against {stops}, points", points(equal["mean"]), lines))
    return found


def _change(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:+.0f} %".replace("-", "−")


VERDICTS = {
    True: ("yes", "✓ holds"),
    False: ("no", "✗ does not hold"),
    None: ("unsure", "? not settled"),
}


def claims(results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each claim as CSS class of its verdict, verdict, text."""
    return [
        (*VERDICTS[claim["holds"]], f"{claim['text']}{uncorrected(claim)}")
        for claim in results["claims"]
    ]


def uncorrected(claim: Mapping[str, Any]) -> str:
    """What follows the text of a claim that holds alone, but not after Holm's correction."""
    test = claim.get("test")
    if not claim["holds"] or test is None or test["rejected"]:
        return ""
    return (
        f" Not after Holm's correction for all claims of this comparison (p = {test['p_holm']:.3f},"
        " level 0.025)."
    )


def selection_words(results: Mapping[str, Any]) -> str:
    """How the thresholds were chosen."""
    s = results["selection"]
    if not s:
        return ""
    arms = results["arms"]

    def said(arm: str, kept: bool | None) -> str:
        lost = " (none kept the accuracy; this was the most accurate)" if kept is False else ""
        return f"{rule_text(arms[arm]) or arms[arm]['label']}{lost}"

    rules = (r for r in s["rules"].values() if r["chosen"] in arms)
    chosen = "; ".join(said(r["chosen"], r["kept_accuracy"]) for r in rules)
    kept = s.get("overall_kept_accuracy")
    overall = said("monitored", kept) if "monitored" in arms else ""
    choices = s.get("policies", {})
    labels = "; ".join(
        f"{name}: {said(arm, choices.get(name, {}).get('overall_kept_accuracy'))}"
        for name in policy_names(results)[1:]
        if (arm := arm_of(results, name, "monitored")) is not None
    )
    others = f" The other policies' own thresholds, by the same rule: {labels}." if labels else ""
    return (
        f"Thresholds were chosen on {s['problems']} calibration problems that are not among the"
        f" test problems: the fewest tokens at an accuracy of at least the base's less"
        f" {number(s['tolerance'] * 100, 1)} points. Chosen: {chosen}."
        f" “Monitored (chosen)” is the one that does best by the same measure:"
        f" {overall}.{others}"
    )
