"""Thinking switched off: by the template's own switch, else by an empty thinking in the prompt."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from rl.policy.no_thinking import closed_thinking, without_thinking
from rl.policy.prompts import Prompting
from tagger.errors import UserError
from tagger.thinking.families import HARMONY, plain_text
from tagger.thinking.split import PromptEnd, ThinkingDelimiters, delimiters_from_tokenizer
from tests.tagger.tokenizers_made_here import byte_level, packaged

EMPTY = "<think>\n\n</think>\n\n"


def prompt(tokenizer: Any, delimiters: ThinkingDelimiters | None = None, **options: Any) -> str:
    """The prompt of a tokenizer whose thinking is switched off."""
    tokenizer, prompting = copy.copy(tokenizer), Prompting(options=options)
    delimiters = delimiters or delimiters_from_tokenizer(tokenizer)
    tokenizer.chat_template = without_thinking(tokenizer, delimiters, prompting, "m")
    assert prompting.end(tokenizer, delimiters) is PromptEnd.AFTER
    again = without_thinking(tokenizer, delimiters, prompting, "m")
    assert again == tokenizer.chat_template  # off already
    return prompting.render(tokenizer, "2 + 2?")


def test_without_thinking_takes_the_switch_of_the_template() -> None:
    qwen = packaged("qwen3")
    options = {"enable_thinking": False}
    own = Prompting(options=options).render(qwen, "2 + 2?")
    assert prompt(qwen) == prompt(qwen, **options) == own and own.endswith(EMPTY)
    assert "/nothink" in prompt(packaged("glm4moe"))
    with pytest.raises(UserError, match="switches the thinking of 'm' on"):
        prompt(qwen, enable_thinking=True)


def test_without_thinking_closes_what_the_template_prefills() -> None:
    r1 = packaged("deepseek_r1_distill")
    assert prompt(r1) == Prompting().render(r1, "2 + 2?") + "\n</think>\n\n"
    assert prompt(r1).endswith(EMPTY)
    assert prompt(byte_level()) == f"2 + 2?{EMPTY}"


def test_without_thinking_prefills_an_empty_thinking_of_the_family() -> None:
    plain = packaged("qwen2_5")
    assert prompt(plain) == Prompting().render(plain, "2 + 2?") + EMPTY
    harmony = HARMONY.delimiters
    assert prompt(plain, harmony).endswith(f"{harmony.open}{harmony.close}")


def test_without_thinking_refuses_what_it_cannot_switch_off() -> None:
    tokenizer = byte_level()
    with pytest.raises(UserError, match="thinks in plain text without delimiters"):
        without_thinking(tokenizer, plain_text(), Prompting(), "m")
    several = copy.copy(tokenizer)
    several.chat_template = {"default": "a", "tool_use": "b"}
    with pytest.raises(UserError, match="has several chat templates"):
        without_thinking(several, delimiters_from_tokenizer(tokenizer), Prompting(), "m")
    fixed = copy.copy(tokenizer)
    fixed.chat_template = "{{ messages[0].content }}{% set add_generation_prompt = false %}"
    with pytest.raises(UserError, match="lets no empty thinking be prefilled"):
        without_thinking(fixed, delimiters_from_tokenizer(tokenizer), Prompting(), "m")


def test_closed_thinking_is_warned_of_with_the_switch_that_opens_it() -> None:
    qwen = packaged("qwen3")
    delimiters = delimiters_from_tokenizer(qwen)
    assert closed_thinking(qwen, delimiters, Prompting(), "m") == ""
    on = Prompting(options={"enable_thinking": True})
    assert closed_thinking(qwen, delimiters, on, "m") == ""
    off = Prompting(options={"enable_thinking": False})
    said = closed_thinking(qwen, delimiters, off, "m")
    assert said.startswith("The chat template of 'm' ends prompts with a thinking that is closed")
    assert "set chat_template_kwargs.enable_thinking to true, or say thinking: false" in said


def test_closed_thinking_without_a_switch_names_the_template() -> None:
    tokenizer = copy.copy(byte_level())
    delimiters = delimiters_from_tokenizer(tokenizer)
    assert closed_thinking(tokenizer, delimiters, Prompting(), "m") == ""
    tokenizer.chat_template = without_thinking(tokenizer, delimiters, Prompting(), "m")
    said = closed_thinking(tokenizer, delimiters, Prompting(), "m")
    assert "put a chat template without it into the model's folder" in said
    packaged_r1 = packaged("deepseek_r1_distill")  # ends inside: the policy thinks
    found = delimiters_from_tokenizer(packaged_r1)
    assert closed_thinking(packaged_r1, found, Prompting(), "m") == ""
