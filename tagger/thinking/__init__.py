"""Where the thinking is: delimiters, and a completion split by them."""

from tagger.thinking.find import find_thinking, reply_span
from tagger.thinking.split import (
    PromptEnd,
    Thinking,
    ThinkingDelimiters,
    closing_ids,
    delimiters_from_tokenizer,
    known_delimiters_in,
    prompt_end,
    prompt_end_of,
    split_thinking,
    template_prompt_end,
)

__all__ = [
    "PromptEnd",
    "Thinking",
    "ThinkingDelimiters",
    "closing_ids",
    "delimiters_from_tokenizer",
    "find_thinking",
    "known_delimiters_in",
    "prompt_end",
    "prompt_end_of",
    "reply_span",
    "split_thinking",
    "template_prompt_end",
]
