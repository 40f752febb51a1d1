"""Who is paid for being short while incorrect, found by shortening incorrect rollouts."""

from __future__ import annotations

import re
from functools import cache

import pytest
import torch

from rewards.facts.published import NGRAM_SIZES
from rewards.terms.registry import MODULES, term_text
from tests.rewards.terms.every import CONFIGS, Config, busy, trained, whole_batch
from tests.rewards.terms.rollouts import table

PAID_BY_DEFAULT = {"reflection_floor"}
"""Terms that pay short incorrect rollouts without being asked to, as their authors' do."""
MOVE_THE_CORRECT = {"length_minmax", "length_exp", "length_ratio"}
"""Terms that compare correct rollouts with the lengths of incorrect ones too."""
LENGTHS = (950, 790, 590, 390, 290, 90, 12)
PEERS = {
    "correct ones": [busy(1, 200, 2), busy(1, 450, 6), busy(1, 700, 12)],
    "one of each": [busy(1, 300, 2), busy(0, 500, 6)],
    "incorrect ones": [busy(0, 500, 6), busy(0, 800, 9)],
}


def wrong(tokens: float, ended: float, steps: float) -> dict[str, float]:
    """An incorrect rollout; a shorter one repeats itself less and may have no steps at all."""
    repeated = {f"repeated_{n}grams": tokens / 2000 for n in NGRAM_SIZES}
    more = {"ended": ended, "finished": ended, "steps": steps, "reflections": 1.0, "budget": 100.0}
    return busy(0, tokens, min(steps, 8.0), **more, **repeated)


CASES = [(ended, tokens) for ended in (1.0, 0.0) for tokens in LENGTHS]


@cache
def groups_with(peers: str) -> torch.Tensor:
    """A group for each case, the incorrect rollout last; shape (cases, rollouts of it, C)."""
    rows = [[*PEERS[peers], wrong(tokens, ended, tokens // 50)] for ended, tokens in CASES]
    return table([row for group in rows for row in group]).reshape(len(CASES), len(rows[0]), -1)


def grouped(config: Config, peers: str) -> torch.Tensor:
    """What each rollout of each case gets, (cases, rollouts of it)."""
    term, facts = trained(config), groups_with(peers)
    cases, size, columns = facts.shape
    if whole_batch(config):
        return torch.stack([term(group, torch.zeros(size).long()) for group in facts])
    numbers = torch.arange(cases).repeat_interleave(size)
    return term(facts.reshape(-1, columns), numbers).reshape(cases, size)


def paid_for_being_short(config: Config) -> bool:
    """Whether an incorrect rollout of some group gets more for being a shorter one."""
    found = torch.stack([grouped(config, peers)[:, -1] for peers in PEERS])
    by_length = found.reshape(len(PEERS), 2, len(LENGTHS))  # those that ended, those cut off
    return bool((by_length.diff(dim=2) > 1e-6).any())


def on_incorrect_rollouts(name: str) -> str:
    """What the documentation of a term says of them."""
    found = re.search(r"Incorrect rollouts: (.*?)(\n\n|$)", term_text(name), re.DOTALL)
    return found[1] if found else ""


@pytest.mark.parametrize("name", MODULES)
def test_incorrect_rollouts_are_paid_for_being_short_only_where_the_documentation_says_so(
    name: str,
) -> None:
    paying = [params for n, params in CONFIGS if n == name and paid_for_being_short((n, params))]
    text = on_incorrect_rollouts(name).replace("never for being short", "")
    assert bool(paying) == bool(re.search(r"\bshort(er)?\b", text)), (name, paying)
    if name not in PAID_BY_DEFAULT:
        assert all(params["gate"] == "none" for params in paying), (name, paying)


def moved(config: Config) -> bool:
    """Whether anything in an incorrect rollout changes what the correct ones of its group get."""
    found = grouped(config, "correct ones")[:, :-1]
    return bool(((found - found[0]).abs() > 1e-6).any())


@pytest.mark.parametrize("name", MODULES)
def test_facts_of_incorrect_rollouts_reach_correct_ones_only_where_the_documentation_says_so(
    name: str,
) -> None:
    moving = [params for n, params in CONFIGS if n == name and moved((n, params))]
    if name in MOVE_THE_CORRECT:
        assert moving and re.search("their\\s+lengths\\s+count", on_incorrect_rollouts(name)), name
    else:
        assert all(params.get("aggregator") == "mean_all" for params in moving), moving
