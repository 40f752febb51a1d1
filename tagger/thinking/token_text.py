"""Token ids to text, as they come: never half a character, never a character lost.

Law: for any ids, what `TokenText` yields (all of `feed`, then `flush`), joined, equals
``tokenizer.decode`` of the ids without the end and pad tokens, special tokens kept.
"""

from __future__ import annotations

import codecs
import json
import re
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _byte_alphabet() -> dict[str, int]:
    """The characters byte-level BPE writes bytes with (GPT-2's ``bytes_to_unicode``, inverted)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    return {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(others)}


_BYTES = _byte_alphabet()
_LONGEST_WAIT = 64
"""Tokens after which what still looks like half a character is taken for broken bytes."""


class _ByteTable(dict[int, bytes]):
    """Bytes that each token of a byte-level tokenizer adds to the text, looked up once an id.

    None for end, pad and ids without a token.
    """

    def __init__(self, tokenizer: Any) -> None:
        super().__init__(dict.fromkeys(_silent_ids(tokenizer), b""))
        self._tokenizer = weakref.ref(tokenizer)

    def __missing__(self, token_id: int) -> bytes:
        tokenizer = self._tokenizer()
        token = tokenizer.convert_ids_to_tokens(token_id) if tokenizer is not None else None
        data = self[token_id] = b"" if token is None else self._data_of(token)
        return data

    def all_bytes(self, ids: Sequence[int]) -> list[bytes]:
        """Bytes of each of many tokens."""
        return list(map(self.__getitem__, ids))

    def valid(self, ids: Sequence[int]) -> tuple[str, NDArray[np.int64]] | None:
        """`char_end_array` of a sequence; None if its bytes are no valid text."""
        pieces = self.all_bytes(ids)
        try:
            text = b"".join(pieces).decode()
        except UnicodeDecodeError:
            return None
        return text, _ends_of_valid(text, pieces)

    @staticmethod
    def _data_of(token: str) -> bytes:
        if all(c in _BYTES for c in token):
            return bytes(_BYTES[c] for c in token)
        return token.encode()  # an added token written as it is, e.g. one with a space in its name


class _FusedTable(_ByteTable):
    """The same for a byte-level decoder that is shown all tokens as one, of a GGUF file.

    A token with any character that stands for no byte changes how the others are read.

    Attributes:
        odd: Such tokens, those that were looked up.
    """

    def __init__(self, tokenizer: Any) -> None:
        super().__init__(tokenizer)
        self.odd: set[int] = set()

    def __missing__(self, token_id: int) -> bytes:
        tokenizer = self._tokenizer()
        token = tokenizer.convert_ids_to_tokens(token_id) if tokenizer is not None else None
        if token and (not _BYTES.keys() >= set(token) or _BYTE_TOKEN.fullmatch(token)):
            self.odd.add(token_id)
        return super().__missing__(token_id)

    def valid(self, ids: Sequence[int]) -> tuple[str, NDArray[np.int64]] | None:
        """`char_end_array` of a sequence; None also if one of its tokens is odd."""
        found = super().valid(ids)
        return found if not self.odd or self.odd.isdisjoint(ids) else None


class _PieceTable(_ByteTable):
    """The same for other tokenizers: what their tokens mostly stand for, to be compared."""

    @staticmethod
    def _data_of(token: str) -> bytes:
        byte = _BYTE_TOKEN.fullmatch(token)
        return bytes([int(byte[1], 16)]) if byte else token.replace("\u2581", " ").encode()


_BYTE_TOKEN = re.compile("<0x([0-9A-F]{2})>")
_tables: weakref.WeakKeyDictionary[Any, _ByteTable] = weakref.WeakKeyDictionary()
_fused: weakref.WeakKeyDictionary[Any, _FusedTable | None] = weakref.WeakKeyDictionary()
# Decoders that transformers gives a tokenizer read from a GGUF file, in order.
_GGUF = ["ByteFallback", "Fuse", "Replace", "ByteLevel"]
_candidates: weakref.WeakKeyDictionary[Any, list[_ByteTable]] = weakref.WeakKeyDictionary()


def _silent_ids(tokenizer: Any) -> set[int]:
    """Ids that carry no text: end of sequence and padding."""
    ids = (tokenizer.eos_token_id, tokenizer.pad_token_id)
    return {int(i) for i in ids if i is not None}


def _table_of(tokenizer: Any) -> _ByteTable | None:
    """The byte table of a byte-level tokenizer, None for any other kind."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if type(getattr(backend, "decoder", None)).__name__ != "ByteLevel":
        return None
    table = _tables.get(tokenizer)
    if table is None:
        table = _tables[tokenizer] = _ByteTable(tokenizer)
    return table


def _fused_table_of(tokenizer: Any) -> _FusedTable | None:
    """The byte table of a tokenizer with the decoders of a GGUF file, None for any other kind."""
    if tokenizer not in _fused:
        decoder: Any = getattr(getattr(tokenizer, "backend_tokenizer", None), "decoder", None)
        several = type(decoder).__name__ == "Sequence"
        parts = json.loads(decoder.__getstate__())["decoders"] if several else []
        replaced = [part.get("pattern") for part in parts if part["type"] == "Replace"]
        fused = [part["type"] for part in parts] == _GGUF and replaced == [{"String": "\u2581"}]
        _fused[tokenizer] = _FusedTable(tokenizer) if fused else None
    return _fused[tokenizer]


class TokenText:
    """The text of one sequence, token by token.

    A character split over several tokens is held back until its last byte has come. Byte-level
    tokenizers are read through a table of bytes; any other kind by decoding a short window twice
    and taking the difference.

    Args:
        tokenizer: A transformers tokenizer (``decode``, ``convert_ids_to_tokens``,
            ``eos_token_id``, ``pad_token_id``).
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._table = _table_of(tokenizer)
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._silent = _silent_ids(tokenizer)
        self._window: list[int] = []
        self._shown = 0  # how many ids of the window have been yielded as text

    def feed(self, token_id: int) -> str:
        """Take the next token.

        Args:
            token_id: Its id. End and pad tokens yield nothing.

        Returns:
            The characters that are now complete, often the token's text, perhaps empty.
        """
        if self._table is not None:
            return self._utf8.decode(self._table[token_id])
        if token_id in self._silent:
            return ""
        self._window.append(token_id)
        before = self._decode(self._window[: self._shown])
        now = self._decode(self._window)
        waiting = len(self._window) - self._shown < _LONGEST_WAIT
        if len(now) <= len(before) or (waiting and now.endswith("\ufffd")):
            return ""
        self._window = self._window[self._shown :]
        self._shown = len(self._window)
        return now[len(before) :]

    def flush(self) -> str:
        """End the sequence; return what was held back (replacement characters)."""
        if self._table is not None:
            return self._utf8.decode(b"", final=True)
        before = self._decode(self._window[: self._shown])
        rest = self._decode(self._window)[len(before) :]
        self._shown = len(self._window)
        return rest

    def _decode(self, ids: list[int]) -> str:
        text = self._tokenizer.decode(
            ids, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return str(text)


def char_ends(tokenizer: Any, ids: Sequence[int]) -> tuple[str, list[int]]:
    """Text of a sequence, and how far each of its tokens reaches into it.

    Args:
        tokenizer: As for `TokenText`.
        ids: Token ids of one sequence, pad and end tokens allowed.

    Returns:
        The text, and for each token the number of characters that are complete after it. The ends
        never fall; token i owns the characters ``ends[i-1]:ends[i]``; the last end is the
        length of the text.
    """
    text, ends = char_end_array(tokenizer, ids)
    return text, ends.tolist()


def char_end_array(tokenizer: Any, ids: Sequence[int]) -> tuple[str, NDArray[np.int64]]:
    """`char_ends` with the ends as an array, (tokens,)."""
    plain = _table_of(tokenizer)
    table = _fused_table_of(tokenizer) if plain is None else plain
    if table is not None and (valid := table.valid(ids)) is not None:
        return valid
    if plain is None and (found := _by_pieces(tokenizer, ids)) is not None:
        return found
    stream = TokenText(tokenizer)
    parts, ends, length = [], [], 0
    for token_id in ids:
        parts.append(stream.feed(token_id))
        length += len(parts[-1])
        ends.append(length)
    rest = stream.flush()
    if rest:
        parts.append(rest)
        ends[-1] = length + len(rest)
    return "".join(parts), np.array(ends, dtype=np.int64)


def _by_pieces(tokenizer: Any, ids: Sequence[int]) -> tuple[str, NDArray[np.int64]] | None:
    """`char_end_array` of a tokenizer not plainly byte-level, if its text is that of its pieces.

    One pass over a sequence instead of two calls of ``decode`` a token. Which pieces, those with
    marked spaces or byte-level ones behind other decoders (as in files converted from GGUF), only
    the decoded text tells.
    """
    silent = _silent_ids(tokenizer)
    decoded = tokenizer.decode(
        [i for i in ids if i not in silent],
        skip_special_tokens=False,
        clean_up_tokenization_spaces=False,
    )
    if "\ufffd" in decoded:  # which may be half a character, that a stream holds
        return None
    tables = _candidates.setdefault(tokenizer, [_PieceTable(tokenizer), _ByteTable(tokenizer)])
    for table in tables:
        pieces = table.all_bytes(ids)
        text = b"".join(pieces).decode(errors="replace")
        if text != decoded and text[1:] == decoded and text[0] == " ":  # the first space is dropped
            first = next(i for i, piece in enumerate(pieces) if piece)
            pieces[first], text = pieces[first][1:], decoded
        if text == decoded:
            tables.sort(key=lambda one: one is not table)  # tried first the next time
            return text, _ends_of_valid(text, pieces)
    return None


def _ends_of_valid(text: str, pieces: list[bytes]) -> NDArray[np.int64]:
    """Number of whole characters after each piece of well-formed UTF-8."""
    lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
    ends = np.cumsum(lengths)
    if not text.isascii():
        data = b"".join(pieces)
        starts = (np.frombuffer(data, np.uint8) & 0xC0) != 0x80
        begun = np.concatenate([[0], np.cumsum(starts)])
        in_the_middle = np.append(~starts, False)  # a continuation byte follows this position
        ends = begun[ends] - in_the_middle[ends]
    return ends
