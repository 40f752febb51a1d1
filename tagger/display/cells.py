"""Tables of a page as data; the macro ``table`` of ``parts.html.j2`` draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        text: What it says.
        note: In small letters below it, e.g. an interval; on one line.
        more: Below that, each on lines of its own that are broken where the column is narrow.
        kind: ``""``, ``b`` for bold or ``i`` for italic.
        dot: Colour of a dot before it; none if empty.
        chosen: Whether it is marked as chosen.
        style: CSS of a box around it; none if empty.
        breakable: Whether it may be broken after underscores and dashes.
    """

    text: str = ""
    note: str = ""
    kind: str = ""
    dot: str = ""
    chosen: bool = False
    style: str = ""
    breakable: bool = False
    more: Sequence[str] = ()


@dataclass(frozen=True)
class Row:
    """A row.

    Attributes:
        cells: Its cells; text alone is a plain one.
        kind: CSS class; none if empty.
        span: Columns that its only cell takes.
    """

    cells: Sequence[Cell | str]
    kind: str = ""
    span: int = 1


@dataclass(frozen=True)
class Table:
    """A table that scrolls sideways on a narrow screen.

    Attributes:
        head: Cells of the head; empty for none.
        rows: The rows; cells alone are a plain one.
    """

    head: Sequence[Cell | str]
    rows: Sequence[Row | Sequence[Cell | str]]

    @property
    def body(self) -> list[Row]:
        """The rows, each as one."""
        return [row if isinstance(row, Row) else Row(row) for row in self.rows]
