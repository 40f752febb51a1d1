"""Reading traces from a column of a Hugging Face dataset; the library is loaded lazily."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tagger.errors import UserError, unknown_name
from tagger.traces.files import Tally
from tagger.traces.rows import THINKING_FIELDS, Fields, SourceTrace, traces_of_row

_FORMATS = {".parquet": "parquet", ".arrow": "arrow", ".csv": "csv", ".jsonl": "json"}


class DatasetColumn:
    """One column of one split, read row by row.

    Args:
        name: Name on the Hub, a folder (data files, or one made by ``save_to_disk``), or a file.
        split: Its name; None if there is only one.
        subset: Configuration of the dataset; None for the default one.
        fields: Which columns to read; `Fields.thinking` None looks under the usual names.

    Raises:
        UserError: No such dataset, split or column (the nearest is suggested), or no network.
    """

    def __init__(
        self,
        name: str,
        split: str | None = None,
        subset: str | None = None,
        fields: Fields = Fields(),
    ) -> None:
        self._name = name
        self._fields = fields
        splits = _splits(name, subset)
        if split is None and len(splits) > 1:
            raise UserError(
                f"Dataset {name} has the splits {', '.join(splits)}; choose one with --split."
            )
        split = next(iter(splits)) if split is None else split
        if split not in splits:
            raise unknown_name(f"split of dataset {name}", split, splits)
        self._rows = splits[split]
        self._check(_columns(self._rows, name))

    def _check(self, columns: list[str]) -> None:
        heads = {name.partition(".")[0] for name in THINKING_FIELDS} | {"content"}
        if self._fields.thinking is None and not heads & set(columns):
            raise UserError(
                f"Dataset {self._name} has none of the columns {', '.join(THINKING_FIELDS)}; name "
                f"the one with the thinking by --column: {', '.join(columns)}."
            )
        chosen = (self._fields.thinking, self._fields.question, self._fields.reference)
        for column in chosen:
            inside = column is not None and column.partition(".")[0] in columns
            if column is not None and column not in columns and not inside:
                raise unknown_name(f"column of dataset {self._name}", column, columns)

    def read(self, tally: Tally) -> Iterator[SourceTrace]:
        """Read the traces.

        Args:
            tally: Kept up to date while reading.

        Yields:
            The traces, in the order of the rows.

        Raises:
            UserError: A row cannot be read.
        """
        for number, row in enumerate(_guarded(self._rows, self._name), start=1):
            where = f"{self._name}, row {number}"
            traces = traces_of_row(row, where, str(number), self._fields)
            tally.count(traces, where, row, self._fields)
            yield from traces


def _splits(name: str, subset: str | None) -> dict[str, Any]:
    """Load a dataset lazily: its splits by name."""
    import datasets

    path = Path(name)
    datasets.utils.logging.set_verbosity_error()
    datasets.disable_progress_bars()
    try:
        if (path / "dataset_dict.json").exists() or (path / "state.json").exists():
            loaded = datasets.load_from_disk(name)
        elif path.is_file():
            if path.suffix not in _FORMATS:
                raise unknown_name("kind of dataset file", path.suffix, _FORMATS)
            loaded = datasets.load_dataset(_FORMATS[path.suffix], data_files=name, streaming=True)
        else:
            loaded = datasets.load_dataset(name, subset, streaming=True)
    except UserError:
        raise
    except Exception as error:  # the library raises dozens of kinds, from four packages
        raise UserError(
            f"Dataset {name} cannot be loaded ({_first_line(error)}); give a folder with data "
            "files, or a name on the Hub and a network."
        ) from error
    return dict(loaded) if isinstance(loaded, dict) else {str(loaded.split or "train"): loaded}


def _columns(rows: Any, name: str) -> list[str]:
    """Names of the columns; a streamed table without a schema shows them in its first row."""
    if rows.column_names is not None:
        return list(rows.column_names)
    return list(next(_guarded(rows, name), {}))


def _guarded(rows: Any, name: str) -> Iterator[dict[str, Any]]:
    try:
        yield from rows
    except Exception as error:  # as above: parsers, file systems and the network all speak here
        raise UserError(f"Dataset {name} cannot be read ({_first_line(error)}).") from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__
