"""The arithmetic families are reasoning-gym's, draw for draw."""

from __future__ import annotations

import hashlib
import json

import pytest

from rl.problems.arithmetic import DRAWS, basic_arithmetic

# SHA-256 over (question, answer, metadata) of 1,000 entries with seed 17 and 2 to 5 terms or kinds
# of animals, as reasoning-gym 0.1.25 itself draws them.
DIGESTS = {
    "chain_sum": "caa110f5e99b6f4d1325ec7ebd762bcc8c3e0ce9790bdd1071aef4ee26e89f51",
    "leg_counting": "47839966630e32306c5d79d1dc818a9d3be0f6a7edcaa8af702927ff8ae6c403",
    "basic_arithmetic": "670b203e03a30d7e69680bc40aecbfc08519cfb415f218e9e8066c8d43705ecb",
}
SETTINGS = {
    "chain_sum": {"min_digits": 1, "max_digits": 1, "allow_negation": False},
    "leg_counting": {"min_instances": 1, "max_instances": 3},
    "basic_arithmetic": {
        "min_digits": 1,
        "max_digits": 1,
        "operators": ("+", "-", "*"),
        "allow_parentheses": False,
        "allow_negation": False,
    },
}


@pytest.mark.parametrize("family", DRAWS)
def test_draws_are_those_recorded_from_reasoning_gym(family: str) -> None:
    digest = hashlib.sha256()
    for index in range(1000):
        digest.update(json.dumps(DRAWS[family](17, index, 2, 5)).encode())
    assert digest.hexdigest() == DIGESTS[family]


@pytest.mark.parametrize("family", DRAWS)
@pytest.mark.parametrize(("least", "most"), [(1, 1), (2, 3), (4, 4), (5, 5)])
def test_draws_are_those_of_reasoning_gym(family: str, least: int, most: int) -> None:
    gym = pytest.importorskip("reasoning_gym", reason="an extra; the recorded draws stand for it")
    unit = "animals" if family == "leg_counting" else "terms"
    bounds = {f"min_{unit}": least, f"max_{unit}": most}
    for seed in (0, 2**31 - 1):
        entries = gym.create_dataset(family, size=64, seed=seed, **SETTINGS[family], **bounds)
        for index, entry in enumerate(entries):
            drawn = DRAWS[family](seed, index, least, most)
            assert drawn == (entry["question"], entry["answer"], entry["metadata"])


def test_basic_arithmetic_is_reckoned_from_left_to_right() -> None:
    for index in range(200):
        _, answer, metadata = basic_arithmetic(3, index, 3, 3)
        a, first, b, second, c = metadata["expression"].split()
        assert answer == str(eval(f"({a} {first} {b}) {second} {c}"))
