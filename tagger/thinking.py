"""Where a completion's thinking begins and ends.

Delimiters come from the config or from the tokenizer, never from literals in the code that uses
them. The opening one may be missing because the chat template prefilled it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tagger.errors import UserError


@dataclass(frozen=True, slots=True)
class ThinkingDelimiters:
    """The two strings around the thinking, e.g. ``<think>`` and ``</think>``.

    Raises:
        UserError: One of them is empty, or they are equal.
    """

    open: str
    close: str

    def __post_init__(self) -> None:
        if not self.open or not self.close or self.open == self.close:
            raise UserError(
                f"Thinking delimiters {self.open!r} and {self.close!r} must be two different, "
                "non-empty strings."
            )


KNOWN_DELIMITERS: tuple[ThinkingDelimiters, ...] = (
    ThinkingDelimiters("<think>", "</think>"),
    ThinkingDelimiters("<thinking>", "</thinking>"),
    ThinkingDelimiters("<thought>", "</thought>"),
    ThinkingDelimiters("<seed:think>", "</seed:think>"),
    ThinkingDelimiters("<|begin_of_thought|>", "<|end_of_thought|>"),
    ThinkingDelimiters("◁think▷", "◁/think▷"),
    ThinkingDelimiters("[THINK]", "[/THINK]"),
)
"""Pairs that published reasoning models use, the commonest first."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """A completion, split at its thinking delimiters.

    Attributes:
        text: The thinking, ``completion[start:end]``, white space kept.
        start: First character of the thinking, counted in the completion.
        end: One past its last character.
        finished: Whether the closing delimiter was written.
        answer: Everything after the closing delimiter, white space kept; empty if unfinished.
    """

    text: str
    start: int
    end: int
    finished: bool
    answer: str


def split_thinking(completion: str, delimiters: ThinkingDelimiters) -> Thinking:
    """Split a completion into thinking and answer.

    The thinking begins after the first opening delimiter that stands before any closing one, or at
    character 0 if the template prefilled it; it ends at the first closing delimiter after that.

    Args:
        completion: What the model wrote, without the prompt.
        delimiters: The strings around the thinking.

    Returns:
        The parts, with character offsets into `completion`.
    """
    close = completion.find(delimiters.close)
    opening = completion.find(delimiters.open, 0, close if close >= 0 else len(completion))
    start = opening + len(delimiters.open) if opening >= 0 else 0
    if close < 0:
        return Thinking(completion[start:], start, len(completion), finished=False, answer="")
    answer = completion[close + len(delimiters.close) :]
    return Thinking(completion[start:close], start, close, finished=True, answer=answer)


def known_delimiters_in(text: str) -> ThinkingDelimiters | None:
    """Find the pair a finished text was written with, by its closing (or else opening) string.

    Args:
        text: A completion of unknown origin.

    Returns:
        The pair, or None if the text holds no known delimiter.
    """
    for pair in KNOWN_DELIMITERS:
        if pair.close in text:
            return pair
    return next((pair for pair in KNOWN_DELIMITERS if pair.open in text), None)


def delimiters_from_tokenizer(tokenizer: Any) -> ThinkingDelimiters:
    """Find the thinking delimiters a tokenizer knows.

    Pairs in the vocabulary win over pairs that only the chat template names.

    Args:
        tokenizer: A transformers tokenizer (``get_vocab()``, ``chat_template``).

    Returns:
        The first pair of `KNOWN_DELIMITERS` that the tokenizer carries.

    Raises:
        UserError: It carries none.
    """
    vocabulary = tokenizer.get_vocab()
    for pair in KNOWN_DELIMITERS:
        if pair.open in vocabulary and pair.close in vocabulary:
            return pair
    template = _template_text(getattr(tokenizer, "chat_template", None))
    for pair in KNOWN_DELIMITERS:
        if pair.close in template:
            return pair
    name = getattr(tokenizer, "name_or_path", "") or type(tokenizer).__name__
    raise UserError(
        f"The tokenizer {name!r} has no thinking delimiters such as <think></think> in its "
        "vocabulary or chat template; use a reasoning model, or name its delimiters yourself."
    )


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
