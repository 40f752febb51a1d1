"""The thinking of a chat given as one text: never what the prompt quotes."""

from __future__ import annotations

import pytest

from tagger.thinking.families import HARMONY, MAGISTRAL, named_delimiters
from tagger.thinking.find import find_thinking, reply_span
from tagger.traces.rows import traces_of_row

SYSTEM = "Put your reasoning between <think> and </think>, as <think> reasoning </think> answer."
USER = "What does </think> close? And 5 plus 6?"
THOUGHT = "\n5 + 6 = 11.\n\nLet me check: 11 - 6 = 5.\n"
REPLY = f"<think>{THOUGHT}</think>\n\nThe sum is \\boxed{{11}}."

FORMATS = {
    "ChatML": (
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{USER}<|im_end|>\n"
        "<|im_start|>assistant\n",
        "<|im_end|>\n",
    ),
    "Phi-4": (
        f"<|im_start|>system<|im_sep|>{SYSTEM}<|im_end|><|im_start|>user<|im_sep|>{USER}<|im_end|>"
        "<|im_start|>assistant<|im_sep|>",
        "<|im_end|>",
    ),
    "Llama 3": (
        f"<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n{SYSTEM}<|eot_id|>"
        f"<|start_header_id|>user<|end_header_id|>\n\n{USER}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        "<|eot_id|>",
    ),
    "Llama 4": (
        f"<|header_start|>user<|header_end|>\n\n{SYSTEM} {USER}<|eot|>"
        "<|header_start|>assistant<|header_end|>\n\n",
        "<|eot|>",
    ),
    "Gemma 3": (
        f"<bos><start_of_turn>user\n{SYSTEM}\n\n{USER}<end_of_turn>\n<start_of_turn>model\n",
        "<end_of_turn>\n",
    ),
    "DeepSeek": (
        f"<｜begin▁of▁sentence｜>{SYSTEM}<｜User｜>{USER}<｜Assistant｜>",
        "<｜end▁of▁sentence｜>",
    ),
    "DeepSeek in ASCII": (f"{SYSTEM}<|User|>{USER}<|Assistant|>", "<|end_of_sentence|>"),
    "Mistral": (f"<s>[SYSTEM_PROMPT]{SYSTEM}[/SYSTEM_PROMPT][INST]{USER}[/INST]", "</s>"),
    "Llama 2": (f"<s>[INST] <<SYS>>\n{SYSTEM}\n<</SYS>>\n\n{USER} [/INST] ", " </s>"),
    "Phi-3": (f"<|system|>\n{SYSTEM}<|end|>\n<|user|>\n{USER}<|end|>\n<|assistant|>\n", "<|end|>"),
    "GLM": (f"[gMASK]<sop><|system|>\n{SYSTEM}<|user|>\n{USER}<|assistant|>\n", "<|user|>"),
    "Granite": (
        f"<|start_of_role|>system<|end_of_role|>{SYSTEM}<|end_of_text|>\n"
        f"<|start_of_role|>user<|end_of_role|>{USER}<|end_of_text|>\n"
        "<|start_of_role|>assistant<|end_of_role|>",
        "<|end_of_text|>",
    ),
    "Kimi": (
        f"<|im_system|>system<|im_middle|>{SYSTEM}<|im_end|><|im_user|>user<|im_middle|>{USER}"
        "<|im_end|><|im_assistant|>assistant<|im_middle|>",
        "<|im_end|>",
    ),
    "EXAONE": (f"[|system|]{SYSTEM}[|endofturn|]\n[|user|]{USER}\n[|assistant|]", "[|endofturn|]"),
    "R1-Zero": (
        f"A conversation between User and Assistant. {SYSTEM} User: {USER} Assistant: ",
        "",
    ),
    "TinyZero": (f"{SYSTEM}\nUser: {USER}\nAssistant: Let me solve this step by step.\n", ""),
    "Alpaca": (f"### Instruction:\n{SYSTEM}\n\n{USER}\n\n### Response:\n", ""),
}


@pytest.mark.parametrize("name", FORMATS)
def test_thinking_of_a_chat(name: str) -> None:
    prompt, end = FORMATS[name]
    text = prompt + REPLY + end
    found = find_thinking(text)
    assert found is not None
    assert (found.text, found.finished) == (THOUGHT, True)
    assert found.answer.strip() == "The sum is \\boxed{11}."
    assert text[found.start : found.end] == THOUGHT


@pytest.mark.parametrize("name", FORMATS)
def test_thinking_that_was_cut_off(name: str) -> None:
    prompt, _ = FORMATS[name]
    found = find_thinking(f"{prompt}<think>{THOUGHT}")
    assert found is not None
    assert (found.text, found.finished, found.answer) == (THOUGHT, False, "")


@pytest.mark.parametrize("name", FORMATS)
def test_thinking_without_its_opening(name: str) -> None:
    prompt, end = FORMATS[name]
    found = find_thinking(prompt + REPLY.removeprefix("<think>") + end)
    assert found is not None
    own = found.text.replace("Let me solve this step by step.", "")  # TinyZero begins the reply so
    assert (own.strip(), found.finished) == (THOUGHT.strip(), True)


@pytest.mark.parametrize("name", [n for n in FORMATS if n not in ("R1-Zero", "TinyZero", "Alpaca")])
def test_thinking_is_empty_where_the_reply_answers_at_once(name: str) -> None:
    prompt, end = FORMATS[name]
    for reply in ("The sum is 11.", "<think>\n\n</think>\n\nThe sum is 11."):
        found = find_thinking(prompt + reply + end)
        assert found is not None
        assert (found.text.strip(), found.finished) == ("", True)
        assert found.answer.strip() == "The sum is 11."
        assert traces_of_row({"text": prompt + reply + end}, "x, line 1", "1") == []


def test_thinking_of_the_last_turn_counts() -> None:
    prompt, end = FORMATS["ChatML"]
    text = prompt + REPLY + end + "<|im_start|>user\nAnd 2?<|im_end|>\n"
    later = text + "<|im_start|>assistant\n<think>\n11 + 2 = 13.\n</think>\n\n13<|im_end|>"
    assert find_thinking(later).text == "\n11 + 2 = 13.\n"  # type: ignore[union-attr]
    assert find_thinking(text).text == THOUGHT  # type: ignore[union-attr]


def test_thinking_of_other_families() -> None:
    magistral = (
        "<s>[SYSTEM_PROMPT]First draft: [THINK]Your thoughts[/THINK]Here, answer.[/SYSTEM_PROMPT]"
        "[INST]2 + 2?[/INST][THINK]It is 4.[/THINK]4</s>"
    )
    found = find_thinking(magistral)
    assert found is not None and (found.text, found.answer) == ("It is 4.", "4")
    harmony = (
        f"<|start|>developer<|message|>Quote {HARMONY.delimiters.open}.<|end|>"
        "<|start|>user<|message|>2 + 2?<|end|><|start|>assistant<|channel|>analysis<|message|>It is"
        f" 4.{HARMONY.delimiters.close}4<|return|>"
    )
    found = find_thinking(harmony, HARMONY.delimiters)
    assert found is not None and (found.text, found.answer) == ("It is 4.", "4")
    assert find_thinking(harmony) == found
    assert find_thinking(magistral, MAGISTRAL.delimiters).text == "It is 4."  # type: ignore[union-attr]


def test_thinking_of_a_harmony_completion_that_begins_behind_its_header() -> None:
    """As gpt-oss is sampled: the prompt ends with the first ``<|start|>assistant``."""
    final = f"{HARMONY.delimiters.close}4<|return|>"
    analysis = HARMONY.delimiters.open
    for thought in ("It is 4.", f"It is 4.<|end|><|start|>assistant{analysis}Yes."):
        found = find_thinking(f"{analysis}{thought}{final}")
        assert found is not None
        assert (found.text, found.start, found.answer) == (thought, len(analysis), "4")
    tool = "<|start|>functions.add to=assistant<|channel|>commentary<|message|>4<|end|>"
    later = f"{analysis}Add.<|call|>{tool}<|start|>assistant{analysis}It is 4.{final}"
    assert find_thinking(later).text == "It is 4."  # type: ignore[union-attr]


@pytest.mark.parametrize("header", ["<|im_start|>assistant", "[/INST]", "<|assistant|>"])
def test_thinking_of_a_completion_may_quote_a_header(header: str) -> None:
    found = find_thinking(f"<think>\nA prompt ends in {header}.\n\nSo 4.\n</think>4")
    assert found is not None
    assert (found.text, found.answer) == (f"\nA prompt ends in {header}.\n\nSo 4.\n", "4")


def test_thinking_of_a_completion_is_as_before() -> None:
    found = find_thinking(REPLY)
    assert found is not None and (found.text, found.start) == (THOUGHT, 7)
    assert find_thinking("No delimiters: here.\nAssistant: none.") is None
    text = "<think>It says so.\nAssistant: hm.\n</think>4"
    assert find_thinking(text).start == 7  # type: ignore[union-attr]
    named = find_thinking("4", named_delimiters("<a>", "</a>"))
    assert named is not None and (named.text, named.answer) == ("", "4")


def test_a_chat_without_any_delimiters_is_its_reply() -> None:
    text = "<|im_start|>user\n2 + 2?<|im_end|>\n<|im_start|>assistant\nIt is 4.<|im_end|>"
    assert find_thinking(text) is None
    begin, end = reply_span(text)
    assert text[begin:end] == "It is 4."
    (trace,) = traces_of_row({"text": text}, "x, line 1", "1")
    assert trace.thinking == "It is 4."


def test_rows_with_a_whole_chat_give_the_assistants_thinking() -> None:
    for prompt, end in FORMATS.values():
        (trace,) = traces_of_row({"text": prompt + REPLY + end}, "x, line 1", "1")
        assert (trace.thinking, trace.finished) == (THOUGHT, True)
        assert trace.answer == "The sum is \\boxed{11}."
