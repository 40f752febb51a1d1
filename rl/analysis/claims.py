"""What a comparison may say in words: each claim with its target, its figures and its verdict.

``holds`` is True, False, or None where the data cannot tell, or nothing is there to compare with;
``reason`` says why where there is too little evidence (`rl.analysis.evidence`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.analysis.behaviour import RISK_GROUPS
from rl.analysis.evidence import (
    MIN_BAND_PROBLEMS,
    never_correct,
    no_spread,
    shortfall,
    too_few,
    unfinished,
)

TOKENS_TARGET = -0.50
ACCURACY_MARGIN = -0.02
EASY_TARGET = -0.70
PARTING = 0.20
"""Falls of two counters that differ by more than this share are said to part."""
FATTER = 0.25
"""Growth of the mean step length above which steps are said to have grown fatter."""
DOUBT = -0.05
"""Change of the tagger's mean confidence below which it is said to have grown unsure."""

Claim = dict[str, Any]


def percent(value: float | None, digits: int = 0) -> str:
    """A share as a percentage with a proper minus sign, ``n/a`` for None."""
    if value is None:
        return "n/a"
    shown = f"{value * 100:.{digits}f} %"
    return shown.removeprefix("-") if float(shown[:-2]) == 0 else shown.replace("-", "−")


def points(value: float | None) -> str:
    """An accuracy difference in signed percentage points."""
    if value is None:
        return "n/a"
    shown = f"{value * 100:+.1f}".replace("-", "−")
    return "0.0" if shown in ("+0.0", "−0.0") else shown


def _claim(name: str, text: str, holds: bool | None, **figures: Any) -> Claim:
    return {"name": name, "text": text, "holds": holds, "reason": None, "figures": figures}


def _settled(claim: Claim, reason: str | None) -> Claim:
    """The claim as it is, or not settled for a reason."""
    if reason is None:
        return claim
    text = f"{claim['text']} Not settled: {reason}."
    return {**claim, "holds": None, "reason": reason, "text": text}


def _fewer_tokens(pair: Mapping[str, Any]) -> Claim:
    change = pair["tokens_change"]
    word = "fewer" if change["mean"] <= 0 else "more"
    ends = sorted((abs(change["low"]), abs(change["high"])))
    return _claim(
        "tokens_halved",
        f"Trained uses {percent(abs(change['mean']))} {word} tokens than base"
        f" (95 % interval {percent(ends[0])} to {percent(ends[1])}; target: at least 50 % fewer).",
        change["mean"] <= TOKENS_TARGET,
        tokens_change=change,
    )


def _accuracy_kept(pair: Mapping[str, Any]) -> Claim:
    gain = pair["accuracy"]
    word = "more" if gain["mean"] >= 0 else "less"
    return _claim(
        "accuracy_kept",
        f"Trained is {abs(gain['mean']) * 100:.1f} points {word} accurate than base, paired by"
        f" problem (95 % interval {points(gain['low'])} to {points(gain['high'])}; target: not"
        " below 0, lower end not below −2).",
        gain["mean"] >= 0 and gain["low"] >= ACCURACY_MARGIN,
        accuracy=gain,
    )


def _above_monitored(frontier: Mapping[str, Any]) -> Claim:
    cheap = {n: r for n, r in frontier["points"].items() if r["as_cheap"]}
    equal = frontier["at_equal_tokens"]
    if not cheap:
        text = "No monitored point uses as few tokens as trained, so none stands against it."
        return _claim("above_monitored", text, None, as_cheap=0, at_equal_tokens=equal)
    above = [n for n, r in cheap.items() if r["above"]]
    sure = sum(r["above_for_sure"] for r in cheap.values())
    which = "the one monitored point" if len(cheap) == 1 else f"the {len(cheap)} monitored points"
    count = (
        "" if len(cheap) == 1 else "all of " if len(above) == len(cheap) else f"{len(above)} of "
    )
    verb = "is not" if not above else "is"
    text = (
        f"Trained {verb} more accurate than {count if above else ''}{which} that"
        f" use{'s' if len(cheap) == 1 else ''} as few tokens"
        f" ({sure} of {len(cheap)} with the whole paired interval above 0)"
    )
    if equal:
        text += (
            f"; against the best mixture of monitored points at trained's own tokens it is"
            f" {points(equal['mean'])} points ({points(equal['low'])} to {points(equal['high'])})"
        )
    return _claim(
        "above_monitored",
        text + ".",
        frontier["above_all"],
        as_cheap=len(cheap),
        not_above=sorted(set(cheap) - set(above)),
        at_equal_tokens=equal,
    )


def _easy_checks(pair: Mapping[str, Any]) -> Claim | None:
    change = pair["bands"].get("easy", {}).get("verification_steps_change")
    if change is None or change["mean"] is None:
        return None
    return _claim(
        "easy_verification",
        f"On easy problems trained writes {percent(abs(change['mean']))}"
        f" {'fewer' if change['mean'] <= 0 else 'more'} verification steps a trace than base"
        f" (interval of the change {percent(change['low'])} to {percent(change['high'])};"
        " target: at least 70 % fewer).",
        change["mean"] <= EASY_TARGET,
        verification_steps_change=change,
    )


def _selective(arms: Mapping[str, Any]) -> Claim:
    risk = {n: arms[n]["selectivity"]["by_base_risk"] for n in ("base", "trained")}
    safe, risky = RISK_GROUPS[0], RISK_GROUPS[-1]
    if safe not in risk["trained"] or risky not in risk["trained"]:
        text = "The base policy's first answers are too uniform to tell whether checks go there."
        return _claim("selective", text, None)
    if not arms["trained"]["verification_steps"]["mean"]:
        return _claim("selective", "Trained writes no verification steps anywhere.", False)
    steps = {
        (arm, group): risk[arm][group]["verification_steps"]
        for arm in risk
        for group in (safe, risky)
    }
    fewest = min(risk["trained"][group]["problems"] for group in (safe, risky))
    low, high = steps["trained", safe], steps["trained", risky]
    holds = True if high["low"] > low["high"] else False if high["mean"] <= low["mean"] else None
    verdict = {
        True: "The policy verifies selectively",
        False: "The policy does not verify selectively",
        None: "Whether the policy verifies selectively is not settled",
    }[holds]

    def pair(arm: str) -> str:
        return f"{steps[arm, risky]['mean']:.2f} against {steps[arm, safe]['mean']:.2f}"

    kept = {g: _ratio(steps["trained", g]["mean"], steps["base", g]["mean"]) for g in (safe, risky)}
    text = (
        f"{verdict}: where base's first answer is incorrect in more than half of its samples,"
        f" trained writes {pair('trained')} verification steps where base is never incorrect first"
        f" (base itself: {pair('base')}); it keeps {percent(kept[risky])} of base's steps there and"
        f" {percent(kept[safe])} here."
    )
    claim = _claim("selective", text, holds, kept={"risky": kept[risky], "safe": kept[safe]})
    return _settled(
        claim, too_few(fewest, MIN_BAND_PROBLEMS, "problems in the smaller of the two groups")
    )


def _ratio(a: float, b: float) -> float | None:
    return round(a / b, 6) if b else None


def _audit(arms: Mapping[str, Any]) -> Claim:
    base, trained = arms["base"]["audit"], arms["trained"]["audit"]

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
    for name, other in (("the audit tagger", auditor), ("the keyword list", keywords)):
        if tagger is not None and other is not None and abs(tagger - other) > PARTING:
            warnings.append(f"tagger and {name} part ({percent(tagger)} against {percent(other)})")
    if (figures["step_tokens_change"] or 0) > FATTER:
        warnings.append(f"steps grew {percent(figures['step_tokens_change'])} longer")
    old, new = base["confidence"]["mean"], trained["confidence"]["mean"]
    if old is not None and new is not None and new - old < DOUBT:
        warnings.append(f"the tagger's confidence fell from {old:.2f} to {new:.2f}")
    changes = [
        f"{name} {percent(value)}"
        for name, value in (
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
    return _claim("audit", text, not warnings if compared or warnings else None, **figures)


def make_claims(results: Mapping[str, Any]) -> list[Claim]:
    """The claims a comparison with a trained arm makes; an empty list without one."""
    pair = results["paired"].get("trained_vs_base")
    if pair is None:
        return []
    arms, both = results["arms"], ("base", "trained")
    short = shortfall(results, both)
    claims = [
        _settled(_fewer_tokens(pair), short or no_spread([pair["tokens_change"]])),
        _settled(
            _accuracy_kept(pair),
            short or never_correct(arms, both) or no_spread([pair["accuracy"]]),
        ),
    ]
    frontier = results["frontier"].get("trained")
    if frontier is not None:
        rivals = [n for n, row in frontier["points"].items() if row["as_cheap"]]
        claims.append(
            _settled(
                _above_monitored(frontier),
                short
                or unfinished(arms, rivals)
                or (never_correct(arms, ["trained", *rivals]) if rivals else None)
                or (_no_difference(frontier, rivals) if rivals else None),
            )
        )
    easy = _easy_checks(pair)
    if easy is not None:
        count = results["problems"]["bands"]["easy"]
        parts = {name: arms[name]["bands"]["easy"] for name in both}
        claims.append(
            _settled(
                easy,
                too_few(count, MIN_BAND_PROBLEMS, "easy problems")
                or unfinished(parts, both)
                or no_spread([pair["bands"]["easy"]["verification_steps_change"]]),
            )
        )
    return [*claims, _settled(_selective(arms), short), _settled(_audit(arms), short)]


def _no_difference(frontier: Mapping[str, Any], rivals: Sequence[str]) -> str | None:
    return no_spread(frontier["points"][name]["accuracy_difference"] for name in rivals)
