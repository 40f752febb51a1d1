"""A JSON document holds the same rows, however it is laid out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.errors import UserError
from tagger.traces.json_document import document_rows

VALUES = st.sampled_from(
    ["", "a", "ä\n\u2028", "[{]}", '"\\', 0, -1.5, None, True, [], [{}], {"a": 1}]
)
ROWS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "[", "}"]), VALUES), max_size=5)


@given(rows=ROWS, indent=st.sampled_from([None, 0, 2]), before=st.sampled_from(["", "\n", " \r\n"]))
def test_an_array_holds_its_rows_in_order(
    rows: list[dict[str, Any]], indent: int | None, before: str
) -> None:
    found = list(document_rows(before + json.dumps(rows, indent=indent), "f"))
    assert [row.values for row in found] == rows
    assert [row.number for row in found] == list(range(1, len(rows) + 1))
    assert [json.loads(row.source) for row in found] == rows


@given(rows=ROWS, indent=st.sampled_from([None, 0, 2]), line=st.integers(1, 9))
def test_objects_one_after_the_other_are_numbered_by_line(
    rows: list[dict[str, Any]], indent: int | None, line: int
) -> None:
    texts = [json.dumps(row, indent=indent) for row in rows]
    found = list(document_rows("\n".join(texts), "f", line))
    assert [row.values for row in found] == rows
    for text, row in zip(texts, found, strict=True):
        assert (row.number, row.where) == (line, f"f, line {line}")
        line += text.count("\n") + 1


@given(first=ROWS, second=ROWS)
def test_arrays_one_after_the_other_are_read_as_one(
    first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    text = f"{json.dumps(first)}\n{json.dumps(second, indent=1)}\n"
    assert [row.values for row in document_rows(text, "f")] == first + second


def test_a_key_that_stands_twice_is_refused_with_its_line() -> None:
    text = '[\n {"a": 1},\n {"b": {"c": 1,\n  "c": 2}}\n]'
    with pytest.raises(UserError, match="f, line 3: the key 'c' stands twice in one object; keep"):
        list(document_rows(text, "f"))
