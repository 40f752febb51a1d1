"""One row of a file."""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """One row.

    Attributes:
        number: Of its line, or of the row where the file has no lines of its own.
        where: Place for messages: ``file, line 3``, ``file, line 1, item 2``, ``file, row 3``.
        values: Field values by name.
        source: The JSON it was read from; empty for a table.
    """

    number: int
    where: str
    values: dict[str, Any]
    source: str
