"""trackio: config, a table of completions, one of them in colour.

Its dashboard groups curves by what their names begin with, so it needs no panels of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rl.training.tracking.base import Record
from rl.training.tracking.completions import as_html, as_markdown, table


class TrackioTracker:
    """Adds to the run that transformers' callback has begun and ends.

    Args:
        package: Gives the package, which transformers imports when it makes its callback.
    """

    def __init__(self, package: Callable[[], Any]) -> None:
        self._package = package

    @property
    def _trackio(self) -> Any:
        return self._package()

    def begin(self, provenance: Mapping[str, Any]) -> None:
        """Put it under ``suffice`` in the config of the run."""
        self._trackio.config.update({"suffice": dict(provenance)}, allow_val_change=True)

    def metrics(self, step: int, logs: Mapping[str, float]) -> None:
        """All are there already."""

    def completions(self, step: int, records: Sequence[Record]) -> None:
        """Log a table, the thinking as Markdown, and the first completion as HTML."""
        import pandas as pd

        head, rows = table(records, [as_markdown(record) for record in records])
        self._trackio.log(
            {
                "rollouts": self._trackio.Table(dataframe=pd.DataFrame(rows, columns=head)),
                "completion": self._trackio.Html(as_html(records[0])),
            },
            step=step,
        )

    def end(self, metrics: Path) -> None:
        """Nothing is left to say; transformers' callback has ended the run."""
