"""Delimiters of the real families, found from their chat templates, and thinking split by them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import UserError
from tagger.stopping.closing import ClosingSequence, default_closing
from tagger.stopping.thinking_stream import ThinkingStream
from tagger.thinking.families import (
    FAMILIES,
    GEMMA,
    HARMONY,
    MAGISTRAL,
    THINK,
    Family,
    named_delimiters,
)
from tagger.thinking.split import (
    PromptEnd,
    Thinking,
    ThinkingDelimiters,
    delimiters_from_tokenizer,
    known_delimiters_in,
    plain_text,
    prompt_end,
    split_thinking,
    template_prompt_end,
)
from tests.tagger.tokenizers_made_here import byte_level

# The parts of the published chat templates that write a question, a prompt and a past thinking.
EXCERPTS = {
    "deepseek-r1": (
        "{%- for message in messages %}{%- if message['role'] == 'user' %}"
        "{{'<｜User｜>' + message['content']}}{%- endif %}"
        "{%- if message['role'] == 'assistant' %}{% set content = message['content'] %}"
        "{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}"
        "{{'<｜Assistant｜>' + content + '<｜end▁of▁sentence｜>'}}{%- endif %}{%- endfor -%}"
        "{% if add_generation_prompt %}{{'<｜Assistant｜><think>\\n'}}{% endif %}"
    ),
    "qwen3": (
        "{%- for message in messages %}{%- if message.role == 'assistant' %}"
        "{{- '<|im_start|>' + message.role + '\\n<think>\\n' + "
        "message.reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + "
        "message.content.lstrip('\\n') }}{%- else %}"
        "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
        "{%- endif %}{%- endfor %}{%- if add_generation_prompt %}"
        "{{- '<|im_start|>assistant\\n' }}"
        "{%- if enable_thinking is defined and enable_thinking is false %}"
        "{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}"
    ),
    "qwq": (
        "{%- for message in messages %}"
        "{%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}"
        "{{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}"
        "{%- endfor %}{%- if add_generation_prompt %}"
        "{{- '<|im_start|>assistant\\n<think>\\n' }}{%- endif %}"
    ),
    "gpt-oss": (
        "{%- for message in messages %}{%- if message.role == 'user' -%}"
        '{{- "<|start|>user<|message|>" + message.content + "<|end|>" }}{%- else %}'
        '{{- "<|start|>assistant<|channel|>analysis<|message|>" + message.thinking + "<|end|>" }}'
        '{{- "<|start|>assistant<|channel|>final<|message|>" + message.content + "<|return|>" }}'
        "{%- endif -%}{%- endfor -%}{%- if add_generation_prompt -%}\n<|start|>assistant\n"
        "{%- endif -%}"
    ),
    "magistral": (
        "{%- for message in messages %}{%- if message['role'] == 'user' %}"
        "{{- '[INST]' + message['content'] + '[/INST]' }}{%- else %}"
        "{%- for block in message['content'] %}{%- if block['type'] == 'thinking' %}"
        "{{- '[THINK]' + block['thinking'] + '[/THINK]' }}{%- endif %}{%- endfor %}{%- endif %}"
        "{%- endfor %}"
    ),
    "gemma-4": (
        "{%- if enable_thinking is defined and enable_thinking -%}"
        "{{- '<|turn>system\\n<|think|>\\n<turn|>\\n' -}}{%- endif -%}"
        "{%- for message in messages -%}"
        "{%- if message.get('reasoning') -%}"
        "{{- '<|channel>thought\\n' + message['reasoning'] + '\\n<channel|>' -}}{%- endif -%}"
        "{{- '<|turn>' + message['role'] + '\\n' + message['content'] + '<turn|>\\n' }}"
        "{%- endfor -%}{%- if add_generation_prompt -%}{{- '<|turn>model\\n' -}}"
        "{%- if not enable_thinking | default(false) -%}"
        "{{- '<|channel>thought\\n<channel|>' -}}{%- endif -%}{%- endif -%}"
    ),
}
TOKENS = {
    "deepseek-r1": ["<think>", "</think>", "<｜User｜>", "<｜Assistant｜>"],
    "qwen3": ["<think>", "</think>", "<|im_start|>"],
    "qwq": ["<think>", "</think>", "<|im_start|>"],
    "gpt-oss": ["<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|return|>", "<|call|>"],
    "magistral": ["[INST]", "[/INST]", "[THINK]", "[/THINK]"],
    "gemma-4": ["<|turn>", "<turn|>", "<|think|>", "<|channel>", "<channel|>"],
}
FAMILY = {"gpt-oss": HARMONY, "magistral": MAGISTRAL, "gemma-4": GEMMA}


def tokenizer_of(name: str) -> Any:
    """A real tokenizer with the special tokens and the template of a family."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = {c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    backend = Tokenizer(models.BPE(alphabet, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(["<eos>", *TOKENS[name]])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, chat_template=EXCERPTS[name], eos_token="<eos>"
    )


@pytest.mark.parametrize("name", sorted(EXCERPTS))
def test_the_delimiters_of_each_family_are_found(name: str) -> None:
    wanted = FAMILY.get(name, THINK).delimiters
    tokenizer = tokenizer_of(name)
    assert delimiters_from_tokenizer(tokenizer) == wanted
    bare = type("Bare", (), {"get_vocab": dict, "chat_template": EXCERPTS[name]})()
    assert delimiters_from_tokenizer(bare) == wanted


@pytest.mark.parametrize(
    ("file", "family"),
    [
        ("deepseek_r1_distill", THINK),
        ("qwen3", THINK),
        ("qwen3_8", THINK),
        ("glm4moe", THINK),
        ("gptoss", HARMONY),
        ("gemma4", GEMMA),
        ("gemma4_v5", GEMMA),
    ],
)
def test_the_whole_templates_as_trl_packages_them(file: str, family: Family) -> None:
    spec = importlib.util.find_spec("trl")
    assert spec is not None and spec.origin is not None
    path = Path(spec.origin).parent / "chat_templates" / f"{file}.jinja"
    if not path.is_file():
        pytest.skip(f"this TRL does not package {path.name}")
    template = path.read_text(encoding="utf-8")
    bare = type("Bare", (), {"get_vocab": dict, "chat_template": template})()
    assert delimiters_from_tokenizer(bare) == family.delimiters
    closing = default_closing(bare, family.delimiters)
    assert closing == f"{family.before}{family.delimiters.close}{family.after}" or file in (
        "glm4moe",  # writes "</think>" and one line break
    )


def test_of_several_in_the_vocabulary_the_template_decides() -> None:
    both = ["<think>", "</think>", "[THINK]", "[/THINK]"]
    vocabulary = dict.fromkeys(both, 0)
    made = type("T", (), {"get_vocab": lambda self: vocabulary, "chat_template": "[/THINK]"})()
    assert delimiters_from_tokenizer(made) == MAGISTRAL.delimiters
    made.chat_template = "neither"
    assert delimiters_from_tokenizer(made) == THINK.delimiters


@pytest.mark.parametrize(
    ("name", "options", "end"),
    [
        ("deepseek-r1", {}, PromptEnd.INSIDE),
        ("qwq", {}, PromptEnd.INSIDE),
        ("qwen3", {}, PromptEnd.BEFORE),
        ("qwen3", {"enable_thinking": False}, PromptEnd.AFTER),
        ("gpt-oss", {}, PromptEnd.BEFORE),
        ("magistral", {}, PromptEnd.BEFORE),
        ("gemma-4", {"enable_thinking": True}, PromptEnd.BEFORE),
        ("gemma-4", {}, PromptEnd.AFTER),
    ],
)
def test_where_the_prompts_of_each_family_leave_off(
    name: str, options: dict[str, bool], end: PromptEnd
) -> None:
    tokenizer = tokenizer_of(name)
    assert template_prompt_end(tokenizer, delimiters_from_tokenizer(tokenizer), **options) is end


def test_only_the_end_of_a_prompt_counts() -> None:
    think = THINK.delimiters
    assert prompt_end("What does <think> mean?", think) is PromptEnd.BEFORE
    assert prompt_end("Reply in [THINK]..[/THINK] form. Hi", MAGISTRAL.delimiters) == "before"
    assert prompt_end("x</think> y<think> \n", think) is PromptEnd.INSIDE
    assert (
        prompt_end("<|start|>assistant<|channel|>final<|message|>", HARMONY.delimiters) == "after"
    )
    assert prompt_end("anything", plain_text()) is PromptEnd.INSIDE


ANALYSIS, FINAL = HARMONY.delimiters.open, HARMONY.delimiters.close


@pytest.mark.parametrize(
    ("family", "completion", "expected"),
    [
        (HARMONY, f"{ANALYSIS}We add.{FINAL}4", ("We add.", True, "4")),
        (HARMONY, f"{ANALYSIS}We add", ("We add", False, "")),
        (HARMONY, f"{ANALYSIS}We<|end|><|start|>ass", ("We<|end|><|start|>ass", False, "")),
        (HARMONY, f"We add.{FINAL}4", ("We add.", True, "4")),
        (HARMONY, "<|channel|>final<|message|>4", ("", True, "4")),
        (
            HARMONY,
            f"{ANALYSIS}a<|end|><|start|>assistant{ANALYSIS}b{FINAL}4",
            (f"a<|end|><|start|>assistant{ANALYSIS}b", True, "4"),
        ),
        (MAGISTRAL, "[THINK]2+2 = 4[/THINK]4", ("2+2 = 4", True, "4")),
        (MAGISTRAL, "Let me see.[THINK]2+2", ("2+2", False, "")),
        (GEMMA, "<|channel>thought\nWe add.\n<channel|>4", ("\nWe add.\n", True, "4")),
        (GEMMA, "<|channel>thought\n<channel|>4", ("\n", True, "4")),
    ],
)
def test_completions_of_each_family(
    family: Family, completion: str, expected: tuple[str, bool, str]
) -> None:
    found = split_thinking(completion, family.delimiters)
    assert (found.text, found.finished, found.answer) == expected
    assert completion[found.start : found.end] == found.text
    assert known_delimiters_in(completion) == family.delimiters or completion.startswith("We")


def test_plain_text_is_thinking_up_to_the_answer() -> None:
    plain = plain_text("Final answer:")
    text = "We add. It is 4.\n\nFinal answer: 4"
    assert split_thinking(text, plain) == Thinking(text[:18], 0, 18, True, "Final answer: 4")
    assert split_thinking("We add", plain) == Thinking("We add", 0, 6, False, "")
    assert named_delimiters("", "Final answer:") == plain
    tokenizer = byte_level()
    closing = ClosingSequence(tokenizer, plain)
    assert tokenizer.decode(closing.ids_after("4.\n")) == "\nFinal answer:\n\n"
    with pytest.raises(UserError, match="non-empty"):
        plain_text("")


def test_delimiters_a_config_names() -> None:
    assert named_delimiters("<think>", "</think>") == THINK.delimiters
    assert named_delimiters(ANALYSIS, FINAL).direct == "<|channel|>final<|message|>"
    assert named_delimiters("<a>", "</a>") == ThinkingDelimiters("<a>", "</a>")
    with pytest.raises(UserError, match="must be the end"):
        ThinkingDelimiters("<a>", "</a>", direct="<b>")


@pytest.mark.parametrize("end", [PromptEnd.BEFORE, PromptEnd.AFTER])
def test_a_text_without_thinking_is_answer_if_nothing_was_prefilled(end: PromptEnd) -> None:
    think = THINK.delimiters
    assert split_thinking("It is 4.", think, end) == Thinking("", 0, 0, True, "It is 4.")
    assert split_thinking("a</think>b", think, end).answer == "b"
    assert split_thinking("<think>a</think>b", think, end) == Thinking("a", 7, 8, True, "b")
    assert split_thinking("<think>a", think, end) == Thinking("a", 7, 8, False, "")


def test_a_direct_answer_that_was_cut_off() -> None:
    """It may still be on its way to the thinking, unless the prompt closed that already."""
    think = THINK.delimiters
    cut = split_thinking("It is 4.", think, PromptEnd.BEFORE, ended=False)
    assert cut == Thinking("", 0, 0, False, "")
    off = split_thinking("It is 4.", think, PromptEnd.AFTER, ended=False)
    assert off == Thinking("", 0, 0, True, "It is 4.")


@pytest.mark.parametrize("end", PromptEnd)
def test_thinking_between_other_delimiters_than_the_named_is_no_answer(end: PromptEnd) -> None:
    named = ThinkingDelimiters("<reason>", "</reason>")
    found = split_thinking("<think>\nIt is 4.\n</think>\n\n4", named, end)
    assert (found.finished, found.answer) == (False, "")
    assert prompt_end("<|im_start|>assistant\n<think>\n", named) is PromptEnd.INSIDE


def test_an_answer_behind_an_empty_thinking_may_quote_a_delimiter() -> None:
    think, text = THINK.delimiters, "The tag <think> opens it, </think> closes it."
    assert split_thinking("Use <think>", think, PromptEnd.AFTER).answer == "Use <think>"
    assert split_thinking(text, think, PromptEnd.AFTER).text == ""
    assert split_thinking("\n<think>a</think>b", think, PromptEnd.AFTER).text == "a"


@pytest.mark.parametrize(
    ("name", "closing"),
    [
        ("deepseek-r1", "\n</think>\n\n"),
        ("qwen3", "\n</think>\n\n"),
        ("gpt-oss", FINAL),
        ("magistral", "[/THINK]"),
        ("gemma-4", "\n<channel|>"),
    ],
)
def test_the_thinking_is_closed_as_the_family_does(name: str, closing: str) -> None:
    tokenizer = tokenizer_of(name)
    sequence = ClosingSequence(tokenizer, delimiters_from_tokenizer(tokenizer))
    ids = sequence.ids_after("so")
    assert tokenizer.decode(ids) == closing
    special = {tokenizer.convert_tokens_to_ids(t) for t in TOKENS[name]}
    assert special & set(ids), "delimiters are forced as their tokens, not letter by letter"


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([*(f.delimiters for f in FAMILIES), plain_text()]),
    st.lists(st.integers(0, 29), max_size=10),
    st.lists(st.integers(0, 200), max_size=12),
    st.sampled_from(PromptEnd),
    st.booleans(),
)
def test_feeding_equals_splitting(
    delimiters: ThinkingDelimiters,
    pieces: list[int],
    places: list[int],
    after: PromptEnd,
    finished: bool,
) -> None:
    parts = [delimiters.open, *delimiters.closes, "<|end|>", "<|start|>assistant", "a", "🙂", "\n"]
    parts += [p[: len(p) // 2] for p in parts] + [p[len(p) // 2 :] for p in parts]
    text = "".join(parts[piece % len(parts)] for piece in pieces)
    ends = sorted({0, len(text), *(place for place in places if place < len(text))})
    stream, thinking = ThinkingStream(delimiters, after), ""
    for a, b in zip(ends, ends[1:], strict=False):
        delta = stream.feed(text[a:b])
        thinking = delta.text if delta.restarted else thinking + delta.text
    whole = split_thinking(text, delimiters, after, finished)
    assert thinking + stream.flush() == whole.text
    if whole.text:
        assert stream.start == whole.start
