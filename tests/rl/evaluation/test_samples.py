"""Samples on disk."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from rl.evaluation.samples import read_samples, write_samples
from tagger.errors import UserError
from tests.rl.making import sample, step

ROWS = [
    sample("a", steps=(step("Prüfe π: 2 + 2 = 4"), step()), ids=(1, 2, 3)),
    sample("line ends", steps=(step("a\u2028b\u2029c\x85d\x0ce"),), answer="1\u20282"),
    sample("b", 1, first_answer_correct=None, stop_reason="1 step, limit 1", correct=False),
]


@pytest.mark.parametrize("name", ["s.jsonl", "deep/s.jsonl.gz"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    write_samples(tmp_path / name, ROWS)
    assert read_samples(tmp_path / name) == ROWS
    assert [p.name for p in (tmp_path / name).parent.iterdir()] == [Path(name).name]


def test_same_samples_same_bytes(tmp_path: Path) -> None:
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        write_samples(tmp_path / name, ROWS)
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_bad_files_are_named(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    with pytest.raises(UserError, match=r"s\.jsonl does not exist"):
        read_samples(file)
    write_samples(file, ROWS)
    file.write_text(file.read_text() + "\n{\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 5: not a sample"):
        read_samples(file)
    file.write_text('{"steps": [], "speed": 1}\n', encoding="utf-8")
    with pytest.raises(UserError, match="line 1"):
        read_samples(file)
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(b"{}" * 500)[:20])
    with pytest.raises(UserError, match="cannot be read"):
        read_samples(cut)
