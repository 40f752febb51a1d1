"""What a comparison may say in words: each claim with its target, its figures and its verdict.

``holds`` is True, False, or None where the data cannot tell, or nothing is there to compare with;
``reason`` says why where there is too little evidence (`rl.analysis.evidence`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.analysis.arms import BASE, arm_of
from rl.analysis.behaviour import RISK_GROUPS
from rl.analysis.evidence import (
    MIN_BAND_PROBLEMS,
    never_correct,
    no_spread,
    shortfall,
    too_few,
    unfinished,
)
from rl.analysis.pair_claims import (
    ACCURACY_MARGIN,
    Claim,
    begin,
    directed,
    new_claim,
    percent,
    points,
    settled,
)

TOKENS_TARGET = -0.50
EASY_TARGET = -0.70
PARTING = 0.20
"""Falls of two counters that differ by more than this share are said to part."""
FATTER = 0.25
"""Growth of the mean step length above which steps are said to have grown fatter."""
DOUBT = -0.05
"""Change of the tagger's mean confidence below which it is said to have grown unsure."""


def _fewer_tokens(name: str, pair: Mapping[str, Any]) -> Claim:
    change = pair["tokens_change"]
    word = "fewer" if change["mean"] <= 0 else "more"
    sign = 1 if change["mean"] > 0 else -1
    ends = sorted((sign * change["low"], sign * change["high"]))
    return new_claim(
        "tokens_halved",
        f"{begin(name)} uses {percent(abs(change['mean']))} {word} tokens than base"
        f" (95 % interval {percent(ends[0])} to {percent(ends[1])}; target: at least 50 % fewer).",
        change["mean"] <= TOKENS_TARGET,
        tokens_change=change,
    )


def _accuracy_kept(name: str, pair: Mapping[str, Any]) -> Claim:
    gain = pair["accuracy"]
    word = "more" if gain["mean"] >= 0 else "less"
    return new_claim(
        "accuracy_kept",
        f"{begin(name)} is {abs(gain['mean']) * 100:.1f} points {word} accurate than base, paired"
        f" by problem (95 % interval {points(gain['low'])} to {points(gain['high'])}; target: not"
        " below 0, lower end not below −2).",
        gain["mean"] >= 0 and gain["low"] >= ACCURACY_MARGIN,
        accuracy=gain,
    )


def _above_monitored(name: str, frontier: Mapping[str, Any]) -> Claim:
    cheap = {n: r for n, r in frontier["points"].items() if r["as_cheap"]}
    equal = frontier["at_equal_tokens"]
    if not cheap:
        text = f"No monitored point uses as few tokens as {name}, so none stands against it."
        return new_claim("above_monitored", text, None, as_cheap=0, at_equal_tokens=equal)
    above = [n for n, r in cheap.items() if r["above"]]
    sure = sum(r["above_for_sure"] for r in cheap.values())
    which = "the one monitored point" if len(cheap) == 1 else f"the {len(cheap)} monitored points"
    count = (
        "" if len(cheap) == 1 else "all of " if len(above) == len(cheap) else f"{len(above)} of "
    )
    verb = "is not" if not above else "is"
    text = (
        f"{begin(name)} {verb} more accurate than {count if above else ''}{which} that"
        f" use{'s' if len(cheap) == 1 else ''} as few tokens"
        f" ({sure} of {len(cheap)} with the whole paired interval above 0)"
    )
    if equal:
        text += (
            f"; against the best mixture of monitored points at {name}'s own tokens it is"
            f" {points(equal['mean'])} points ({points(equal['low'])} to {points(equal['high'])})"
        )
    return new_claim(
        "above_monitored",
        text + ".",
        frontier["above_all"],
        as_cheap=len(cheap),
        not_above=sorted(set(cheap) - set(above)),
        at_equal_tokens=equal,
    )


def _easy_checks(name: str, pair: Mapping[str, Any]) -> Claim | None:
    change = pair["bands"].get("easy", {}).get("verification_steps_change")
    if change is None or change["mean"] is None:
        return None
    return new_claim(
        "easy_verification",
        f"On easy problems {name} writes {percent(abs(change['mean']))}"
        f" {'fewer' if change['mean'] <= 0 else 'more'} verification steps a trace than base"
        f" (interval of the change {percent(change['low'])} to {percent(change['high'])};"
        " target: at least 70 % fewer).",
        change["mean"] <= EASY_TARGET,
        verification_steps_change=change,
    )


def _selective(name: str, arms: Mapping[str, Any]) -> Claim:
    risk = {n: arms[n]["selectivity"]["by_base_risk"] for n in (BASE, name)}
    safe, risky = RISK_GROUPS[0], RISK_GROUPS[-1]
    if safe not in risk[name] or risky not in risk[name]:
        text = "The base policy's first answers are too uniform to tell whether checks go there."
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


def _audit(name: str, arms: Mapping[str, Any]) -> Claim:
    base, trained = arms[BASE]["audit"], arms[name]["audit"]

    def change(name: str) -> float | None:
        old, new = base[name]["mean"], trained[name]["mean"]
        return None if old is None or new is None or old < 0.2 else new / old - 1

    tagger, keywords, auditor = (
        change(n) for n in ("verification_steps", "keywords", "audit_verification")
    )
    figures = {
        "tagger_change": tagger, "keywords_change": keywords, "audit_tagger_change": auditor,
        "step_tokens_change": change("step_tokens"),
    }  # fmt: skip
    warnings = []
    for counter, other in (("the audit tagger", auditor), ("the keyword list", keywords)):
        if tagger is not None and other is not None and abs(tagger - other) > PARTING:
            warnings.append(
                f"tagger and {counter} part ({percent(tagger)} against {percent(other)})"
            )
    if (figures["step_tokens_change"] or 0) > FATTER:
        warnings.append(f"steps grew {percent(figures['step_tokens_change'])} longer")
    old, new = base["confidence"]["mean"], trained["confidence"]["mean"]
    if old is not None and new is not None and new - old < DOUBT:
        warnings.append(f"the tagger's confidence fell from {old:.2f} to {new:.2f}")
    changes = [
        f"{counter} {percent(value)}"
        for counter, value in (
            ("tagger", tagger), ("audit tagger", auditor), ("keyword list", keywords)
        )
        if value is not None
    ]  # fmt: skip
    text = f"Change of verification by each counter: {', '.join(changes) or 'none to compare'}"
    compared = tagger is not None and (auditor is not None or keywords is not None)
    if warnings:
        text += f"; warnings: {'; '.join(warnings)}."
    else:
        text += "; they do not part." if compared else "."
    if auditor is None:
        text += " No audit tagger was given."
    return new_claim("audit", text, not warnings if compared or warnings else None, **figures)


def make_claims(results: Mapping[str, Any]) -> list[Claim]:
    """The claims about each pair of policies in ``claim_pairs``; an empty list without one.

    Against base they are measured by the targets of a shortened policy; those about two other
    policies, and about two monitored ones, say which is shorter and whether accuracy is kept.
    """
    claims = []
    for a, b in results["claim_pairs"]:
        found = _against_base(results, a) if b == BASE else directed(results, a, b, a, b)
        arms = [arm_of(results, name, "monitored") for name in (a, b)]
        if arms[0] and arms[1]:
            found += directed(results, a, b, arms[0], arms[1])
        claims += [{**claim, "policies": [a, b]} for claim in found]
    return claims


def _against_base(results: Mapping[str, Any], name: str) -> list[Claim]:
    pair = results["paired"][f"{name}_vs_{BASE}"]
    arms, both = results["arms"], (BASE, name)
    short = shortfall(results, both)
    claims = [
        settled(_fewer_tokens(name, pair), short or no_spread([pair["tokens_change"]])),
        settled(
            _accuracy_kept(name, pair),
            short or never_correct(arms, both) or no_spread([pair["accuracy"]]),
        ),
    ]
    frontier = results["frontier"].get(name)
    if frontier is not None:
        rivals = [n for n, row in frontier["points"].items() if row["as_cheap"]]
        claims.append(
            settled(
                _above_monitored(name, frontier),
                short
                or unfinished(arms, rivals)
                or (never_correct(arms, [name, *rivals]) if rivals else None)
                or (_no_difference(frontier, rivals) if rivals else None),
            )
        )
    easy = _easy_checks(name, pair)
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
    return [*claims, settled(_selective(name, arms), short), settled(_audit(name, arms), short)]


def _no_difference(frontier: Mapping[str, Any], rivals: Sequence[str]) -> str | None:
    return no_spread(frontier["points"][name]["accuracy_difference"] for name in rivals)
