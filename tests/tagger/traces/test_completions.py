"""What a model wrote is found in every wrapping that servers and data sets give it."""

from __future__ import annotations

from typing import Any

import pytest

from tagger.errors import UserError
from tagger.thinking.families import ThinkingDelimiters, plain_text
from tagger.traces.completions import Written, completions_in
from tagger.traces.rows import Fields, SourceTrace, traces_of_row

ASK = {"role": "user", "content": "Q"}
TOLD = {"role": "assistant", "reasoning": "a", "content": "b"}


def made(row: dict[str, Any], field: str | None = None) -> list[SourceTrace]:
    return traces_of_row(row, "rows.jsonl, line 7", "7", Fields(field))


@pytest.mark.parametrize(
    "message",
    [
        {"reasoning": "a", "content": "b"},
        {"reasoning_content": "a", "content": "b"},
        {"thinking": "a", "content": "b"},
        {"reasoning_content": None, "reasoning": "a", "content": "b"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "a"}], "content": "b"},
        {"content": "<think>a</think>\n\nb"},
        {"content": [{"type": "thinking", "thinking": "a"}, {"type": "text", "text": "b"}]},
        {"content": [{"type": "reasoning", "text": "a"}, {"type": "output_text", "text": "b"}]},
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "a"}]},
                {"type": "text", "text": "b"},
            ]
        },
        {"content": [{"text": "a", "thought": True}, {"text": "b"}]},
        {"content": [{"type": "text", "text": "<think>a</think>"}, "b"]},
        {"reasoning": [{"type": "summary_text", "text": "a"}], "content": [{"text": "b"}]},
    ],
)
@pytest.mark.parametrize("layout", ["messages", "choices", "batch", "row", "nested"])
def test_thinking_of_a_message(message: dict[str, Any], layout: str) -> None:
    message = {"role": "assistant", **message}
    row: dict[str, Any] = {
        "messages": {"messages": [ASK, message]},
        "choices": {"question": "Q", "choices": [{"index": 0, "message": message}]},
        "batch": {"question": "Q", "response": {"body": {"choices": [{"message": message}]}}},
        "row": {"question": "Q", **message},
        "nested": {"question": "Q", "messages": [[message]]},
    }[layout]
    found = [(t.id, t.question, t.thinking.strip(), t.answer) for t in made(row)]
    assert found == [("7", "Q", "a", "b")]


def test_an_answer_without_thinking_beside_one_with_it_is_not_thinking() -> None:
    second = {"role": "assistant", "content": "c"}
    (trace,) = made({"messages": [ASK, second, ASK, TOLD]}, "messages")
    assert (trace.id, trace.thinking, trace.answer) == ("7", "a", "b")


def test_every_assistant_turn_that_thinks_is_a_trace() -> None:
    chat = [
        {"role": "system", "content": "Use <think> and </think>."},
        {"role": "user", "content": "Q1"},
        {"role": "assistant", "content": "<think>a1</think>b1"},
        {"role": "user", "content": "Q2"},
        {"role": "assistant", "content": "without"},
        {"role": "user", "content": "Q3"},
        {"role": "assistant", "reasoning_content": "a3", "content": "b3"},
    ]
    found = made({"id": "c", "messages": chat, "question": "of the row"})
    assert [(t.id, t.question, t.thinking, t.answer) for t in found] == [
        ("c.1", "Q1", "a1", "b1"), ("c.3", "Q3", "a3", "b3"),
    ]  # fmt: skip


def test_a_chat_that_shows_no_thinking_is_all_thinking() -> None:
    chat = [ASK, {"role": "assistant", "content": "x"}, ASK, {"role": "assistant", "content": "y"}]
    assert [(t.id, t.thinking) for t in made({"messages": chat})] == [("7.1", "x"), ("7.2", "y")]


@pytest.mark.parametrize("key", ["reasoning", "reasoning_content", "thinking"])
def test_a_message_whose_thinking_is_empty_has_none(key: str) -> None:
    answer = {"role": "assistant", key: None, "content": "It is 7."}
    assert made({"messages": [ASK, answer]}) == []
    assert made({"choices": [{"message": answer}]}) == []
    unparsed = {**answer, "content": "a</think>b"}
    assert [t.thinking for t in made({"choices": [{"message": unparsed}]})] == ["a"]
    assert [t.thinking for t in made({"messages": [answer]}, "messages.0.content")] == ["It is 7."]


def test_tool_calls_between_turns_are_left_out() -> None:
    chat = [
        ASK,
        {"role": "assistant", "reasoning": "a1", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "tool", "content": "42"},
        {"role": "assistant", "reasoning": "a2", "content": "b"},
    ]
    assert [(t.thinking, t.answer, t.finished) for t in made({"messages": chat})] == [
        ("a1", "", None), ("a2", "b", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "output",
    [
        [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}]},
            {"type": "message", "role": "assistant",
             "content": [{"type": "output_text", "text": "b"}]},
        ],
        [
            {"role": "assistant", "channel": "analysis", "content": "a"},
            {"role": "assistant", "channel": "final", "content": "b"},
        ],
        [{"role": "reasoning", "content": "a"}, {"role": "assistant", "content": "b"}],
    ],
)  # fmt: skip
def test_thinking_in_an_item_of_its_own(output: list[dict[str, Any]]) -> None:
    assert [(t.thinking, t.answer) for t in made({"output": output})] == [("a", "b")]
    (cut,) = made({"output": output[:1]})
    assert (cut.thinking, cut.finished) == ("a", None)


def test_several_choices_are_several_traces() -> None:
    choices = [
        {"message": {"reasoning": "a", "content": "b"}, "finish_reason": "stop"},
        {"message": {"reasoning": "c", "content": None}, "finish_reason": "length"},
        {"message": {"reasoning": None, "content": "<think>d"}, "finish_reason": "length"},
        {"text": "<think>e</think>f"},
    ]
    found = made({"id": "chatcmpl-1", "choices": choices, "model": "m"})
    assert [(t.id, t.thinking, t.finished) for t in found] == [
        ("chatcmpl-1.1", "a", True),
        ("chatcmpl-1.2", "c", False),
        ("chatcmpl-1.3", "d", False),
        ("chatcmpl-1.4", "e", True),
    ]


def test_options_of_a_question_are_no_choices_of_a_server() -> None:
    (trace,) = made({"question": "Q", "choices": ["red", "blue"], "resps": [["<think>a</think>"]]})
    assert trace.thinking == "a"
    assert made({"question": "Q", "choices": ["red", "blue"]}) == []


def test_logged_samples_of_lm_eval() -> None:
    row = {
        "doc_id": 0, "doc": {"question": "6 x 7?", "answer": "It is.\n#### 42"}, "target": "42",
        "resps": [["<think>a</think>1", "<think>b"]], "filtered_resps": ["1"],
    }  # fmt: skip
    found = made(row)
    assert [(t.id, t.thinking, t.question, t.reference) for t in found] == [
        ("0.1", "a", "6 x 7?", "42"), ("0.2", "b", "6 x 7?", "42"),
    ]  # fmt: skip
    del row["target"]
    assert {t.reference for t in made(row)} == {"42"}
    (single,) = made({**row, "resps": [["<think>a"]]})
    assert single.id == "0"
    with pytest.raises(UserError, match='line 7: "resps" must be a string, a list of strings'):
        made({**row, "resps": [[[-1.5, False]]]})


@pytest.mark.parametrize(
    ("field", "thinking"),
    [
        ("a.b.0.c", "deep"),
        ("a.b.1", "flat"),
        ("a.x", "dotted name"),
        ("a.b.0", "deep too"),
        ("a.b.7.c", None),
        ("a.b.c", None),
        ("a.none.c", None),
    ],
)
def test_dotted_fields_step_into_objects_and_lists(field: str, thinking: str | None) -> None:
    row = {
        "a": {"b": [{"c": "deep", "content": "deep too"}, "flat"], "x": "not this"},
        "a.x": "dotted name",
    }
    found = made(row, field)
    assert [t.thinking for t in found] == ([] if thinking is None else [thinking])


def test_dotted_questions_and_references() -> None:
    row = {"thinking": "a", "extra": {"q": ["none", "Q"], "solution": "Add.\n#### 7"}}
    fields = Fields(question="extra.q.1", reference="extra.solution")
    (trace,) = traces_of_row(row, "w", "7", fields)
    assert (trace.question, trace.reference) == ("Q", "7")


def test_a_sample_of_a_comparison() -> None:
    row = {
        "problem_id": "test-0-3", "question": "Q", "reference": "7", "sample": 1,
        "text": "a</think>b", "thinking": "a", "answer": "\\boxed{7}", "finished": True,
        "correct": True, "steps": [{"text": "a", "type": "T", "confidence": 1.0, "tokens": 2}],
    }  # fmt: skip
    (trace,) = made(row)
    assert trace == SourceTrace(
        "test-0-3/1", "Q", "a", None, reference="7", correct=True, finished=True,
        answer="\\boxed{7}",
    )  # fmt: skip
    (other,) = made({"problem_id": "p", "answer": "#### 7", "thinking": "a"})
    assert (other.id, other.reference) == ("p", "7"), "another program wrote it"
    (tagged,) = made({"id": "x", "steps": [{"text": "a", "type": "T"}, {"text": "b"}]})
    assert [s.text for s in tagged.steps or ()] == ["a", "b"], "what --output wrote"


class TestDelimiters:
    PAIR = ThinkingDelimiters("<r>", "</r>")

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("<r>a</r>b", Written("a", "b", True)),
            ("a</r>b", Written("a", "b", True)),
            ("<r>a", Written("a", "", False)),
            ("<think>a</think><r>c</r>b", Written("c", "b", True)),
            ("b", Written("", "b", True)),
        ],
    )
    def test_named_ones_alone_mark_the_thinking(self, text: str, found: Written) -> None:
        assert completions_in(text, self.PAIR) == [found]
        assert completions_in([[text]], self.PAIR) == [found]
        chat = [{"role": "assistant", "content": text}]
        assert completions_in(chat, self.PAIR) == [found]

    def test_plain_text_ends_at_the_mark(self) -> None:
        plain = plain_text("**Final Answer**")
        text = "a\n**Final Answer** b"
        assert completions_in(text, plain) == [Written("a\n", "**Final Answer** b", True)]
        assert completions_in("a", plain) == [Written("a", "", False)]

    def test_fields_of_pure_thinking_are_searched_only_if_named_too(self) -> None:
        row = {"thinking": "<r>a</r>b"}
        (whole,) = traces_of_row(row, "w", "7", Fields(delimiters=self.PAIR))
        (part,) = traces_of_row(row, "w", "7", Fields("thinking", delimiters=self.PAIR))
        assert (whole.thinking, part.thinking) == ("<r>a</r>b", "a")


@pytest.mark.parametrize(
    ("answer", "reference", "refused"),
    [
        ("6 x 7 = <<6*7=42>>42\n#### 42", "42", ""),
        (r"So \boxed{42}.", "42", ""),
        (["42"], "42", ""),
        (42, "42", ""),
        ("We add. " * 40, "", "is a text of 319 characters that marks no answer"),
        ("#### ", "", "has nothing behind its last ####"),
    ],
)
def test_references_are_cut_as_those_of_problems(answer: Any, reference: str, refused: str) -> None:
    (trace,) = made({"thinking": "a", "answer": answer})
    assert trace.reference == reference
    assert trace.refused.startswith(refused) and bool(trace.refused) == bool(refused)
