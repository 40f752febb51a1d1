"""Where a completion's thinking begins and ends.

Delimiters come from the config or from the tokenizer, never from literals in the code that uses
them. The opening one may be missing because the chat template prefilled it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tagger.errors import UserError
from tagger.thinking.families import FAMILIES, Family, ThinkingDelimiters, plain_text

__all__ = [
    "KNOWN_DELIMITERS",
    "PromptEnd",
    "Thinking",
    "ThinkingDelimiters",
    "closing_ids",
    "delimiters_from_tokenizer",
    "known_delimiters_in",
    "plain_text",
    "prompt_end",
    "prompt_end_of",
    "split_thinking",
    "template_prompt_end",
]


KNOWN_DELIMITERS: tuple[ThinkingDelimiters, ...] = tuple(f.delimiters for f in FAMILIES)
"""Delimiters that published reasoning models use, the commonest first."""


_KNOWN_OPENINGS = tuple(pair.open for pair in KNOWN_DELIMITERS)


class PromptEnd(StrEnum):
    """Where a rendered prompt leaves off.

    Attributes:
        BEFORE: Before the thinking: the model opens it itself, or answers at once (as a model
            does that writes no thinking at all).
        INSIDE: Inside: the prompt prefilled the opening delimiter.
        AFTER: Behind it: the prompt prefilled an empty thinking (thinking switched off), so all
            that comes is answer, unless the model begins with an opening delimiter.
    """

    BEFORE = "before"
    INSIDE = "inside"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Thinking:
    """A completion, split at its thinking delimiters.

    Attributes:
        text: The thinking, ``completion[start:end]``, white space kept.
        start: First character of the thinking, counted in the completion.
        end: One past its last character.
        finished: Whether the closing delimiter was written, or the text is an answer without
            thinking.
        answer: Everything after the closing delimiter, or all of an answer without thinking,
            white space kept; empty if unfinished.
    """

    text: str
    start: int
    end: int
    finished: bool
    answer: str


def split_thinking(
    completion: str,
    delimiters: ThinkingDelimiters,
    after: PromptEnd = PromptEnd.INSIDE,
    ended: bool = True,
) -> Thinking:
    """Split a completion into thinking and answer.

    The thinking begins after the first opening delimiter that stands before any closing one, or at
    character 0 if the template prefilled it; it ends at the first closing delimiter after that.

    Args:
        completion: What the model wrote, without the prompt.
        delimiters: The strings around the thinking.
        after: Where the prompt left off, as `prompt_end` finds it. `INSIDE`, the default, takes
            a text without an opening delimiter for thinking from its first character. After
            `BEFORE` and `AFTER` such a text holds no thinking, and all of it (behind a stray
            closing delimiter, if there is one) is answer. After `AFTER` an opening delimiter
            counts only where the text begins with it, white space aside.
        ended: Whether the model ended the text itself. After `BEFORE` a text without any delimiter
            that was cut off is unfinished: it holds no answer yet. So is, after both, a text that
            begins with the opening delimiter of another family: these delimiters are the wrong
            ones, and its thinking is no answer.

    Returns:
        The parts, with character offsets into `completion`.
    """
    close, behind = delimiters.find_close(completion)
    opening = -1
    if delimiters.open:
        limit = close if close >= 0 else len(completion)
        opening = completion.find(delimiters.open, 0, limit)
        if after is PromptEnd.AFTER and completion[: max(opening, 0)].strip():
            opening = -1
    if opening < 0 and after is not PromptEnd.INSIDE and not delimiters.plain:
        finished = ended or close >= 0 or after is PromptEnd.AFTER
        if close < 0 and completion.lstrip().startswith(_KNOWN_OPENINGS):
            finished = False  # a thinking, but between other delimiters than these
        answer = completion[max(behind, 0) :] if finished else ""
        return Thinking("", 0, 0, finished, answer)
    start = opening + len(delimiters.open) if opening >= 0 else 0
    if close < 0:
        return Thinking(completion[start:], start, len(completion), finished=False, answer="")
    answer = completion[close if delimiters.plain else behind :]
    return Thinking(completion[start:close], start, close, finished=True, answer=answer)


def prompt_end(prompt: str, delimiters: ThinkingDelimiters) -> PromptEnd:
    """Find where a rendered prompt leaves off.

    Only its very end counts: a question or system prompt may quote delimiters.

    Args:
        prompt: The prompt as text, special tokens written out, generation prompt included.
        delimiters: The strings around the thinking.

    Returns:
        `INSIDE` if nothing but white space follows an opening delimiter (these or those of a known
        family: a prompt that ends inside a thinking does so whatever a config names), `AFTER` if
        nothing but white space follows a closing one, else `BEFORE`. Plain text is always `INSIDE`.
    """
    if delimiters.plain:
        return PromptEnd.INSIDE
    tail = prompt.rstrip()
    if tail.endswith((delimiters.open.rstrip(), *_KNOWN_OPENINGS)):
        return PromptEnd.INSIDE
    if any(tail.endswith(close.rstrip()) for close in delimiters.closes):
        return PromptEnd.AFTER
    return PromptEnd.BEFORE


def template_prompt_end(
    tokenizer: Any, delimiters: ThinkingDelimiters, **options: Any
) -> PromptEnd:
    """Find where the prompts of a tokenizer's chat template leave off.

    Args:
        tokenizer: A transformers tokenizer with a chat template.
        delimiters: The strings around the thinking.
        options: Passed to the template, e.g. ``enable_thinking=False``.

    Returns:
        As `prompt_end`, of a prompt with one short question.
    """
    messages = [{"role": "user", "content": "?"}]
    prompt = tokenizer.apply_chat_template(
        messages, tokenize=False, add_generation_prompt=True, **options
    )
    return prompt_end(str(prompt), delimiters)


def prompt_end_of(tokenizer: Any, delimiters: ThinkingDelimiters, **options: Any) -> PromptEnd:
    """As `template_prompt_end`; `INSIDE` for a tokenizer without a chat template."""
    if getattr(tokenizer, "chat_template", None) is None:
        return PromptEnd.INSIDE
    return template_prompt_end(tokenizer, delimiters, **options)


def known_delimiters_in(text: str) -> ThinkingDelimiters | None:
    """Find the pair a finished text was written with, by its closing (or else opening) string.

    Args:
        text: A completion of unknown origin.

    Returns:
        The pair, or None if the text holds no known delimiter.
    """
    for pair in KNOWN_DELIMITERS:
        if any(close in text for close in pair.closes):
            return pair
    return next((pair for pair in KNOWN_DELIMITERS if pair.open in text), None)


def delimiters_from_tokenizer(tokenizer: Any) -> ThinkingDelimiters:
    """Find the thinking delimiters a tokenizer knows.

    Those in the vocabulary win over those that only the chat template names; of several in the
    vocabulary, one that the template names too. A template that names no closing delimiter, but
    ends its prompts with an opening one, tells the family by it.

    Args:
        tokenizer: A transformers tokenizer (``get_vocab()``, ``chat_template``).

    Returns:
        The delimiters of the first family in `tagger.thinking.families.FAMILIES` that it fits.

    Raises:
        UserError: It carries none. Plain text is never auto-detected; see `plain_text`.
    """
    vocabulary = tokenizer.get_vocab()
    template = _template_text(getattr(tokenizer, "chat_template", None))
    known = [family for family in FAMILIES if _in_vocabulary(family, vocabulary)]
    named = [family for family in known or FAMILIES if _in_template(family, template)]
    if not named:
        named = [family for family in FAMILIES if _prefilled(family, tokenizer)]
    if known or named:
        return (named or known)[0].delimiters
    name = getattr(tokenizer, "name_or_path", "") or type(tokenizer).__name__
    raise UserError(
        f"The tokenizer {name!r} has no thinking delimiters such as <think></think> in its "
        "vocabulary or chat template; use a reasoning model, or name its delimiters: in a config "
        "delimiters: {open: <think>, close: </think>}, with suffice tag --delimiters."
    )


def _in_vocabulary(family: Family, vocabulary: Any) -> bool:
    whole = family.delimiters.open in vocabulary and family.delimiters.close in vocabulary
    return whole or (bool(family.tokens) and all(token in vocabulary for token in family.tokens))


def _in_template(family: Family, template: str) -> bool:
    parts = (family.delimiters.close, family.delimiters.direct)
    return any(part and part in template for part in parts)


def _prefilled(family: Family, tokenizer: Any) -> bool:
    """Whether the prompts of the chat template end with the family's opening delimiter."""
    opening = family.delimiters.open
    if opening not in _template_text(getattr(tokenizer, "chat_template", None)):
        return False
    messages = [{"role": "user", "content": "?"}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return str(prompt).rstrip().endswith(opening)


def closing_ids(
    tokenizer: Any, delimiters: ThinkingDelimiters, before: str = "", after: str = ""
) -> list[int]:
    """Token ids that close the thinking, no special tokens added.

    Args:
        tokenizer: A transformers tokenizer.
        delimiters: The strings around the thinking.
        before: Text to force before the closing delimiter, e.g. a line break.
        after: Text to force after it.

    Returns:
        Ids of ``before + close + after``.
    """
    text = before + delimiters.close + after
    return [int(i) for i in tokenizer.encode(text, add_special_tokens=False)]


def _template_text(template: Any) -> str:
    """All text of a chat template, which may be one string or several by name."""
    if isinstance(template, str):
        return template
    if isinstance(template, dict):
        return "\n".join(_template_text(t) for t in template.values())
    if isinstance(template, list):
        return "\n".join(_template_text(t) for t in template)
    return ""
