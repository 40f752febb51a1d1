"""A comparison, as much of it as a card reads."""

from __future__ import annotations

from typing import Any


def comparison(sha256: str | None = None) -> dict[str, Any]:
    """Base and a policy called ``mine``, free and one of them monitored."""

    def arm(policy: str, kind: str, tokens: float, **more: Any) -> dict[str, Any]:
        return {
            "policy": policy,
            "kind": kind,
            "accuracy": {"mean": 0.8, "low": 0.7, "high": 0.9},
            "tokens": {"mean": tokens, "low": tokens - 5, "high": tokens + 5},
            "verification_steps": {"mean": 0.5, "low": None, "high": None},
            **more,
        }

    return {
        "policies": [
            {"name": "base", "model": "m", "sha256": "1" * 64},
            {"name": "mine", "model": "p", "sha256": sha256},
        ],
        "arms": {
            "base": arm("base", "free", 100.0),
            "monitored": arm("base", "monitored", 70.0),
            "grid_1": arm("base", "grid", 75.0),
            "mine": arm("mine", "free", 60.0),
        },
        "problems": {
            "count": 100,
            "samples_per_problem": 2.0,
            "overlaps": {"mine": {"text": "0 of 100 test problems were also training problems."}},
        },
        "bootstrap": {"over": "problems"},
        "claims": [
            {"policies": ["mine", "base"], "text": "Mine uses fewer tokens."},
            {"policies": ["other"], "text": "Other does not."},
        ],
        "provenance": {
            "tagger_fingerprint": "f" * 64,
            "commit": "c0ffee",
            "date": "2026-11-29T10:00:00",
            "seeds": [0, 1],
        },
    }
