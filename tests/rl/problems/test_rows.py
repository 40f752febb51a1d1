r"""Rows of the layouts that data sets come in become problems, or are refused by their place."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl.problems.problem import Problem, score_answer
from rl.problems.rows import problem_of_row
from tagger.errors import UserError

USER = {"role": "user", "content": "1 + 1 = ?"}
SYSTEM = {"role": "system", "content": "Be brief."}
SENTENCE = "We add what he bought to what he had before. "


def made(row: dict[str, Any]) -> Problem:
    return problem_of_row(row, "p.jsonl, line 7", "p.jsonl:7")


@pytest.mark.parametrize(
    ("row", "reference"),
    [
        ({"question": "1 + 1 = ?", "answer": "1+1=<<1+1=2>>2.\n#### 2"}, "2"),
        ({"question": "1 + 1 = ?", "answer": SENTENCE * 20 + "\n#### 2"}, "2"),
        ({"problem": "1 + 1 = ?", "solution": r"So $1+1=\boxed{2}$."}, "2"),
        ({"problem": "1 + 1 = ?", "solution": r"So \boxed{3}.", "answer": "2"}, "2"),
        ({"problem": "1 + 1 = ?", "solution": r"So \boxed{2}.", "answer": None}, "2"),
        ({"prompt": [USER], "reward_model": {"style": "rule", "ground_truth": "2"}}, "2"),
        ({"prompt": [USER], "reward_model": {"ground_truth": '["2"]'}}, "2"),
        ({"prompt": [USER], "reward_model": {"ground_truth": "[1, 2]"}}, "[1, 2]"),
        ({"prompt": [USER], "reward_model": {"ground_truth": "[2]"}}, "[2]"),
        ({"prompt": [USER], "reward_model": {"ground_truth": "[0, 1)"}}, "[0, 1)"),
        ({"prompt": [USER], "reward_model": {"ground_truth": '["2'}}, '["2'),
        ({"prompt": [USER], "answer": 2}, "2"),
        ({"prompt": "1 + 1 = ?", "ground_truth": "2"}, "2"),
        ({"prompt": "1 + 1 = ?", "final_answer": ["2"]}, "2"),
        ({"prompt": "1 + 1 = ?", "expected_answer": "2"}, "2"),
        ({"prompt": "1 + 1 = ?", "target": "2"}, "2"),
        ({"prompt": "1 + 1 = ?", "target": "2", "answer": "It is 3."}, "2"),
        ({"question": "1 + 1 = ?", "reference": 2.5}, "2.5"),
        ({"question": "1 + 1 = ?", "reference": Decimal("2.50")}, "2.50"),
        ({"Problem": "1 + 1 = ?", "Answer": 2, "Solution": "long"}, "2"),
        ({"messages": [USER], "answer": 2}, "2"),
        ({"prompt": json.dumps([USER]), "answer": 2}, "2"),
        (
            {"messages": [USER, {"role": "assistant", "content": r"Thus \boxed{2}."}]},
            "2",
        ),
        (
            {
                "conversations": [
                    {"from": "human", "value": "1 + 1 = ?"},
                    {"from": "gpt", "value": "#### 2"},
                ]
            },
            "2",
        ),
        ({"prompt": [{"role": "user", "content": [{"type": "text", "text": "1 + 1 = ?"}]}],
          "answer": "2"}, "2"),
    ],
)  # fmt: skip
def test_problem_of_row_reads_the_layout(row: dict[str, Any], reference: str) -> None:
    problem = made(row)
    assert (problem.question, problem.reference) == ("1 + 1 = ?", reference)
    assert problem.id == "p.jsonl:7"


@pytest.mark.parametrize("role", ["system", "developer"])
def test_problem_of_row_asks_a_system_turn_before_the_question(role: str) -> None:
    system = {"role": role, "content": "Be brief."}
    problem = made({"prompt": [system, USER], "answer": "2", "question": "without system turn"})
    assert problem.question == "Be brief.\n\n1 + 1 = ?"
    assert problem.metadata["columns"]["prompt"] == [system, USER], "its origin is kept"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({}, "needs the key 'question' (or problem or prompt); the row is empty"),
        ({"answer": 1}, "needs the key 'question' (or problem or prompt); the row has 'answer'"),
        ({"qestion": "a", "answer": 1}, "rename 'qestion'"),
        ({"data": [{"question": "a"}, {"question": "b"}]}, "jq -c '.[\"data\"][]' takes them out"),
        ({"question": "a"}, "needs the key 'reference' (or "),
        ({"question": " ", "answer": 1}, "'question' must be a non-empty text"),
        ({"question": "a", "answer": ""}, "'answer' must be a non-empty text or number, not \"\""),
        ({"question": "a", "answer": [1, 2]}, "a non-empty text or number, not [1, 2]"),
        ({"question": "a", "answer": True}, "a non-empty text or number, not true"),
        ({"question": "a", "answer": float("nan")}, "a non-empty text or number, not NaN"),
        ({"question": "a", "answer": float("inf")}, "a non-empty text or number, not Infinity"),
        (
            {"question": "a", "answer": SENTENCE * 20},
            "the reference in 'answer' is a text of 899 characters that marks no answer",
        ),
        ({"problem": "a", "solution": SENTENCE * 20}, "the reference in 'solution' is a text"),
        ({"problem": "a", "solution": r"So \boxed{}."}, "'solution' has an empty \\boxed{}"),
        ({"problem": "a", "answer": "Add.\n####"}, "'answer' has nothing behind its last ####"),
        (
            {"prompt": [USER], "reward_model": {"ground_truth": SENTENCE * 20}},
            "the reference in 'reward_model.ground_truth' is a text",
        ),
        (
            {"prompt": "<|im_start|>user\n1 + 1?<|im_end|>", "answer": 2},
            "'prompt' holds '<|im_start|>', so a chat template has rendered it already",
        ),
        ({"prompt": [SYSTEM], "answer": 1}, "has the turns system; a problem is one user turn"),
        (
            {"prompt": [USER, {"role": "assistant", "content": "2"}, USER], "answer": 1},
            "has the turns user, assistant, user; a problem is one user turn",
        ),
        (
            {"prompt": [USER, {"role": "assistant", "content": "<think>"}], "answer": 1},
            "has the turns user, assistant; ",
        ),
        ({"prompt": [{"content": "a"}], "answer": 1}, "has the turns ?; a problem is one"),
        ({"prompt": [{"role": "user", "content": " "}], "answer": 1}, "must be a non-empty text"),
        (
            {"prompt": [{"role": "user", "content": [{"type": "image"}]}], "answer": 1},
            "holds a part of type 'image'; only text can be asked",
        ),
        (
            {"question": "Which?", "choices": ["red", "blue"], "answer": 1},
            "the options in 'choices' do not stand in the question",
        ),
        (
            {"question": "Which?", "choices": {"text": ["a1", "b1"], "label": ["A", "B"]},
             "answer": "A"},
            "the options in 'choices' do not stand in the question",
        ),
    ],
)  # fmt: skip
def test_problem_of_row_refuses_by_line(row: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError) as error:
        made(row)
    assert str(error.value).startswith("p.jsonl, line 7: ")
    assert says in str(error.value)


def test_options_in_the_question_are_no_harm() -> None:
    row = {"question": "Which?\nA. red\nB. blue", "options": ["red", "blue"], "answer": "B"}
    assert made(row).reference == "B"


MAGIC = ("source_dataset", "source_index", "metadata", "difficulty", "id", "band", "family")


@given(
    st.dictionaries(
        st.sampled_from([*MAGIC, "columns", "level", "data_source", "split", "text", "thinking"]),
        st.sampled_from([None, True, 0, 7, 0.5, "", " ", "gsm8k", "chain_sum", [], ["a"], [{}]]),
    )
)
def test_other_columns_never_change_question_reference_or_checking(row: dict[str, Any]) -> None:
    problem = made({"question": "1 + 1 = ?", "answer": "2", **row})
    assert (problem.question, problem.reference) == ("1 + 1 = ?", "2")
    assert set(problem.metadata) <= {"columns"}
    assert isinstance(problem.id, str) and problem.id
    assert score_answer(problem, r"\boxed{2}") and not score_answer(problem, r"\boxed{3}")


def test_the_kits_own_keys() -> None:
    own = {"source_dataset": "chain_sum", "difficulty": {"num_terms": 2}}
    problem = made(
        {"question": "1 + 1 = ?", "answer": "2", "id": 3, "band": "easy", "family": "sums",
         "metadata": own, "level": 5}
    )  # fmt: skip
    assert (problem.id, problem.band, problem.family) == ("3", "easy", "sums")
    assert problem.metadata == {**own, "columns": {"level": 5}}
    odd = made({"question": "a", "answer": "2", "id": None, "band": {"x": 1}, "family": True})
    assert (odd.id, odd.band, odd.family) == ("p.jsonl:7", "", "")
