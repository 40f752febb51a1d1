"""The claims about each pair of policies of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.analysis.arms import BASE, arm_of, policy_names, reference_of
from rl.analysis.claims.base import Claim
from rl.analysis.claims.directed import directed
from rl.analysis.claims.reference import against


def make_claims(results: Mapping[str, Any]) -> list[Claim]:
    """The claims about each pair of policies in ``claim_pairs``; an empty list without one.

    Against their reference (the control, or base where there is none) policies are measured by the
    targets of a shortened policy; claims about two others, and about two monitored ones, say which
    is shorter and whether accuracy is kept.
    """
    reference = reference_of(policy_names(results))
    claims = []
    for a, b in results["claim_pairs"]:
        # A claim against base that somebody asks for is one of a shortened policy, too.
        targets = b == reference or (b == BASE and a != reference)
        found = against(results, a, b) if targets else directed(results, a, b, a, b)
        arms = [arm_of(results, name, "monitored") for name in (a, b)]
        if arms[0] and arms[1]:
            found += directed(results, a, b, arms[0], arms[1])
        claims += [{**claim, "policies": [a, b]} for claim in found]
    return claims
