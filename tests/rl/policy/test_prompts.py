"""Prompts in training and in evaluation, on tokenizers with the templates of two families."""

from __future__ import annotations

from typing import Any

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from rl.policy.prompts import Prompting
from tagger.errors import UserError
from tagger.thinking.split import PromptEnd, delimiters_from_tokenizer
from tests.tagger.tokenizers_made_here import byte_level, wrap

QWEN3 = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n"
    "{% endif %}{% endif %}"
)
R1 = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}{% else %}"
    "<|User|>{{ m.content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|Assistant|><think>\n{% endif %}"
)
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('none') }}{% endif %}"
ON, OFF = {"enable_thinking": True}, {"enable_thinking": False}


def made(template: str) -> Any:
    tokenizer = wrap(byte_level().backend_tokenizer)
    tokenizer.chat_template = template
    return tokenizer


@pytest.mark.parametrize(
    ("template", "options", "end"),
    [
        (QWEN3, {}, PromptEnd.BEFORE),
        (QWEN3, ON, PromptEnd.BEFORE),
        (QWEN3, OFF, PromptEnd.AFTER),
        (R1, {}, PromptEnd.INSIDE),
    ],
)
def test_prompts_of_training_and_evaluation_are_the_same_tokens(
    template: str, options: dict[str, bool], end: PromptEnd
) -> None:
    tokenizer = made(template)
    asked = Prompting("Be brief.", "{question}\nPut the answer in \\boxed{}.", options)
    asked.check(tokenizer, "m")
    rendered = asked.render(tokenizer, "What is {question}?")
    assert "Be brief." in rendered and "What is {question}?\nPut the answer in" in rendered
    # As TRL does with the turns of a data set's row, and as the sampler does with the text.
    trained = tokenizer.apply_chat_template(
        [asked.messages("What is {question}?")],
        add_generation_prompt=True, tokenize=True, return_dict=True, **options,
    )["input_ids"]  # fmt: skip
    assert trained == [tokenizer.encode(rendered, add_special_tokens=False)]
    delimiters = delimiters_from_tokenizer(tokenizer)
    assert (delimiters.open, delimiters.close) == ("<think>", "</think>")
    assert asked.end(tokenizer, delimiters) is end


@pytest.mark.parametrize(
    ("template", "prompting", "said"),
    [
        (QWEN3, Prompting(options={"enable_thinkng": False}), "would ignore it"),
        (R1, Prompting(options=OFF), "chat_template_kwargs.enable_thinking is unknown"),
        (NO_SYSTEM + R1, Prompting("Be brief."), "refuses a system prompt.*into prompt_template"),
        ("{{ messages[-1].content }}", Prompting("Be brief."), "leaves the system prompt out"),
        ("{{ messages[0].role }}", Prompting(), "leaves the question out"),
        ("{{ raise_exception('broken') }}", Prompting(), r"cannot be rendered \(broken\)"),
    ],
)
def test_template_that_cannot_make_the_prompts_is_refused(
    template: str, prompting: Prompting, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        prompting.check(made(template), "m")


def test_template_without_a_system_role_takes_the_text_in_the_user_turn() -> None:
    tokenizer = made(NO_SYSTEM + R1)
    prompting = Prompting(template="Be brief.\n\n{question}")
    prompting.check(tokenizer, "m")
    assert "Be brief.\n\n1 + 1?" in prompting.render(tokenizer, "1 + 1?")


def test_template_that_only_opens_the_thinking_tells_its_delimiters() -> None:
    tokenizer = made("{{ messages[-1].content }}<thought>\n")  # its vocabulary has <think>
    delimiters = delimiters_from_tokenizer(tokenizer)
    assert (delimiters.open, delimiters.close) == ("<thought>", "</thought>")


def test_prefilled_opening_of_a_family_outside_the_vocabulary() -> None:
    backend = Tokenizer(WordLevel({"?": 0, "<eos>": 1}, unk_token="?"))
    tokenizer = wrap(backend, eos_token="<eos>", pad_token="<eos>")
    tokenizer.chat_template = "{{ messages[-1].content }}<thought>\n"
    delimiters = delimiters_from_tokenizer(tokenizer)
    assert (delimiters.open, delimiters.close) == ("<thought>", "</thought>")
    tokenizer.chat_template = "Think in <thought>! {{ messages[-1].content }}"
    with pytest.raises(UserError, match="no thinking delimiters"):
        delimiters_from_tokenizer(tokenizer)
