"""What a comparison measured of a policy, for its card."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rl.analysis.arms import BASE, CONTROL, arm_of
from tagger.errors import UserError

_COLUMNS = (
    ("correct", "accuracy", 100, 1, " %"),
    ("tokens", "tokens", 1, 1, ""),
    ("verification steps", "verification_steps", 1, 2, ""),
)


def compared_name(results: Mapping[str, Any], digests: Collection[str], source: str) -> str:
    """Name of the policy in a comparison, told by its weights.

    Args:
        results: As `rl.analysis.schema.load_results` reads them.
        digests: SHA-256 of the weights, in every form they are kept in.
        source: What to call the results in the error.

    Raises:
        UserError: The comparison measured other weights.
    """
    found = [p["name"] for p in results["policies"] if p.get("sha256") in digests]
    if not found:
        names = ", ".join(p["name"] for p in results["policies"])
        raise UserError(
            f"{source} compares other weights ({names}) than those that are exported; compare "
            "this policy first (suffice compare), or leave --results away."
        )
    return str(found[0])


def results_section(results: Mapping[str, Any], name: str) -> str:
    """Markdown with the arms of a policy, its base and control, and what was claimed of it.

    Args:
        results: The comparison.
        name: The policy there.
    """
    problems = results["problems"]
    samples = f"{problems['samples_per_problem']:g} completions each"
    parts = [
        f"Measured by `suffice compare` on {problems['count']} problems, {samples}; 95 % intervals "
        f"by bootstrap over {results['bootstrap']['over']}.",
        _table(results, name),
    ]
    runs = results.get("pooled", {}).get(name, ())
    if runs:
        own = runs[0]
        parts.append(
            f"The figures of {name} are means over {len(runs)} training runs that differ in their "
            f"seed; this policy is one of them, with {100 * own['accuracy']:.1f} % at "
            f"{own['tokens']:.1f} tokens."
        )
    claims = [
        f"* {claim['text']}"
        for claim in results["claims"]
        if name in (claim.get("policies") or ()) and claim.get("text")
    ]
    if claims:
        parts.append("\n".join(claims))
    overlap = problems.get("overlaps", {}).get(name, {}).get("text")
    if overlap:
        parts.append(f"Overlap with the training problems: {overlap}")
    p = results["provenance"]
    parts.append(
        f"Tagger of the comparison `{p['tagger_fingerprint']}`, commit `{p['commit']}`, "
        f"{str(p['date'])[:10]}, seed of sampling {', '.join(map(str, p['seeds']))}."
    )
    return "\n\n".join(parts)


def _table(results: Mapping[str, Any], name: str) -> str:
    wanted = []
    for policy in dict.fromkeys((BASE, CONTROL, name)):
        if any(arm["policy"] == policy for arm in results["arms"].values()):
            for kind in ("free", "monitored"):
                arm = arm_of(results, policy, kind)
                if arm is not None:
                    wanted.append(arm)
    lines = [
        "| | " + " | ".join(title for title, *_ in _COLUMNS) + " |",
        "|---|" + "---|" * len(_COLUMNS),
    ]
    for arm in wanted:
        found = results["arms"][arm]
        label = f"**{arm}**" if found["policy"] == name and found["kind"] == "free" else arm
        cells = [_cell(found[key], scale, digits, unit) for _, key, scale, digits, unit in _COLUMNS]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(estimate: Mapping[str, Any], scale: float, digits: int, unit: str) -> str:
    mean, low, high = (estimate[key] for key in ("mean", "low", "high"))
    if mean is None:
        return "–"
    text = f"{mean * scale:.{digits}f}{unit}"
    if low is None:
        return text
    return f"{text} ({low * scale:.{digits}f} to {high * scale:.{digits}f})"
