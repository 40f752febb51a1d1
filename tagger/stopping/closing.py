"""The text that closes the thinking in the model's stead, as token ids."""

from __future__ import annotations

import re
from typing import Any

from tagger.errors import UserError
from tagger.thinking.families import ThinkingDelimiters, family_of
from tagger.thinking.split import closing_ids


class ClosingSequence:
    """Ids that close the thinking; one serves all sequences of a run."""

    def __init__(
        self, tokenizer: Any, delimiters: ThinkingDelimiters, text: str | None = None
    ) -> None:
        r"""Fix the text.

        Args:
            tokenizer: The policy's tokenizer.
            delimiters: The strings around the thinking.
            text: The text to force; it must contain the closing delimiter. None takes the line
                breaks around it as `default_closing` finds them.

        Raises:
            UserError: The text lacks the closing delimiter.
        """
        self._tokenizer, self._delimiters = tokenizer, delimiters
        self.text = default_closing(tokenizer, delimiters) if text is None else text
        if delimiters.close not in self.text:
            raise UserError(
                f"The closing text {self.text!r} lacks the closing delimiter "
                f"{delimiters.close!r}; add it, or the model continues thinking."
            )
        self._ids: dict[int, list[int]] = {}

    def ids_after(self, tail: str) -> list[int]:
        """Ids to force after a text.

        Line breaks that the text ends with already are not written a second time.

        Args:
            tail: The end of what has been written.

        Returns:
            Token ids of the closing text.
        """
        breaks = len(self.text) - len(self.text.lstrip("\n"))
        saved = min(breaks, len(tail) - len(tail.rstrip("\n")))
        if saved not in self._ids:
            before, after = self.text[saved:].split(self._delimiters.close, 1)
            self._ids[saved] = closing_ids(self._tokenizer, self._delimiters, before, after)
        return self._ids[saved]


def default_closing(tokenizer: Any, delimiters: ThinkingDelimiters) -> str:
    r"""Find how a model closes its thinking.

    Args:
        tokenizer: Its tokenizer; the chat template is read if it is one string.
        delimiters: The strings around the thinking.

    Returns:
        The closing delimiter with the line breaks that the template writes around it (where it
        does not close an empty thinking); if it writes none, those of the model's family: none
        for Magistral and gpt-oss, ``\n`` before for Gemma, ``\n`` before and ``\n\n`` after for
        all others.
    """
    template = getattr(tokenizer, "chat_template", None)
    template = template if isinstance(template, str) else ""
    template = template.replace("\\n", "\n")
    found = [
        match.group()
        for match in re.finditer(rf"\n*{re.escape(delimiters.close)}\n*", template)
        if not template[: match.start()].endswith(delimiters.open)
    ]
    longest = max(found, key=len, default=delimiters.close)
    if longest != delimiters.close:
        return longest
    family = family_of(delimiters)
    return f"{family.before}{delimiters.close}{family.after}"
