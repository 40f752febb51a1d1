"""Rows of every kind become traces, or are known to hold no thinking."""

from __future__ import annotations

from typing import Any

import pytest

from tagger.errors import UserError
from tagger.traces.rows import Fields, SourceTrace, traces_of_row


def made(row: dict[str, Any], fields: Fields = Fields()) -> list[SourceTrace]:
    return traces_of_row(row, "rows.jsonl, line 7", "7", fields)


@pytest.mark.parametrize(
    ("row", "thinking"),
    [
        ({"thinking": "a </think> b"}, "a </think> b"),
        ({"reasoning_content": "a"}, "a"),
        ({"completion": "<think>a</think>b"}, "a"),
        ({"text": "a\n</think>\nb"}, "a\n"),
        ({"text": "no delimiters"}, "no delimiters"),
        ({"steps": ["a", "b"]}, "a\n\nb"),
        ({"steps": ["", "a", " "]}, "\n\na\n\n "),
        ({"thinking": " ", "completion": "a"}, "a"),
        ({"thinking": None, "text": "a"}, "a"),
    ],
)
def test_the_thinking_is_found(row: dict[str, Any], thinking: str) -> None:
    (trace,) = made(row)
    assert (trace.id, trace.thinking) == ("7", thinking)
    assert (trace.steps is not None) == ("steps" in row)
    if trace.steps is not None:
        assert [s.text for s in trace.steps] == row["steps"], "labels count on every step"
        assert all(thinking[s.start : s.end] == s.text for s in trace.steps)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"answer": "4"},
        {"thinking": ""},
        {"thinking": " \n"},
        {"thinking": None},
        {"steps": []},
        {"steps": ["", " "]},
        {"completion": "<think>\n</think>4"},
        {"text": []},
        {"text": [{"role": "user", "content": "What?"}]},
    ],
)
def test_a_row_without_thinking_makes_no_trace(row: dict[str, Any]) -> None:
    assert made(row) == []


def test_everything_a_row_tells_is_kept() -> None:
    (trace,) = made(
        {
            "id": 12, "problem": "6 x 7?", "completion": "<think>42</think>\nIt is 42.",
            "answer": 42, "dataset": "sums", "model": "m", "is_correct": 1,
        }
    )  # fmt: skip
    assert trace == SourceTrace(
        "12", "6 x 7?", "42", None, "sums", "m", "42", correct=True, finished=True,
        answer="It is 42.",
    )  # fmt: skip
    (open_,) = made({"text": "<think>42", "correct": None})
    assert (open_.finished, open_.correct) == (False, None)
    (gsm8k,) = made({"thinking": "x", "answer": "6 x 7 = 42\n#### 42"})
    assert gsm8k.reference == "42"


def test_fields_can_be_named() -> None:
    row = {"thinking": "wrong", "r1": "<think>right</think>", "q": "Q", "gold": "1", "key": "2"}
    (trace,) = made(row, Fields("r1", "q", "key"))
    assert (trace.thinking, trace.question, trace.reference) == ("right", "Q", "2")
    assert made({"thinking": "a"}, Fields("r1")) == []


def test_a_list_of_completions_is_several_traces() -> None:
    row = {"id": "p", "generations": ["<think>a</think>1", "<think></think>", "<think>c"]}
    traces = made(row, Fields("generations"))
    assert [(t.id, t.thinking, t.finished) for t in traces] == [
        ("p.1", "a", True),
        ("p.3", "c", False),
    ]


@pytest.mark.parametrize(
    "messages",
    [
        [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "<think>a</think>b"}],
        [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "<think>a</think>b"}],
        [
            {"role": "user", "content": "Q"},
            {"role": "assistant", "content": "b", "reasoning_content": "a"},
        ],
    ],
)
def test_a_chat(messages: list[dict[str, str]]) -> None:
    (trace,) = made({"messages": messages}, Fields("messages"))
    assert (trace.question, trace.thinking, trace.answer) == ("Q", "a", "b")


def test_a_prompt_may_be_a_chat_too() -> None:
    (trace,) = made({"prompt": [{"role": "user", "content": "Q"}], "completion": "a"})
    assert trace.question == "Q"


@pytest.mark.parametrize(
    ("row", "unit"),
    [
        ({"steps": ["a"], "segmenter": "sentence"}, "sentence"),
        ({"steps": [{"text": "a"}], "segmenter": "span"}, "span"),
        ({"steps": ["a"], "segmenter": "sentense"}, ""),
        ({"steps": ["a"], "segmenter": ["sentence"]}, ""),
        ({"steps": ["a"], "segmenter": None}, ""),
        ({"steps": ["a"]}, ""),
        ({"steps": [{"text": "a"}], "thinking": "a", "segmenter": "sentence"}, ""),
        ({"thinking": "a", "segmenter": "sentence"}, ""),
    ],
)
def test_what_cut_the_steps_is_taken_where_the_row_names_it(row: dict[str, Any], unit: str) -> None:
    (trace,) = made(row)
    assert trace.segmenter == unit


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"thinking": 5}, '"thinking" must be a string, a list of strings or .*, not int'),
        ({"thinking": ["a", 5]}, '"thinking" must be .*, not list'),
        ({"steps": "a"}, '"steps" must be a list of strings'),
        ({"steps": ["a", None]}, '"steps" must be a list of strings'),
        ({"thinking": "a", "question": 3}, '"question" must be a string, not int'),
    ],
)
def test_values_that_cannot_be_read_name_their_line(row: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=f"rows.jsonl, line 7: {says}"):
        made(row)


def test_a_number_that_is_none_says_nothing() -> None:
    nan = float("nan")
    (trace,) = made({"thinking": nan, "text": "a", "question": nan, "id": nan, "answer": nan})
    assert (trace.thinking, trace.question, trace.reference) == ("a", "", "")
    assert trace.id == "7"


def test_half_a_surrogate_pair_can_be_written_again() -> None:
    (trace,) = made({"thinking": "a\ud83d b", "question": "\udc00"})
    assert (trace.thinking, trace.question) == ("a\ufffd b", "\ufffd")
    trace.thinking.encode()
