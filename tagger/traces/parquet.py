"""Rows of a Parquet table, some at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from tagger.errors import UserError
from tagger.traces.opener import Opened

_ROWS_AT_ONCE = 256


def parquet_rows(file: Opened) -> Iterator[dict[str, Any]]:
    """Read a Parquet table row by row.

    Args:
        file: The open table; one from a pipe is held in memory as a whole.

    Yields:
        The rows; what a column lacks is None.

    Raises:
        UserError: The table is damaged or cut short.
    """
    import pyarrow
    from pyarrow import parquet

    try:
        source = file.raw if file.raw.seekable() else io.BytesIO(file.raw.read())
        for batch in parquet.ParquetFile(source).iter_batches(batch_size=_ROWS_AT_ONCE):
            yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError, EOFError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise UserError(
            f"{file.name}: the Parquet table is cut short or damaged ({reason}); fetch or make "
            "the file again."
        ) from error
