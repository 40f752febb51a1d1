"""Labelled files, read whole and checked before anything is tagged or trained."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.data import LabelledTrace, read_labelled
from tagger.errors import UserError
from tagger.taxonomy import Taxonomy


@dataclass(frozen=True)
class LabelledFile:
    """A file that was read.

    Attributes:
        name: Its name without the folder.
        sha256: Of its bytes, as hex.
        taxonomy: Name of the taxonomy its labels are of.
        traces: Its traces with a label.
    """

    name: str
    sha256: str
    taxonomy: str
    traces: tuple[LabelledTrace, ...]

    def as_dict(self) -> dict[str, Any]:
        """What a report names: file, hash, taxonomy, size."""
        steps = sum(len(t.labels) for t in self.traces)
        return {
            "file": self.name,
            "sha256": self.sha256,
            "taxonomy": self.taxonomy,
            "traces": len(self.traces),
            "labelled_steps": steps,
        }


def read_labelled_files(paths: Sequence[Path], taxonomy: Taxonomy) -> list[LabelledFile]:
    """Read files whose labels are of one taxonomy.

    Args:
        paths: JSONL files as `tagger.data.read_labelled` takes them.
        taxonomy: Of the labels.

    Returns:
        The files, in order.

    Raises:
        UserError: A malformed file, one without labelled steps, or the same content twice.
    """
    files: list[LabelledFile] = []
    seen: dict[str, Path] = {}
    for path in paths:
        traces = tuple(t for t in read_labelled(path, taxonomy) if t.labels)
        if not traces:
            raise UserError(f'{path}: no step carries a label; fill "labels" of its rows.')
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest in seen:
            raise UserError(f"{path} holds the same as {seen[digest]}; name each file once.")
        seen[digest] = path
        files.append(LabelledFile(path.name, digest, taxonomy.name, traces))
    return files
