r"""Fences, rows of tables and environments of LaTeX: what they hold, and what they do not."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.segmentation import get_segmenter
from tagger.segmentation.blocks import MAX_FENCE
from tagger.segmentation.spans import MAX_CHARS
from tests.tagger.segmentation.test_segmentation import cut_at, stream_all

PIECES = st.sampled_from(
    ["\n", "\n\n", "\r\n", " ", ". ", ".", "! ", "a", "B", "So. It ", "x" * 9, "`", "$", "*"]
    + ["```", "\n```\n", "~~~", "\n~~~\n", "\n  ~~~~", "~", "\n- ", "\n1. ", "|", "| ", " |\n"]
    + ["\n|", "\n| 1. A | b! C |\n", "\n|x|. Y ", "||", "\\|", " = ", "\\[", "\\]", "\\\\[2mm]"]
    + ["\\begin{align}", "\\end{align}", "\\begin{align*}", ".\n\\end{align*}", "\\begin{proof}"]
    + ["\\be", "gin{", "\\end{", "array}"]
)
TEXTS = st.lists(PIECES, max_size=60).map("".join)
CUTS = st.lists(st.integers(0, 10_000), max_size=40)


def texts_of(text: str) -> list[str]:
    return [step.text for step in get_segmenter("sentence").split(text)]


@pytest.mark.parametrize("name", ["sentence", "marker"])
@settings(max_examples=200, deadline=None)
@given(TEXTS, CUTS, st.booleans())
def test_blocks_feeding_any_cutting_equals_splitting_and_loses_nothing(
    name: str, text: str, cuts: list[int], short: bool
) -> None:
    """With limits so short that the texts pass them, too."""
    with (
        patch("tagger.segmentation.blocks.MAX_FENCE", 40 if short else MAX_FENCE),
        patch("tagger.segmentation.blocks.MAX_CHARS", 20 if short else MAX_CHARS),
        patch("tagger.segmentation.spans.MAX_CHARS", 30 if short else MAX_CHARS),
    ):
        segmenter = get_segmenter(name)
        steps = segmenter.split(text)
        assert stream_all(segmenter, cut_at(text, cuts)) == steps
        assert stream_all(segmenter, list(text)) == steps
    assert "".join("".join(s.text.split()) for s in steps) == "".join(text.split())
    assert all(text[s.start : s.end] == s.text for s in steps)


@pytest.mark.parametrize("opening", ["```\n", "~~~\n", "\\begin{align}\n", "| a "])
def test_blocks_that_nobody_closes_hold_back_no_more_than_their_limit(opening: str) -> None:
    limit = MAX_FENCE if opening[0] in "`~" else MAX_CHARS
    blank = " " if opening[0] == "|" else "\n"
    said = [f"This is sentence {i} of it." for i in range(1000)]
    text = opening + blank.join(said)
    assert texts_of(text)[1:] == said[1:]
    stream = get_segmenter("sentence").stream()
    assert stream.feed(text[: limit - 1]) == []
    assert len(stream.feed(text[limit - 1 : limit])) > 50


@pytest.mark.parametrize("fence", ["```", "~~~"])
def test_blocks_fence_may_be_as_long_as_its_limit_and_no_longer(fence: str) -> None:
    inside = "a. B\n\n" * (MAX_FENCE // 6)
    held = f"{fence}\n{inside}"[: MAX_FENCE - 4] + f"\n{fence}"
    assert len(held) == MAX_FENCE
    assert texts_of(held) == [held]
    assert len(texts_of(held.replace("a", "aa", 1))) > 1000


@pytest.mark.parametrize("fence", ["```", "~~~"])
@pytest.mark.parametrize("closed", [True, False])
def test_blocks_what_stands_behind_a_long_block_is_what_it_is(fence: str, closed: bool) -> None:
    code, prose = "a = 1. B\n" * 1000, "Now we go on. It is done."
    block = f"{fence}py\nx = 1. Y\n{fence}"
    end = f"{fence}\n" if closed else ""
    found = texts_of(f"{fence}\n{code}{end}{prose}\n\n{block}\n\nSo it is.")
    assert found[-3:] == ["It is done.", block, "So it is."]


def test_blocks_last_fence_runs_to_the_end() -> None:
    for fence in ("```", "~~~"):
        assert texts_of(f"So:\n\n{fence}\na. B\n\nC. D") == ["So:", f"{fence}\na. B\n\nC. D"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~~~py\na. B\n\nc. D\n~~~\nIt ran. Ok", ["~~~py\na. B\n\nc. D\n~~~\nIt ran.", "Ok"]),
        ("It is ~~~ 5. So ~~~ it. Is", ["It is ~~~ 5.", "So ~~~ it.", "Is"]),
        ("~~~\na. B ~~~ c. D\n  ~~~~\nSo. It", ["~~~\na. B ~~~ c. D\n  ~~~~\nSo.", "It"]),
        ("~~5. So~~", ["~~5.", "So~~"]),
    ],
)
def test_blocks_fences_of_tildes(text: str, expected: list[str]) -> None:
    assert texts_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| 1. Foo | Bar! Baz |", ["| 1. Foo | Bar! Baz |"]),
        ("Yes.\n\n  | a. B | C |\t\r\nIt. So", ["Yes.", "| a. B | C |\t\r\nIt.", "So"]),
        ("|4| Foo. Bar | Baz! Q |", ["|4| Foo. Bar | Baz! Q |"]),
        ("|1|2. Foo|3|", ["|1|2. Foo|3|"]),
        ("| 1. A | 2. B", ["| 1.", "A | 2.", "B"]),
        ("| It is. So |", ["| It is.", "So |"]),
        ("We see | 1. A | 2. B |", ["We see | 1.", "A | 2.", "B |"]),
        ("|A∩C| = 3. Then |B| = 4. So |C|", ["|A∩C| = 3.", "Then |B| = 4.", "So |C|"]),
        ("|x|. Then |y|", ["|x|.", "Then |y|"]),
        ("|x| is it. Then |y|", ["|x| is it.", "Then |y|"]),
        ("||v|| = 2. So ||w||", ["||v|| = 2.", "So ||w||"]),
        ("|a| b. C \\| d \\|", ["|a| b.", "C \\| d \\|"]),
    ],
)
def test_blocks_rows_of_tables(text: str, expected: list[str]) -> None:
    assert texts_of(text) == expected


def test_blocks_line_of_absolute_values_is_cut_before_it_ends() -> None:
    stream = get_segmenter("sentence").stream()
    assert [s.text for s in stream.feed("|x| = 5. So ")] == ["|x| = 5."]


ALIGN = "\\begin{align}\nx &= 1. \\\\\ny &= 2. Foo\n\\end{align}"
ARRAYS = "\\begin{array}{c}a. B\\begin{array}{c}c. D\\end{array}e. F\\end{array}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ALIGN, [ALIGN]),
        (f"So {ALIGN}. It", [f"So {ALIGN}.", "It"]),
        (f"{ARRAYS} so. It", [f"{ARRAYS} so.", "It"]),
        ("\\begin{cases*}x. Y.\n\\end{cases*}\nIt", ["\\begin{cases*}x. Y.\n\\end{cases*}", "It"]),
        ("\\begin{align}a. B\\end{align*}", ["\\begin{align}a.", "B\\end{align*}"]),
        ("\\begin{align}a. B\n\nC\\end{align}", ["\\begin{align}a.", "B", "C\\end{align}"]),
        ("\\begin{proof} It. So \\end{proof}", ["\\begin{proof} It.", "So \\end{proof}"]),
        ("\\[\\begin{split}a. B\\\\[2mm] c. D\\end{split}\\] E. F",
         ["\\[\\begin{split}a. B\\\\[2mm] c. D\\end{split}\\] E.", "F"]),
    ],
)  # fmt: skip
def test_blocks_environments(text: str, expected: list[str]) -> None:
    assert texts_of(text) == expected
