"""Tagger folders: reading, writing, fingerprints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from tagger.errors import UserError, unknown_name
from tagger.files import new_folder
from tagger.scoring import Scoring
from tagger.segmentation import get_segmenter
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import StepType, Taxonomy

CONFIG_FILE = "tagger.json"
WEIGHTS_FILE = "weights.safetensors"
CARD_FILE = "README.md"
_FORMAT = 1
_BIAS_KEY = "handicaps"  # of format 1: what is subtracted from a type's logit, by tag
_MOVED_KEY = "probability_bias"

B = TypeVar("B")


class Stored(Protocol):
    """What of a back end is stored."""

    name: str

    @property
    def settings(self) -> dict[str, Any]:
        """JSON-able settings."""
        ...

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Weights by name."""
        ...


@dataclass(frozen=True)
class TaggerParts(Generic[B]):
    """What a tagger folder holds; `fingerprint` is what the folder claims, not verified yet."""

    taxonomy: Taxonomy
    segmenter: Segmenter
    backend: B
    temperature: float
    fingerprint: str
    about: dict[str, Any]
    logit_bias: dict[str, float]
    probability_bias: dict[str, float]


def fingerprint_of(
    taxonomy: Taxonomy,
    segmenter: Segmenter,
    backend: Stored,
    scoring: Scoring,
) -> str:
    """SHA-256, as hex, over everything that can change a label or a probability."""
    digest = hashlib.sha256()
    described = _describe(taxonomy, segmenter, backend, scoring)
    digest.update(json.dumps(described, sort_keys=True, ensure_ascii=False).encode())
    for name, array in sorted(backend.arrays.items()):
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(f"{name}:{array.dtype.name}:{array.shape}:".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()


def _describe(
    taxonomy: Taxonomy,
    segmenter: Segmenter,
    backend: Stored,
    scoring: Scoring,
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "format": _FORMAT,
        "taxonomy": {"name": taxonomy.name, "types": [asdict(t) for t in taxonomy.types]},
        "segmenter": {"name": segmenter.name, "settings": segmenter.settings},
        "backend": {"name": backend.name, "settings": backend.settings},
        "temperature": scoring.temperature,
    }
    if scoring.logit_bias:
        described[_BIAS_KEY] = _negated(scoring.logit_bias)
    if scoring.probability_bias:
        described[_MOVED_KEY] = scoring.probability_bias
    return described


def _negated(bias: Mapping[str, float]) -> dict[str, float]:
    """Values with the other sign, zeros as they are: exact, so fingerprints are stable."""
    return {tag: -value if value else value for tag, value in bias.items()}


def _biases(config: Mapping[str, Any], key: str) -> dict[str, float]:
    return {str(tag): float(value) for tag, value in config.get(key, {}).items()}


def write_folder(
    target: Path,
    taxonomy: Taxonomy,
    segmenter: Segmenter,
    backend: Stored,
    scoring: Scoring,
    about: Mapping[str, Any],
    fingerprint: str,
    card: str,
    write_more: Callable[[Path], None] = lambda draft: None,
) -> None:
    """Write a tagger folder under a temporary name and rename it.

    `write_more` writes into the draft what else belongs there.

    Raises:
        UserError: The folder exists.
    """
    from safetensors.numpy import save_file

    config = _describe(taxonomy, segmenter, backend, scoring)
    config |= {"fingerprint": fingerprint, "about": dict(about)}
    with new_folder(target) as draft:
        save_file(dict(backend.arrays), str(draft / WEIGHTS_FILE))
        (draft / WEIGHTS_FILE).chmod(0o644)
        text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
        (draft / CONFIG_FILE).write_text(text, encoding="utf-8")
        write_more(draft)
        if card:
            (draft / CARD_FILE).write_text(card, encoding="utf-8")


def read_folder(
    folder: Path,
    backends: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, NDArray[Any]]], B]],
) -> TaggerParts[B]:
    """Read a tagger folder.

    Args:
        folder: Where it is.
        backends: Loaders by the name of the back end.

    Returns:
        Its parts.

    Raises:
        UserError: A file is missing or malformed, or names what this release does not know.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if not folder.is_dir():
        raise UserError(
            f"No tagger in {folder}: there is no such folder; name one that "
            "'suffice tagger train' wrote."
        )
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (folder / name).is_file():
            raise UserError(
                f"No tagger in {folder}: {name} is missing; name a folder that "
                "'suffice tagger train' wrote."
            )
    config = _read_config(folder / CONFIG_FILE)
    try:
        arrays = load_file(str(folder / WEIGHTS_FILE))
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{folder / WEIGHTS_FILE} is no safetensors file ({error}); fetch or train it again."
        ) from error
    try:
        kinds = config["taxonomy"]
        taxonomy = Taxonomy(kinds["name"], tuple(StepType(**t) for t in kinds["types"]))
        segmenter = get_segmenter(config["segmenter"]["name"], **config["segmenter"]["settings"])
        backend_name, settings = config["backend"]["name"], config["backend"]["settings"]
        if backend_name not in backends:
            raise unknown_name("tagger back end", backend_name, backends)
        return TaggerParts(
            taxonomy,
            segmenter,
            backends[backend_name](settings, arrays),
            float(config["temperature"]),
            str(config["fingerprint"]),
            dict(config.get("about", {})),
            _negated(_biases(config, _BIAS_KEY)),
            _biases(config, _MOVED_KEY),
        )
    except UserError as error:
        raise UserError(f"{folder / CONFIG_FILE}: {error}") from error
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise UserError(
            f"{folder / CONFIG_FILE} is malformed ({type(error).__name__}: {error}); "
            "fetch or train the tagger again."
        ) from error


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(
            f"{path} is not valid JSON ({error}); fetch or train the tagger again."
        ) from error
    if not isinstance(config, dict) or config.get("format") != _FORMAT:
        raise UserError(f"{path} is no tagger of format {_FORMAT}; train it with this release.")
    return config
