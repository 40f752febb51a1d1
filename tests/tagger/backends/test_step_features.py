"""Features: look-back flags by hand, hashes fixed for good, batches that change nothing."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.backends.features.lookback import Equation, equations_in, states_answer
from tagger.backends.features.step_features import (
    StepFeatures,
    TraceExtractor,
    flag_buckets,
    fold,
    words_of,
)

WEIGHTS = (1.0, 0.5, 1.3)
STEP_TEXTS = st.lists(
    st.sampled_from(
        ["Wait,", "3 + 4 = 7.", "so", "the answer is 7", "é数", "\\boxed{7}", "?", "7"]
    ),
    max_size=6,
).map(" ".join)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Let's see: 3+4 = 7.", ["let's", "see", ":", "3", "+", "4", "=", "7", "."]),
        ("\\frac{1}{2}", ["\\frac", "{", "1", "}", "{", "2", "}"]),
        ("1,234.5 units", ["1,234.5", "units"]),
        ("Там é数", ["там", "é数"]),
        ("", []),
        ("__", []),
    ],
)
def test_step_features_words(text: str, words: list[str]) -> None:
    assert words_of(text, 100) == words


@given(st.text("abz'’_09.,\\-=\n\x1c é٣ß²Ⅷ\u2028中ʼ", max_size=30))
def test_step_features_words_equal_the_backtracking_pattern(text: str) -> None:
    ascii_word = r"[a-z]+(?:'[a-z]+)?|\d+(?:[.,]\d+)*|\\[a-z]+|[^\w\s]"
    any_word = r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*|\\[^\W\d_]+|[^\w\s]"
    low = text.lower()
    assert words_of(text, 100) == re.findall(ascii_word if low.isascii() else any_word, low)


def test_step_features_reads_at_most_max_words() -> None:
    assert words_of("a b c d", 2) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3 + 4 = 7.", [Equation("3 + 4", "7")]),
        ("3 plus 4 is 7", [Equation("3 + 4", "7")]),
        ("7 - 9 = -2", [Equation("7 - 9", "-2")]),
        ("$(2 \\times 5) = 10$", [Equation("2 * 5", "10")]),
        ("3 + 4 = 7, 7 - 2 = 5", [Equation("3 + 4", "7"), Equation("7 - 2", "5")]),
        ("3 + 4 = 7 - 2 = 5", [Equation("3 + 4", "7"), Equation("7 - 2", "5")]),
        ("3 + 4 = what", [Equation("3 + 4", "")]),
        ("x = 5", []),
        ("the answer is 7", []),
        ("3 4 = 7", []),
        ("= 7", []),
        ("3 + 4 =", [Equation("3 + 4", "")]),
    ],
)
def test_step_features_equations(text: str, found: list[Equation]) -> None:
    assert equations_in(words_of(text, 100)) == found


@given(
    st.lists(
        st.sampled_from(
            ["The ANSWER", "total", "Iſ", " is", "=", ".", "\n", "be", "Boxed", "é", " x" * 25]
        )
    )
)
def test_step_features_states_answer_in_any_case(parts: list[str]) -> None:
    words = r"boxed|\b(?:answer|total)\b[^.\n]{0,40}?(?:\b(?:is|be)\b|[=:])"
    text = "".join(parts)
    assert states_answer(text) == bool(re.search(words, text, re.IGNORECASE))


def differing(first: list[str], second: list[str], question: str = "") -> set[int]:
    """Places where the flags of the last steps of two traces differ."""
    flags = []
    for texts in (first, second):
        reader = TraceExtractor(question, 100)
        flags.append([reader.read(text).flags for text in texts][-1])
    return {i for i, (a, b) in enumerate(zip(*flags, strict=True)) if a != b}


def test_step_features_flags_mark_repeated_equations_stated_answers_and_changed_values() -> None:
    base = ["Look.", "1 + 1 = 2.", "Go on.", "3 + 4 = 7."]
    repeated = ["Look.", "3 + 4 = 7.", "Go on.", "3 + 4 = 7."]
    swapped = ["Look.", "4 + 3 = 7.", "Go on.", "3 + 4 = 7."]
    changed = ["Look.", "3 + 4 = 8.", "Go on.", "3 + 4 = 7."]
    stated = ["Look.", "1 + 1 = 2.", "The answer is 7.", "3 + 4 = 7."]
    repeats, operands, changes, answer = 9, 10, 12, 27
    assert repeats in differing(base, repeated)
    assert operands in differing(base, swapped) and repeats not in differing(base, swapped)
    assert changes in differing(repeated, changed)
    assert answer in differing(base, stated)
    assert differing(base, list(base)) == set()


@settings(max_examples=100, deadline=None)
@given(st.lists(STEP_TEXTS, min_size=1, max_size=8), STEP_TEXTS)
def test_step_features_does_not_depend_on_later_steps(texts: list[str], later: str) -> None:
    alone, longer = TraceExtractor("3 + 4", 50), TraceExtractor("3 + 4", 50)
    first = [alone.read(t) for t in texts]
    assert first == [longer.read(t) for t in [*texts, later]][:-1]
    assert len({len(f.flags) for f in first}) == 1
    assert all(0 <= v < 2**32 for f in first for v in f.flags)


def buckets_of(steps: list[StepFeatures], bits: int = 16) -> list[list[list[int]]]:
    """Buckets by step and group."""
    folded = fold(steps, bits, WEIGHTS)
    edges = [*folded.starts.tolist(), len(folded.buckets)]
    groups = [folded.buckets[a:b].tolist() for a, b in zip(edges, edges[1:], strict=False)]
    return [groups[i :: len(steps)] for i in range(len(steps))]


@settings(max_examples=100, deadline=None)
@given(st.lists(STEP_TEXTS, min_size=1, max_size=8), st.randoms())
def test_step_features_fold_does_not_depend_on_the_batch(texts: list[str], rng: object) -> None:
    reader = TraceExtractor("", 50)
    steps = [reader.read(t) for t in texts]
    together = buckets_of(steps)
    assert together == [buckets_of([s])[0] for s in steps]
    assert buckets_of(steps[::-1]) == together[::-1]
    scale = fold(steps, 16, WEIGHTS).scale
    lengths = [[len(g) for g in groups] for groups in together]
    squared = scale**2 * np.array([[n[0] + n[1], n[2], n[3]] for n in lengths]).T
    np.testing.assert_allclose(squared, np.array(WEIGHTS)[:, None] ** 2 * np.ones(len(steps)))


FLAGS = st.lists(st.integers(0, 2**32 - 1), min_size=5, max_size=5)


@settings(max_examples=100, deadline=None)
@given(st.lists(FLAGS, min_size=1, max_size=4), st.sampled_from([6, 14, 20]))
def test_step_features_flag_buckets_equal_folded_buckets(flags: list[list[int]], bits: int) -> None:
    steps = buckets_of([StepFeatures([1], [2], step) for step in flags], bits)
    assert flag_buckets(flags, bits).tolist() == [groups[3] for groups in steps]


def test_step_features_fold_is_stable_across_processes_and_releases() -> None:
    """A change here changes every saved tagger: raise FEATURES_VERSION and train again."""
    reader = TraceExtractor("What is 3 + 4?", 50)
    steps = [reader.read("3 + 4 = 7."), reader.read("Wait, 3 + 4 = 7.")]
    digest = hash_of(fold(steps, 18, WEIGHTS).buckets)
    assert digest == "bfffa23fc74ab6e2"
    code = (
        "from tests.tagger.backends.test_step_features import *\n"
        "r = TraceExtractor('What is 3 + 4?', 50)\n"
        "s = [r.read('3 + 4 = 7.'), r.read('Wait, 3 + 4 = 7.')]\n"
        "print(hash_of(fold(s, 18, WEIGHTS).buckets))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == digest


def hash_of(buckets: np.ndarray) -> str:
    import hashlib

    return hashlib.sha256(buckets.astype("<i8").tobytes()).hexdigest()[:16]


def test_step_features_chunks_cover_all_steps_and_are_bounded() -> None:
    from tagger.backends.linear import _CHUNK, chunks

    reader = TraceExtractor("", 2000)
    read = [reader.read("so it is " * (600 if i % 7 == 0 else 3)) for i in range(100)]
    ranges = list(chunks(read))
    assert [i for begin, end in ranges for i in range(begin, end)] == list(range(100))
    largest = max(2 * len(s.words) + len(s.previous) + len(s.flags) for s in read)
    for begin, end in ranges:
        size = sum(2 * len(s.words) + len(s.previous) + len(s.flags) for s in read[begin:end])
        assert size < _CHUNK + largest
    assert len(ranges) > 5
    assert list(chunks([])) == []
