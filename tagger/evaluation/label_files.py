"""Labelled files, read whole and checked before anything is tagged or trained."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.errors import UserError
from tagger.steps import Segmenter, needs_scores
from tagger.taxonomies.files import TypeMap, load_type_map
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy
from tagger.traces.labelled import LabelledTrace, read_labelled
from tagger.traces.opener import piped

_CUT_FURTHER = 1 / 3
"""Share of labelled steps that a segmenter would cut further, above which they are not its own: of
paragraphs the sentence segmenter cuts half, of sentences that others labelled a seventh."""


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
        return {
            "file": self.name,
            "sha256": self.sha256,
            "taxonomy": self.taxonomy,
            "traces": len(self.traces),
            "labelled_steps": labelled_steps(self.traces),
        }


def labelled_steps(traces: Sequence[LabelledTrace]) -> int:
    """How many steps carry a label."""
    return sum(len(t.labels) for t in traces)


def doubt_of_steps(segmenter: Segmenter, traces: Iterable[LabelledTrace]) -> str:
    """A sentence where labelled steps are hardly those of a segmenter: it would cut many further.

    Args:
        segmenter: What is said to have cut them.
        traces: Whose steps are looked at.

    Returns:
        Empty where they may be its own, and for a segmenter that text alone does not tell.
    """
    if needs_scores(segmenter):
        return ""
    steps = [step for trace in traces for step in trace.steps]
    cut = sum(len(segmenter.split(step)) > 1 for step in steps)
    if cut <= _CUT_FURTHER * len(steps):
        return ""
    return (
        f"segmenter {segmenter.name!r} would cut {cut / len(steps):.0%} of these steps further, so "
        "they are hardly its own; name what cut them."
    )


def read_labelled_files(paths: Sequence[Path], taxonomy: Taxonomy) -> list[LabelledFile]:
    """Read files whose labels are of one taxonomy; errors as `read_with_taxonomies`."""
    return _read([(path, taxonomy) for path in paths])


def read_with_taxonomies(words: Sequence[str]) -> list[tuple[LabelledFile, TypeMap]]:
    """Read files that may each name a taxonomy.

    Args:
        words: ``FILE``, with labels of ReasonType, or ``FILE:TAXONOMY``, a packaged name or a
            YAML file.

    Returns:
        Each file with the mapping of its taxonomy.

    Raises:
        UserError: A malformed file, one without labelled steps, the same content twice, or an
            unknown taxonomy.
    """
    parts = [split_taxonomy(word) for word in words]
    maps = [load_type_map(taxonomy) for _, taxonomy in parts]
    found = _read([(path, m.taxonomy) for (path, _), m in zip(parts, maps, strict=True)])
    return list(zip(found, maps, strict=True))


def split_taxonomy(word: str) -> tuple[Path, str]:
    """Take ``FILE:TAXONOMY`` apart; a colon in the name of a file that exists parts nothing."""
    if ":" in word and not Path(word).exists():
        file, _, taxonomy = word.rpartition(":")
        if file and taxonomy:
            return Path(file), taxonomy
    return Path(word), REASONTYPE.name


def _read(named: Sequence[tuple[Path, Taxonomy]]) -> list[LabelledFile]:
    files: list[LabelledFile] = []
    seen: dict[str, Path] = {}
    for path, taxonomy in named:
        if what := piped(path):
            raise UserError(
                f"Labelled traces must be files, whose hash a report can name; save {what} to one."
            )
        traces = tuple(t for t in read_labelled(path, taxonomy) if t.labels)
        if not traces:
            raise UserError(f'{path}: no step carries a label; fill "labels" of its rows.')
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest in seen:
            raise UserError(f"{path} holds the same as {seen[digest]}; name each file once.")
        seen[digest] = path
        files.append(LabelledFile(path.name, digest, taxonomy.name, traces))
    return files
