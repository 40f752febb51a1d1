r"""Thinking switched off: by the chat template's own switch, by an empty thinking, or unasked.

Qwen3, SmolLM3, GLM and others have a switch (``enable_thinking``, ``thinking``). Any other model
that thinks between delimiters finds an empty thinking prefilled, ``<think>\n\n</think>\n\n``, which
is what the templates of Qwen3 write (Ma et al., Reasoning Models Can Be Effective Without Thinking,
2025, arXiv 2504.09858, prefill a thinking of one sentence).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rl.policy.prompts import Prompting
from tagger.errors import UserError
from tagger.stopping.closing import default_closing
from tagger.thinking.split import PromptEnd, ThinkingDelimiters

SWITCHES = ("enable_thinking", "thinking")
"""Variables by which published chat templates switch thinking on and off."""


def without_thinking(
    tokenizer: Any, delimiters: ThinkingDelimiters, prompting: Prompting, name: str
) -> str:
    """A chat template like the tokenizer's, whose prompts ask for an answer without thinking.

    Args:
        tokenizer: A tokenizer with a chat template; it is left as it is.
        delimiters: The strings around the thinking.
        prompting: How a question becomes a prompt.
        name: What to call the model.

    Returns:
        The template; the tokenizer's own if its prompts leave off behind a thinking already.

    Raises:
        UserError: Thinking cannot be switched off: the model writes it without delimiters, the
            options of the template switch it on, or the template is not one text.
    """
    template = tokenizer.chat_template
    if not isinstance(template, str):
        raise UserError(
            f"Thinking cannot be switched off for {name!r}, which has several chat templates; set"
            " the option of its template in chat_template_kwargs."
        )
    if delimiters.plain:
        raise UserError(
            f"Thinking cannot be switched off for {name!r}, which thinks in plain text without"
            " delimiters; leave out thinking: false and the baseline no_thinking."
        )
    if prompting.end(tokenizer, delimiters) is PromptEnd.AFTER:
        return template
    for switch in SWITCHES:
        if prompting.options.get(switch):
            raise UserError(
                f"chat_template_kwargs.{switch} switches the thinking of {name!r} on, and"
                " thinking: false (or the baseline no_thinking) off; leave one of them out."
            )
        off, on = (f"{{% set {switch} = {value} %}}{template}" for value in ("false", "true"))
        prompts = [_rendered(tokenizer, prompting, own) for own in (off, on)]
        if switch in template and prompts[0] != prompts[1]:
            return off
    end = prompting.end(tokenizer, delimiters)
    tail = prompting.render(tokenizer, "?")
    closed = template.removesuffix("\n") + _prefill(tokenizer, delimiters, end, tail)
    changed = _rendered(tokenizer, prompting, closed)
    if not changed.startswith(tail) or not changed.rstrip().endswith(delimiters.close.rstrip()):
        raise UserError(
            f"Thinking cannot be switched off for {name!r}: its chat template lets no empty"
            " thinking be prefilled; set the option of its template in chat_template_kwargs."
        )
    return closed


def closed_thinking(
    tokenizer: Any, delimiters: ThinkingDelimiters, prompting: Prompting, name: str
) -> str:
    """What to say of a policy whose prompts end behind a thinking, so that it never thinks.

    Args:
        tokenizer: A tokenizer with a chat template.
        delimiters: The strings around the thinking.
        prompting: How a question becomes a prompt.
        name: What to call the model.

    Returns:
        A sentence with the remedy; empty if the policy can think.
    """
    if prompting.end(tokenizer, delimiters) is not PromptEnd.AFTER:
        return ""
    remedy = "put a chat template without it into the model's folder as chat_template.jinja"
    for switch in SWITCHES:
        if switch in str(tokenizer.chat_template):
            on = replace(prompting, options={**prompting.options, switch: True})
            if on.end(tokenizer, delimiters) is not PromptEnd.AFTER:
                remedy = f"set chat_template_kwargs.{switch} to true"
                break
    return (
        f"The chat template of {name!r} ends prompts with a thinking that is closed already, so the"
        f" policy never thinks and there are no steps to type: {remedy}, or say thinking: false if"
        " that is what you want."
    )


def _prefill(tokenizer: Any, delimiters: ThinkingDelimiters, end: PromptEnd, tail: str) -> str:
    """The end of a template that writes an empty thinking behind the generation prompt."""
    closing = default_closing(tokenizer, delimiters)
    opening = "" if end is PromptEnd.INSIDE else delimiters.open
    if closing.startswith("\n") and not (opening == "" and tail.endswith("\n")):
        opening += "\n"
    return f"{{% if add_generation_prompt %}}{{{{ {ascii(opening + closing)} }}}}{{% endif %}}"


def _rendered(tokenizer: Any, prompting: Prompting, template: str) -> str:
    """A prompt by another template."""
    return str(
        tokenizer.apply_chat_template(
            prompting.messages("?"),
            chat_template=template,
            tokenize=False,
            add_generation_prompt=True,
            **prompting.options,
        )
    )
