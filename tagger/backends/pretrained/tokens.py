"""The tokenizer of a pretrained network, and how long texts are shortened before and after it."""

from __future__ import annotations

from typing import Any

from tagger.errors import UserError


class TextTokenizer:
    """Encodes texts with a ``tokenizer.json``, neither truncated nor padded.

    Args:
        kind: What the network is called in errors, e.g. ``"encoder"``.
        text: Content of the file.

    Raises:
        UserError: The text is no tokenizer.
    """

    def __init__(self, kind: str, text: str) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer: Any = Tokenizer.from_str(text)
        except Exception as error:  # the library raises plain Exception
            raise UserError(
                f"The {kind}'s tokenizer.json cannot be read ({error}); save the tokenizer again."
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def ids(self, text: str) -> list[int]:
        """Token ids of a text, without special tokens."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    @property
    def special(self) -> list[int]:
        """The special tokens that the tokenizer puts around a text, first to last."""
        ids: list[int] = self._tokenizer.encode("").ids
        return ids


def cut_text(text: str, near: int) -> str:
    """Drop the middle of a very long text: a tokenizer takes seconds for a megabyte.

    Args:
        text: The text.
        near: Characters of each end that stay.
    """
    return text if len(text) <= 2 * near else text[:near] + "\n" + text[len(text) - near :]


def keep_ends(ids: list[int], head: int, tail: int) -> list[int]:
    """The first `head` and the last `tail` of some tokens; all of them if there are no more."""
    return ids if len(ids) <= head + tail else ids[:head] + ids[len(ids) - tail :]
