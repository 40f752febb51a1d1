"""Names that nobody knows: the nearest one where it is near, else the valid ones."""

from __future__ import annotations

import pytest

from tagger.errors import unknown_name

KEYS = ["problems.size", "problems.seed", "problems.source", "problems.split"]


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("problems.sise", KEYS, "problems.size"),
        ("problem.size", KEYS, "problems.size"),
        ("trian", ["train", "tag", "report"], "train"),
        ("tua", ["tau", "unit"], "tau"),
        ("verify", ["VERIFY", "META"], "VERIFY"),
        ("max_tokens", ["max_new_tokens", "batch_size"], "max_new_tokens"),
    ],
)
def test_unknown_name_suggests_a_near_one(name: str, known: list[str], meant: str) -> None:
    assert str(unknown_name("key", name, known)) == f"Unknown key {name!r}; did you mean {meant!r}?"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("problems.system_prompt", KEYS),
        ("problems.max_steps", KEYS),
        ("system_prompt", ["samples", "seed", "source", "split"]),
        ("compare.learning_rate", ["compare.tolerance", "compare.workers"]),
    ],
)
def test_unknown_name_lists_the_valid_ones_where_none_is_near(name: str, known: list[str]) -> None:
    listed = ", ".join(sorted(known))
    assert str(unknown_name("key", name, known)) == f"Unknown key {name!r}; valid: {listed}."


def test_unknown_name_of_an_empty_registry_is_still_a_sentence() -> None:
    assert str(unknown_name("key", "a", [])) == "Unknown key 'a'; valid: ."
