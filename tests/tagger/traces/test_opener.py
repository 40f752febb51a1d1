"""Files that hold something else than lines are refused with what they are."""

from __future__ import annotations

import bz2
import gzip
import io
import re
import tarfile
from pathlib import Path

import pytest

from tagger.errors import UserError
from tagger.traces.opener import opened

LINES = b'{"thinking": "a"}\n{"thinking": "b"}\n'


def tar(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("rows.jsonl")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (tar(LINES), "is a tar archive; unpack it."),
        (gzip.compress(tar(LINES)), "is a tar archive; unpack it."),
        (bz2.compress(gzip.compress(LINES)), "holds gzip data, compressed once more with bzip2;"),
        (gzip.compress(b"PAR1rest"), "holds Parquet data, compressed once more with gzip;"),
        (gzip.compress(b"PK\x03\x04rest"), "is a zip archive; unpack it."),
    ],
    ids=["tar", "tar.gz", "gz.bz2", "parquet.gz", "zip.gz"],
)
@pytest.mark.parametrize("name", ["rows.jsonl", "rows.tar.gz", "rows.txt"])
def test_archives_and_data_packed_twice_are_no_lines(
    tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(UserError, match=re.escape(f"{file} {says}")), opened(file) as found:
        list(found.lines)


def test_text_that_looks_like_an_archive_is_read(tmp_path: Path) -> None:
    text = b"x" * 257 + b"ustar is where tar says what it is.\n"
    file = tmp_path / "text.txt"
    file.write_bytes(text)
    with opened(file) as found:
        assert list(found.lines) == [text]
