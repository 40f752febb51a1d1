"""Rows of a JSON document: arrays, and objects written over several lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tagger.errors import UserError
from tagger.traces.json_object import DECODER, DoubledKey
from tagger.traces.row import Row

_VALUE = re.compile(r"[^ \t\n\r]")


def document_rows(text: str, name: str, line: int = 1) -> Iterator[Row]:
    """Read the objects of a text of JSON arrays and objects, one after the other.

    Args:
        text: The document; arrays and objects may follow each other, as `jq` writes them.
        name: Of the file, for messages.
        line: Line of the file at which the text begins.

    Yields:
        The objects: those of an array are numbered by their place, others by their line.

    Raises:
        UserError: It is not JSON, or an item is no object; the line is named.
    """
    lines = _Lines(text, name, line)
    at = _skip(text, 0)
    while at < len(text):
        if text[at] != "[":
            begin, (value, at) = at, lines.value(at)
            yield lines.row(value, begin, at)
            at = _skip(text, at)
            continue
        at, item = _skip(text, at + 1), 0
        while text[at : at + 1] != "]":
            if item:
                if text[at : at + 1] != ",":
                    raise lines.error(at, "expecting ',' or ']'")
                at = _skip(text, at + 1)
            item += 1
            begin, (value, at) = at, lines.value(at)
            yield lines.row(value, begin, at, item)
            at = _skip(text, at)
        at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    """Place of the next character that is no white space."""
    found = _VALUE.search(text, at)
    return found.start() if found else len(text)


class _Lines:
    """A text whose places are told by line; places must not go back."""

    def __init__(self, text: str, name: str, line: int) -> None:
        self._text, self._name, self._line, self._at = text, name, line, 0

    def where(self, at: int) -> str:
        self._line += self._text.count("\n", self._at, at)
        self._at = at
        return f"{self._name}, line {self._line}"

    def error(self, at: int, reason: str) -> UserError:
        return UserError(
            f"{self.where(at)}: not valid JSON ({reason}); write one object a line, or one JSON "
            "array."
        )

    def value(self, at: int) -> tuple[Any, int]:
        try:
            return DECODER.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            raise self.error(error.pos, error.msg) from error
        except DoubledKey as error:
            raise UserError(f"{self.where(at)}: {error}") from error
        except RecursionError as error:
            raise self.error(at, str(error)) from error

    def row(self, value: Any, begin: int, end: int, item: int = 0) -> Row:
        where = self.where(begin)
        number, where = (item, f"{where}, item {item}") if item else (self._line, where)
        if not isinstance(value, dict):
            raise UserError(f"{where}: a {type(value).__name__}, not an object; each must be one.")
        return Row(number, where, value, self._text[begin:end])
