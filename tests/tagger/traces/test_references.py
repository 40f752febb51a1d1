"""Worked solutions cut to the answer they end in, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.traces.references import NotAnAnswer, cut_reference

SENTENCE = "We add what he bought to what he had before. "


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Half of 48 is 48/2=<<48/2=24>>24.\n#### 24", "24"),
        ("That is all there is to it!\n#### 6", "6"),
        (SENTENCE * 20 + "\n#### 1,234", "1,234"),
        ("#### 3\nNo, again.\n#### 4", "4"),
        ("#### 6\n\n", "6"),
        ("6*7=<<6*7=42>>42 #### 42", "42"),
        ("#### $\\boxed{7}$", "7"),
        ("####7", "7"),
        ("#### The answer is 42.", "42"),
        ("####\n18", "18"),
        (r"Hence $x=\boxed{\frac{1}{2}}$, as asked.", r"\frac{1}{2}"),
        (SENTENCE * 20 + r"So \boxed{x^{2}+1}.", "x^{2}+1"),
        (r"First \boxed{3}, then \boxed{4}.", "4"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{a \boxed{b}}", "b"),
        (r"The area is \fbox{12}.", "12"),
        (r"So $\boxed 5$.", "5"),
        (r"So \boxed{8}. An open \boxed{9", "8"),
        (r"\boxed{20} and an empty \boxed{}", "20"),
        ("#### Step 1\nAdd them.\n#### Step 2\nSo \\boxed{5}.", "5"),
        (r"\boxed{5}" + "\n#### 6", "6"),
        ("#### 6\n" + r"\boxed{5}", "5"),
        ("<think>2+2</think><answer> 4 </answer>", "4"),
        (r"<answer>\boxed{4}</answer>", "4"),
        ("42", "42"),
        (" -3.5 ", "-3.5"),
        ("The answer is 42.", "42"),
        ("Answer: March 3", "March 3"),
        ("Zoey is a knight, and Riley is a knave.", "Zoey is a knight, and Riley is a knave."),
        ("1 2 3\n4 5 6\n7 8 9", "1 2 3\n4 5 6\n7 8 9"),
        ("\n".join("1 2 3 4 5 6 7 8 9" for _ in range(20)),) * 2,
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",) * 2,
        ("(" + ", ".join(f"{i}.5" for i in range(90)) + ")",) * 2,
    ],
)
def test_cut_reference(text: str, answer: str) -> None:
    assert cut_reference(text) == answer


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("<<2+2=4>>", "is empty"),
        ("He has 6.\n####", "nothing behind"),
        (SENTENCE * 20, "text of 899 characters that marks no answer"),
        ("word " * 60, "marks no answer"),
        (SENTENCE * 20 + "\n#### 6\n" + SENTENCE, "marks no answer"),
        (r"So \boxed{}.", "empty"),
        (r"So \boxed{6", "not closed"),
    ],
)
def test_cut_reference_refuses_what_is_no_answer(text: str, reason: str) -> None:
    with pytest.raises(NotAnAnswer, match=reason):
        cut_reference(text)


@given(
    st.integers(-(10**9), 10**9), st.lists(st.sampled_from([SENTENCE, "2+3=<<2+3=5>>5. ", "\n"]))
)
def test_cut_reference_finds_the_answer_behind_any_solution(value: int, lines: list[str]) -> None:
    assert cut_reference("".join(lines) + f"\n#### {value}") == str(value)
    assert cut_reference("".join(lines) + rf"It is $\boxed{{{value}}}$.") == str(value)


@given(st.text(max_size=300))
def test_cut_reference_is_stable_and_never_empty(text: str) -> None:
    try:
        cut = cut_reference(text)
    except NotAnAnswer:
        return
    assert cut.strip() == cut != ""


@pytest.mark.parametrize("opened", ["\\boxed{", "<answer>", "\\boxed", "#### "])
def test_cut_reference_reads_a_broken_text_in_one_pass(opened: str) -> None:
    assert cut_reference(opened * 100_000 + "\n#### 7") == "7"
