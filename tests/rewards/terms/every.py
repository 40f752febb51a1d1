"""Every registered term with every option it has, in settings under which short rollouts differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

import torch

from rewards.facts.published import NGRAM_SIZES
from rewards.terms.base import RewardTerm, StatefulTerm
from rewards.terms.registry import MODULES, build_term, term_kind
from tagger.config.settings import Settings
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import cut_off, rollout, table

TARGETS = {"target": 300, "lowest": 100, "highest": 900, "step": 100, "every": 1}
SHORT: dict[str, dict[str, Any]] = {
    "keyword_reflection": {"few": 5, "many": 20},
    "length_exp": {"threshold": 300},
    "target_ratio": {"least": 300, "most": 800, "short": 60},
    "length_target": {"alpha": 0.002},
    "length_window": {"width": 200},
    "length_budget": {"initial": 600, "floor": 50, "warmup": 0},
    "accuracy_aware": {"target": 0.9, "power": 2, "max_length": 500, "discount": 0.1},
    "soft_overlong": {"limit": 800, "buffer": 600},
    "hard_truncation": {"limit": 200, "ramp": 400, "keeps": 0.2},
    "cosine": {"limit": 600},
    "laser": {"target": 300},
    "laser_d": TARGETS,
    "laser_de": TARGETS,
    "budget_value": {"limit": 800},
    "length_excess": {"target": 200, "cap": 3},
}
"""Settings for rollouts of up to 1,000 tokens, of terms whose defaults are made for longer ones."""
MORE: dict[str, list[dict[str, Any]]] = {
    "step_count": [{"shape": "z_score", "deviation": "population"}],
    "target_ratio": [{"mode": mode, "short": 500} for mode in ("max_sym", "upper_only")],
    "length_target": [{"mode": "max", "slope": slope} for slope in ("code", "paper")],
    "soft_overlong": [{"difficulty": 1.0}],
    "cosine": [{"beyond": -1.0}],
}
"""Settings whose options need each other, or have no fixed set of values."""
TRAINED = [
    [rollout(1, 150, thinking_tokens=120), rollout(1, 350, thinking_tokens=300)],
    [rollout(1, 250, thinking_tokens=200), rollout(0, 700, thinking_tokens=650)],
    [rollout(1, 500, thinking_tokens=450), rollout(0, 900), cut_off(0, 1000)],
]
"""Groups that terms with a state have learned from."""

Config = tuple[str, dict[str, Any]]


def _options(params: type[Settings]) -> Iterator[tuple[str, Any]]:
    """Each option of each parameter that has a fixed set of them."""
    for name, hint in get_type_hints(params).items():
        if get_origin(hint) is Literal:
            yield from ((name, value) for value in get_args(hint))
        elif hint is bool:
            yield from ((name, value) for value in (True, False))


def settings_of(name: str) -> Iterator[dict[str, Any]]:
    """A term's settings for short rollouts, with each of its options in turn, under every gate."""
    base, kind = SHORT.get(name, {}), term_kind(name).params
    options = list(_options(kind))
    found = [base]
    for key, value in options:
        if key != "gate" and value != getattr(kind, key):
            found.append({**base, key: value})
    found += [{**base, **more} for more in MORE.get(name, [])]
    gates = [value for key, value in options if key == "gate"]
    for params in found:
        for gated in ({**params, "gate": gate} for gate in gates) if gates else (params,):
            if _builds(name, gated):
                yield gated


def _builds(name: str, params: Mapping[str, Any]) -> bool:
    try:
        build_term(name, params, REASONTYPE)
    except UserError:
        return False
    return True


CONFIGS: tuple[Config, ...] = tuple((n, p) for n in MODULES for p in settings_of(n))
"""All of them."""


def whole_batch(config: Config) -> bool:
    """Whether a term compares rollouts of different prompts."""
    name, params = config
    return name == "shuffled_tags" or params.get("scope") == "batch"


def trained(config: Config) -> RewardTerm:
    """The term after a batch of training, if it learns from batches."""
    term = build_term(*config, REASONTYPE)
    if isinstance(term, StatefulTerm):
        numbers = torch.tensor([n for n, group in enumerate(TRAINED) for _ in group])
        term.observe(table([row for group in TRAINED for row in group]), numbers)
    return term


def busy(correct: float, tokens: float, checks: float, **facts: float) -> dict[str, float]:
    """A rollout with checks, half of them after the answer, that says "wait" at each."""
    usual = {
        "thinking_tokens": tokens - 10,
        "answer_step": 0.0,
        "steps": checks + 1,
        "keywords": checks,
        "keywords_completion": checks,
        "reflections": checks,
        "steps_from_0": checks,
        "count__VERIFY": checks,
        "count_after__VERIFY": checks / 2,
        "count_completion__VERIFY": checks,
        "count_after_completion__VERIFY": checks / 2,
        "tokens__VERIFY": 10 * checks,
        "tokens_after__VERIFY": 5 * checks,
        "budget": 400.0,
        "reference_accuracy": 0.5,
        **{f"repeated_{n}grams": tokens / 2000 for n in NGRAM_SIZES},
    }
    return rollout(correct, tokens, **{**usual, **facts})


APART = [
    [busy(1, 200, 2), busy(1, 450, 6), busy(1, 320, 2), busy(1, 700, 12)],
    [busy(1, 210, 0, steps=0), busy(0, 900, 20, format_ok=0), busy(1, 650, 8), busy(1, 380, 4)],
]
"""A solved group and one with an incorrect rollout, between which every term tells apart."""
