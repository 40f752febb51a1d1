"""Labels of other taxonomies, for auxiliary heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tagger.errors import UserError
from tagger.taxonomies.files import load_taxonomy
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace, read_labelled


@dataclass(frozen=True)
class ExtraLabels:
    """Traces labelled in another taxonomy.

    Attributes:
        taxonomy: Their types.
        traces: The traces.
        name: For messages and stored metadata: file and taxonomy, no folders.
    """

    taxonomy: Taxonomy
    traces: Sequence[LabelledTrace]
    name: str


def read_extra(word: str) -> ExtraLabels:
    """Read ``FILE:TAXONOMY``; errors as `split_extra` and `read_labelled`."""
    file, taxonomy = split_extra(word)
    traces = [t for t in read_labelled(file, taxonomy) if t.labels]
    return ExtraLabels(taxonomy, traces, f"{file.name}:{taxonomy.name}")


def split_extra(word: str) -> tuple[Path, Taxonomy]:
    """Take ``FILE:TAXONOMY`` apart.

    Args:
        word: A labelled file, a colon, and the name or YAML file of its taxonomy.

    Raises:
        UserError: No colon, or an unknown taxonomy.
    """
    file, colon, name = word.rpartition(":")
    if not colon or not file or not name:
        raise UserError(
            f"Extra labels {word!r} name no taxonomy; write FILE:TAXONOMY, for example "
            "labels.jsonl:venhoff."
        )
    return Path(file), load_taxonomy(name)
