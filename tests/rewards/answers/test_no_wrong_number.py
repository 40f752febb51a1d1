"""No wrong number is paid: small edits, hedges, in every wrapping that models use."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rewards.answers.checkers import checker_for
from rewards.answers.numbers import exact_value

WRAPPINGS = (
    "{}",
    "{}.",
    r"\boxed{{{}}}",
    r"So $$\boxed{{{}}}$$",
    r"\[ x = \boxed{{{}}} \]",
    r"\boxed{{\text{{{}}}}}",
    r"\boxed{{x = {}}}",
    r"\boxed{{{} \text{{ km}}}}",
    "<answer>{}</answer>",
    "<answer> {} </answer> I used 3 steps.",
    r"<answer>\boxed{{{}}}</answer>",
    "The answer is {}.",
    "the answer is **{}**",
    "The answer is ${}$.",
    r"The answer is \({}\) apples.",
    "The final answer is {}!",
    "The answer is {}, because 2 + 2 = 4.",
    "**Answer:** {}",
    "### Final Answer\n\n{}",
    "**Final Answer:**\n\\[\n{}\n\\]",
    "#### {}",
    "First 3 * 7 = 21.\n\nSo the total is {}.",
    "First 3 * 7 = 21, then 21 - 4 → {}",
    "答案是{}。",
    "最终答案：{}",
)
HEDGES = (
    "{} or {}",
    "either {} or {}",
    "{} (or {})",
    "{}, or maybe {}",
    "{}, possibly {}",
    "{} and {}",
    "{}, {}",
    "{}; {}",
    "between {} and {}",
    "{} to {}",
    "{} or perhaps {}",
    "{} | {}",
    "maybe {}, maybe {}",
    "{}或{}",
    "{}或者{}",
    "{} apples or {} apples",
    "x = {} or x = {}",
    "{} = {}",
)
CHECK = checker_for({})


def right(answer: str, reference: str) -> bool:
    return CHECK(answer, reference, {})


def written() -> st.SearchStrategy[str]:
    """Numbers as references write them."""
    digits = st.integers(0, 99_999)
    return st.one_of(
        digits.map(str),
        st.integers(-9_999, -1).map(str),
        st.integers(1_000, 9_999_999).map(lambda n: f"{n:,}"),
        st.tuples(digits, st.integers(1, 999)).map(lambda p: f"{p[0]}.{p[1]}"),
        st.tuples(st.integers(1, 99), st.integers(2, 99)).map(lambda p: f"{p[0]}/{p[1]}"),
        st.tuples(st.integers(1, 99), st.integers(2, 99)).map(
            lambda p: rf"\frac{{{p[0]}}}{{{p[1]}}}"
        ),
        st.tuples(st.integers(1, 99), st.integers(1, 8)).map(
            lambda p: rf"{p[0]}\frac{{{p[1]}}}{{9}}"
        ),
        st.tuples(st.integers(1, 99), st.integers(1, 8)).map(lambda p: f"{p[0]} {p[1]}/9"),
    )


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str]:
    """A reference and a number a small edit away from it, of another value."""
    reference = draw(written())
    places = [i for i, c in enumerate(reference) if c.isdigit()]
    place = draw(st.sampled_from(places))
    digit = draw(st.sampled_from("0123456789"))
    before, after = reference[:place], reference[place + 1 :]
    other = draw(
        st.sampled_from(
            [
                before + digit + after,
                before + after,
                before + reference[place] + digit + after,
                before + digit + reference[place] + after,
                before + after[:1] + reference[place] + after[1:],
                reference.removeprefix("-") if reference.startswith("-") else f"-{reference}",
                before + "." + reference[place:] if reference.isdigit() else reference,
                reference.replace(".", ""),
                reference.replace(" ", "").replace("\\frac", ""),
                reference.replace("/", ""),
            ]
        )
    )
    return reference, other


@settings(deadline=None)
@given(st.sampled_from(WRAPPINGS), written())
def test_checker_accepts_the_number_in_every_wrapping(wrapping: str, number: str) -> None:
    assert right(wrapping.format(number), number)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(WRAPPINGS), edited())
@example(r"\boxed{{{}}}", (r"3\frac{1}{9}", "31/9"))
def test_checker_accepts_no_number_a_small_edit_away(wrapping: str, pair: tuple[str, str]) -> None:
    reference, other = pair
    if exact_value(other) != exact_value(reference):
        assert not right(wrapping.format(other), reference), wrapping.format(other)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(WRAPPINGS),
    st.sampled_from(HEDGES),
    st.integers(0, 9_999),
    st.integers(1, 99),
    st.booleans(),
)
def test_checker_accepts_no_hedge_whatever_the_order(
    wrapping: str, hedge: str, number: int, apart: int, first: bool
) -> None:
    pair = (number, number + apart) if first else (number + apart, number)
    answer = wrapping.format(hedge.format(*pair))
    assert not right(answer, str(number)), answer


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(WRAPPINGS),
    st.sampled_from(WRAPPINGS),
    st.sampled_from((" ", "\n", " or ", ". Or ", "\n\nWait, no: ")),
    st.integers(0, 999),
    st.integers(1, 99),
)
def test_checker_accepts_no_two_boxes_or_tags_that_differ(
    one: str, other: str, between: str, number: int, apart: int
) -> None:
    marked = [w for w in (one, other) if "boxed" in w or "<answer>" in w]
    if len(marked) == 2:
        answer = one.format(number) + between + other.format(number + apart)
        assert not right(answer, str(number)), answer
        assert not right(answer, str(number + apart)), answer


@settings(deadline=None)
@given(st.integers(0, 99_999), st.sampled_from(("km", "hours", "kg", "dollars", r"\%", "apples")))
def test_checker_reads_units_both_ways(number: int, unit: str) -> None:
    with_unit = f"{number} {unit}"
    assert right(rf"\boxed{{{with_unit}}}", str(number))
    assert right(rf"\boxed{{{number}}}", with_unit)
    assert right(f"The answer is {with_unit}.", with_unit)
    assert not right(f"The answer is {number + 1} {unit}.", with_unit)


@pytest.mark.parametrize(
    ("small", "large", "factor"),
    [("m", "km", 1000), ("minutes", "hours", 60), ("cents", "dollars", 100), ("cm", "m", 100)],
)
@given(number=st.integers(1, 999))
def test_checker_converts_units(small: str, large: str, factor: int, number: int) -> None:
    assert right(f"The answer is {number * factor} {small}.", f"{number} {large}")
    assert not right(f"The answer is {number} {small}.", f"{number} {large}")
    assert not right(f"The answer is {number} {large}.", f"{number} {small}")


@settings(deadline=None)
@given(st.permutations("ABCDE"), st.permutations("ABCDE"))
def test_checker_keeps_the_order_of_letters(one: list[str], other: list[str]) -> None:
    assert right(rf"\boxed{{{''.join(one)}}}", "".join(other)) is (one == other)


@settings(deadline=None)
@given(
    st.sampled_from("ABCDEFGHIJ"),
    st.sampled_from("ABCDEFGHIJ"),
    st.sampled_from(
        ("{}", "({})", "**{}**", "{}.", "{}) 42", "({}) 42 apples", "option {}", "{}: 42")
    ),
    st.sampled_from((r"\boxed{{{}}}", "The answer is {}.", "Answer: {}", "<answer>{}</answer>")),
)
def test_checker_reads_options(given_: str, wanted: str, form: str, wrapping: str) -> None:
    answer = wrapping.format(form.format(given_))
    assert right(answer, wanted) is (given_ == wanted), answer
