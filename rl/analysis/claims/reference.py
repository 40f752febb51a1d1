"""The claims of a shortened policy against its reference: the control, or the base without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.analysis.arms import BASE
from rl.analysis.behaviour import RISK_GROUPS
from rl.analysis.claims.audit import audit_claim, displacement_claim
from rl.analysis.claims.base import (
    Claim,
    begin,
    new_claim,
    percent,
    points,
    reached,
    settled,
)
from rl.analysis.claims.evidence import (
    MIN_BAND_PROBLEMS,
    never_correct,
    no_spread,
    shortfall,
    too_few,
    unfinished,
)
from rl.analysis.claims.targets import (
    EASY_VERIFICATION,
    EQUAL_TOKENS,
    SELECTIVITY,
    TOKENS_OF_BASE,
    TOKENS_OF_CONTROL,
    margin_of,
)


def _fewer_tokens(name: str, of: str, pair: Mapping[str, Any]) -> Claim:
    change, target = pair["tokens_change"], TOKENS_OF_BASE if of == BASE else TOKENS_OF_CONTROL
    word = "fewer" if change["mean"] <= 0 else "more"
    sign = 1 if change["mean"] > 0 else -1
    ends = sorted((sign * change["low"], sign * change["high"]))
    return new_claim(
        "tokens_halved" if of == BASE else "tokens_saved",
        f"{begin(name)} uses {percent(abs(change['mean']))} {word} tokens than {of}"
        f" (95 % interval {percent(ends[0])} to {percent(ends[1])}; target: at least"
        f" {percent(-target.value)} fewer, by the whole interval).",
        reached(change, target.value, fewer=True),
        tokens_change=change,
    )


def _accuracy_kept(name: str, of: str, pair: Mapping[str, Any], margin: float) -> Claim:
    gain = pair["accuracy"]
    word = "more" if gain["mean"] >= 0 else "less"
    return new_claim(
        "accuracy_kept",
        f"{begin(name)} is {abs(gain['mean']) * 100:.1f} points {word} accurate than {of}, paired"
        f" by problem (95 % interval {points(gain['low'])} to {points(gain['high'])}; target:"
        f" whole interval not below −{margin * 100:g}).",
        reached(gain, -margin),
        accuracy=gain,
    )


def _above_monitored(name: str, of: str, frontier: Mapping[str, Any]) -> Claim:
    cheap = {n: r for n, r in frontier["points"].items() if r["as_cheap"]}
    equal = frontier["at_equal_tokens"]
    if not cheap:
        text = f"No monitored point of {of} uses as few tokens as {name}: none to compare with."
        return new_claim("above_monitored", text, None, as_cheap=0, at_equal_tokens=equal)
    verdicts = [reached(r["accuracy_difference"], 0.0, sign=True) for r in cheap.values()]
    holds = False if False in verdicts else None if None in verdicts else True
    above = [n for n, r in cheap.items() if r["above"]]
    sure = sum(r["above_for_sure"] for r in cheap.values())
    which = "the one monitored point" if len(cheap) == 1 else f"the {len(cheap)} monitored points"
    which += "" if of == BASE else f" of {of}"
    count = (
        "" if len(cheap) == 1 else "all of " if len(above) == len(cheap) else f"{len(above)} of "
    )
    verb = "is not" if not above else "is"
    text = (
        f"{begin(name)} {verb} more accurate than {count if above else ''}{which} that"
        f" use{'s' if len(cheap) == 1 else ''} as few tokens"
        f" ({sure} of {len(cheap)} with the whole paired interval above 0; target: all)"
    )
    if equal:
        text += (
            f"; against the best mixture of monitored points at {name}'s own tokens it is"
            f" {points(equal['mean'])} points ({points(equal['low'])} to {points(equal['high'])})"
        )
    return new_claim(
        "above_monitored",
        text + ".",
        holds,
        as_cheap=len(cheap),
        not_above=sorted(set(cheap) - set(above)),
        at_equal_tokens=equal,
    )


def _gain_at_equal_tokens(name: str, of: str, equal: Mapping[str, Any]) -> Claim:
    """Whether the policy pays against the best that monitoring the reference reaches."""
    mean, target = equal["mean"], EQUAL_TOKENS.value
    return new_claim(
        "gain_at_equal_tokens",
        f"At {name}'s own tokens the best mixture of monitored stops of {of} is"
        f" {abs(mean) * 100:.1f} points {'less' if mean >= 0 else 'more'} accurate (95 % interval"
        f" of the difference {points(equal['low'])} to {points(equal['high'])}; target: at least"
        f" {target * 100:g} points less, by the whole interval).",
        reached(equal, target),
        at_equal_tokens=equal,
    )


def _easy_checks(name: str, of: str, pair: Mapping[str, Any]) -> Claim | None:
    change = pair["bands"].get("easy", {}).get("verification_steps_change")
    if change is None or change["mean"] is None:
        return None
    return new_claim(
        "easy_verification",
        f"On easy problems {name} writes {percent(abs(change['mean']))}"
        f" {'fewer' if change['mean'] <= 0 else 'more'} verification steps a trace than {of}"
        f" (interval of the change {percent(change['low'])} to {percent(change['high'])};"
        " target: at least 70 % fewer, by the whole interval).",
        reached(change, EASY_VERIFICATION.value, fewer=True),
        verification_steps_change=change,
    )


def _selective(name: str, arms: Mapping[str, Any]) -> Claim:
    risk = {n: arms[n]["selectivity"]["by_base_risk"] for n in (BASE, name)}
    safe, risky = RISK_GROUPS[0], RISK_GROUPS[-1]
    if safe not in risk[name] or risky not in risk[name]:
        text = (
            f"Whether {name} verifies where base's first answer is incorrect cannot be told: there"
            " are no problems where it is so in more than half of base's samples, or none where it"
            " never is."
        )
        return new_claim("selective", text, None)
    if not arms[name]["verification_steps"]["mean"]:
        return new_claim(
            "selective", f"{begin(name)} writes no verification steps anywhere.", False
        )
    steps = {
        (arm, group): risk[arm][group]["verification_steps"]
        for arm in risk
        for group in (safe, risky)
    }
    fewest = min(risk[name][group]["problems"] for group in (safe, risky))
    low, high = steps[name, safe], steps[name, risky]
    holds = True if high["low"] > low["high"] else False if high["mean"] <= low["mean"] else None
    verdict = {
        True: "The policy verifies selectively",
        False: "The policy does not verify selectively",
        None: "Whether the policy verifies selectively is not settled",
    }[holds]

    def pair(arm: str) -> str:
        return f"{steps[arm, risky]['mean']:.2f} against {steps[arm, safe]['mean']:.2f}"

    kept = {g: _ratio(steps[name, g]["mean"], steps["base", g]["mean"]) for g in (safe, risky)}
    text = (
        f"{verdict}: where base's first answer is incorrect in more than half of its samples,"
        f" {name} writes {pair(name)} verification steps where base is never incorrect first"
        f" (base itself: {pair('base')}); it keeps {percent(kept[risky])} of base's steps there and"
        f" {percent(kept[safe])} here."
    )
    claim = new_claim("selective", text, holds, kept={"risky": kept[risky], "safe": kept[safe]})
    return settled(
        claim, too_few(fewest, MIN_BAND_PROBLEMS, "problems in the smaller of the two groups")
    )


def _ratio(a: float, b: float) -> float | None:
    return round(a / b, 6) if b else None


def _verifies_where_incorrect(name: str, arm: Mapping[str, Any]) -> Claim | None:
    """Verification rate given that its own first answer is incorrect, less that given correct."""
    found = arm["selectivity"]
    difference = found.get("difference")
    if difference is None or difference["low"] is None:
        return None  # results of an earlier version, or no such answers
    low, high = difference["low"], difference["high"]
    wrong, right = (found[f"verified_if_first_{kind}"]["mean"] for kind in ("wrong", "right"))
    return new_claim(
        "verifies_where_incorrect",
        f"{begin(name)} verifies {percent(wrong)} of the answers whose first stated answer is"
        f" incorrect and {percent(right)} of those where it is correct: a difference of"
        f" {points(difference['mean'])} points (95 % interval {points(low)} to {points(high)};"
        " target: at least +20, by the whole interval).",
        reached(difference, SELECTIVITY.value),
        difference=difference,
    )


def against(results: Mapping[str, Any], name: str, of: str) -> list[Claim]:
    """The claims of a policy against its reference.

    Args:
        results: The results so far.
        name: The policy.
        of: The reference: `CONTROL`, or `BASE` without one.
    """
    pair = results["paired"][f"{name}_vs_{of}"]
    arms, both = results["arms"], (of, name)
    short = shortfall(results, both)
    claims = [
        settled(_fewer_tokens(name, of, pair), short or no_spread([pair["tokens_change"]])),
        settled(
            _accuracy_kept(name, of, pair, margin_of(results)),
            short or never_correct(arms, both) or no_spread([pair["accuracy"]]),
        ),
    ]
    frontier = results["frontier"].get(of, {}).get(name)
    if frontier is not None:
        claims += _against_monitored(name, of, frontier, arms, short)
    easy = _easy_checks(name, of, pair)
    if easy is not None:
        count = results["problems"]["bands"]["easy"]
        parts = {arm: arms[arm]["bands"]["easy"] for arm in both}
        claims.append(
            settled(
                easy,
                too_few(count, MIN_BAND_PROBLEMS, "easy problems")
                or unfinished(parts, both)
                or no_spread([pair["bands"]["easy"]["verification_steps_change"]]),
            )
        )
    claims.append(settled(_selective(name, arms), short))
    own = _verifies_where_incorrect(name, arms[name])
    claims += [settled(own, short)] if own is not None else []
    claims.append(settled(audit_claim(name, of, arms, pair), short))
    moved = displacement_claim(name, of, pair)
    return claims + ([settled(moved, short)] if moved is not None else [])


def _against_monitored(
    name: str, of: str, frontier: Mapping[str, Any], arms: Mapping[str, Any], short: str | None
) -> list[Claim]:
    rivals = [n for n, row in frontier["points"].items() if row["as_cheap"]]
    reason = short or unfinished(arms, rivals)
    if rivals:
        reason = reason or never_correct(arms, [name, *rivals]) or _no_difference(frontier, rivals)
    claims = [settled(_above_monitored(name, of, frontier), reason)]
    if of != BASE and frontier["at_equal_tokens"]:
        equal = frontier["at_equal_tokens"]
        mixed = [n for n in frontier["mixture"] if n in arms]
        reason = short or unfinished(arms, mixed) or no_spread([equal])
        claims.append(settled(_gain_at_equal_tokens(name, of, equal), reason))
    return claims


def _no_difference(frontier: Mapping[str, Any], rivals: Sequence[str]) -> str | None:
    return no_spread(frontier["points"][name]["accuracy_difference"] for name in rivals)
