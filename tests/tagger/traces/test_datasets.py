"""Datasets that cannot be read: one sentence, whenever the library finds out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.errors import UserError
from tagger.traces.datasets import DatasetColumn


@pytest.mark.parametrize("content", [b"\xe9\xbf\x00 no table", b"{'a': 1}\n", b"[1, 2\n"])
def test_dataset_column_refuses_a_broken_table_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"broken\.jsonl cannot be read"):
        DatasetColumn(str(path))
