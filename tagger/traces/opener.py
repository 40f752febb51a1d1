"""Opening a file of rows or text, or standard input: plain or compressed, by its first bytes.

Names lie and pipes have none, so the compression of a file is recognised by its magic number. Every
reader of traces, labels and problems opens its files here.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tagger.errors import UserError

STANDARD_INPUT = "-"
COMPRESSED_SUFFIXES = (".gz", ".bz2", ".zst", ".xz")

_GZIP, _BZIP2, _ZSTD, _XZ = b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00"
_PACKED = {_GZIP: "gzip", _BZIP2: "bzip2", _ZSTD: "zstd", _XZ: "xz"}
_PARQUET = b"PAR1"
_TAR, _TAR_AT = b"ustar", 257  # where a tar header says what it is
_NOT_ROWS = {
    b"PK\x03\x04": "a zip archive; unpack it",
    b"ARROW1": "an Arrow file, which is not read; write it as Parquet or JSON Lines",
    b"version https://git-lfs": "a Git LFS pointer; fetch the file itself with git lfs pull",
}
_BUFFER = 1 << 16


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file.

    Attributes:
        name: What to call it in messages.
        lines: Its lines, uncompressed, each with its line end; text only where standard input was
            replaced by a text stream.
        raw: The file as it is on disk, whose ``tell()`` says how far it is read.
        parquet: Whether it is a Parquet table, which has no lines.
    """

    name: str
    lines: Iterator[bytes | str]
    raw: IO[bytes]
    parquet: bool = False


@contextmanager
def opened(path: str | Path) -> Iterator[Opened]:
    """Open a file to read its lines.

    Args:
        path: A file, plain or compressed with gzip, bzip2, zstd or xz, or ``-`` for standard
            input.

    Yields:
        The open file; closed afterwards unless it is standard input.

    Raises:
        UserError: It cannot be opened or read, its compressed data are damaged or cut short, or
            it is an archive or table that is not read here.
    """
    if str(path) == STANDARD_INPUT:
        yield _uncompressed(getattr(sys.stdin, "buffer", sys.stdin), "standard input")
        return
    name = str(path)
    try:
        raw = Path(path).open("rb")  # noqa: SIM115 - closed by the with below
    except OSError as error:
        remedy = "name a file in it" if Path(path).is_dir() else "check the path"
        raise UserError(
            f"{name} cannot be opened ({error.strerror or error}); {remedy}."
        ) from error
    with raw:
        yield _uncompressed(raw, name)


def piped(path: str | Path) -> str:
    """What can be read only once, in words, if a path is that: standard input, or a named pipe."""
    if str(path) == STANDARD_INPUT:
        return "standard input"
    return f"what {path} pipes" if Path(path).is_fifo() else ""


def bare_name(path: str | Path) -> str:
    """Name of a file without a compression suffix: ``a.jsonl`` for ``a.jsonl.zst``."""
    name = str(path)
    return next((name.removesuffix(s) for s in COMPRESSED_SUFFIXES if name.endswith(s)), name)


def _uncompressed(raw: Any, name: str) -> Opened:
    head: bytes = raw.peek(32)[:32] if hasattr(raw, "peek") else b""
    for magic, what in _NOT_ROWS.items():
        if head.startswith(magic):
            raise UserError(f"{name} is {what}.")
    kind = next((kind for magic, kind in _PACKED.items() if head.startswith(magic)), "")
    lines = _guarded(_stream(raw, kind) if kind else raw, name, kind)
    return Opened(name, lines, raw, parquet=head.startswith(_PARQUET))


def _stream(raw: Any, kind: str) -> Iterable[bytes]:
    if kind == "gzip":
        import gzip

        return gzip.GzipFile(fileobj=raw)
    if kind == "bzip2":
        import bz2

        return bz2.BZ2File(raw)
    if kind == "xz":
        import lzma

        return lzma.LZMAFile(raw)
    import io

    import pyarrow  # unlike the zstandard package, it tells data that are cut short

    packed = pyarrow.PythonFile(_Borrowed(raw), mode="r")
    return io.BufferedReader(pyarrow.CompressedInputStream(packed, "zstd"), _BUFFER)


class _Borrowed:
    """A file that pyarrow may read, but not close when its stream is done with."""

    closed = False

    def __init__(self, raw: IO[bytes]) -> None:
        self.read = raw.read

    def close(self) -> None:
        """Leave the file to who opened it."""
        self.closed = True


def _guarded(lines: Iterable[bytes | str], name: str, kind: str) -> Iterator[bytes | str]:
    """Lines of a file that may be damaged; what is wrong is reported behind the last good line."""
    damaged: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, *_lzma_error(kind))
    number = 0
    try:
        for number, line in enumerate(lines, start=1):
            if number == 1 and isinstance(line, bytes) and (what := _wrapped(line, kind)):
                raise UserError(f"{name} {what}.")
            yield line
    except damaged as error:
        if kind:
            where = f"{name}, after line {number}" if number else name
            raise UserError(
                f"{where}: the {kind} data is cut short or damaged ({error}); fetch or make the "
                "file again."
            ) from error
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{name} cannot be read ({reason}).") from error


def _wrapped(line: bytes, kind: str) -> str:
    """What stands in a file in the place of lines, told by the first of them; empty if nothing.

    Args:
        line: The first line, uncompressed.
        kind: What it was compressed with; empty if it was not.
    """
    if line[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR and b"\0" in line[:_TAR_AT]:
        return "is a tar archive; unpack it"
    packed = {**_PACKED, _PARQUET: "Parquet"} if kind else {}
    inner = next((what for magic, what in packed.items() if line.startswith(magic)), "")
    if inner:
        return f"holds {inner} data, compressed once more with {kind}; decompress it once"
    others = (what for magic, what in _NOT_ROWS.items() if line.startswith(magic))
    return f"is {other}" if (other := next(others, "")) else ""


def _lzma_error(kind: str) -> tuple[type[Exception], ...]:
    if kind != "xz":
        return ()
    import lzma

    return (lzma.LZMAError,)
