"""From text to tokens, each step independently, so that a trace streams."""

from __future__ import annotations

from tagger.backends.causal.settings import CausalSettings
from tagger.backends.pretrained.tokens import TextTokenizer, cut_text, keep_ends

_CHARS_A_TOKEN = 32  # of a longer text only so many characters of each end are cut into tokens
_QUESTION = "Question: "
_THINKING = "\n\nThinking:\n\n"
_END_OF_STEP = "\n\n"


class Tokens:
    """Tokenizes questions and steps.

    Args:
        text: Content of a ``tokenizer.json``.
        settings: How many tokens are read.

    Raises:
        UserError: The text is no tokenizer.
    """

    def __init__(self, text: str, settings: CausalSettings) -> None:
        self._tokenizer = TextTokenizer("language model", text)
        self._settings = settings
        self._begin = self._tokenizer.special[:1]
        self._thinking = self._tokenizer.ids(_THINKING)

    def question(self, text: str) -> list[int]:
        """Tokens a window begins with, never none: the question, its middle cut out if long."""
        most = self._settings.question_tokens
        ids = self._tokenizer.ids(cut_text(_QUESTION + text, _CHARS_A_TOKEN * most))
        if len(ids) > most:
            ids = keep_ends(ids, most // 2, most // 2)
        return [*self._begin, *ids, *self._thinking] or [0]

    def step(self, text: str) -> list[int]:
        """Tokens of a step, never none: head and tail if it is long."""
        head, tail = self._settings.head_tokens, self._settings.tail_tokens
        near = _CHARS_A_TOKEN * (head + tail)
        ids = self._tokenizer.ids(cut_text(text + _END_OF_STEP, near))
        return keep_ends(ids, head, tail) or [0]

    @property
    def longest_front(self) -> int:
        """Most tokens that `question` gives."""
        return len(self._begin) + max(1, self._settings.question_tokens) + len(self._thinking)
