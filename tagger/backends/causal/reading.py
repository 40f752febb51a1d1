"""From text to tokens, each step by itself, so that a trace streams."""

from __future__ import annotations

from typing import Any

from tagger.backends.causal.settings import CausalSettings
from tagger.errors import UserError

_CHARS_A_TOKEN = 32  # of a longer text only so many characters of each end are cut into tokens
_QUESTION = "Question: "
_THINKING = "\n\nThinking:\n\n"
_END_OF_STEP = "\n\n"


class Tokens:
    """Cuts questions and steps into tokens.

    Args:
        text: Content of a ``tokenizer.json``.
        settings: How many tokens are read.

    Raises:
        UserError: The text is no tokenizer.
    """

    def __init__(self, text: str, settings: CausalSettings) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer: Any = Tokenizer.from_str(text)
        except Exception as error:  # the library raises plain Exception
            raise UserError(
                f"The language model's tokenizer.json cannot be read ({error}); save the tokenizer "
                "again."
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._settings = settings
        self._begin: list[int] = self._tokenizer.encode("").ids[:1]
        self._thinking = self._ids(_THINKING)

    def question(self, text: str) -> list[int]:
        """Tokens a window begins with, never none: the question, its middle cut out if long."""
        most = self._settings.question_tokens
        ids = self._ids(_cut(_QUESTION + text, most))
        if len(ids) > most:
            ids = ids[: most // 2] + ids[len(ids) - most // 2 :]
        return [*self._begin, *ids, *self._thinking] or [0]

    def step(self, text: str) -> list[int]:
        """Tokens of a step, never none: head and tail if it is long."""
        head, tail = self._settings.head_tokens, self._settings.tail_tokens
        ids = self._ids(_cut(text + _END_OF_STEP, head + tail))
        if len(ids) > head + tail:
            ids = ids[:head] + ids[len(ids) - tail :]
        return ids or [0]

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    @property
    def longest_front(self) -> int:
        """Most tokens that `question` gives."""
        return len(self._begin) + max(1, self._settings.question_tokens) + len(self._thinking)


def _cut(text: str, tokens: int) -> str:
    """Drop the middle of a very long text: a tokenizer takes seconds for a megabyte."""
    near = _CHARS_A_TOKEN * tokens
    return text if len(text) <= 2 * near else text[:near] + "\n" + text[len(text) - near :]
