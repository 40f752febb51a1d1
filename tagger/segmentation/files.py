"""Segmenters by name or by file, as configs name them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tagger.errors import UserError
from tagger.segmentation.registry import SEGMENTERS, get_segmenter
from tagger.steps import Segmenter

_SUFFIXES = (".yaml", ".yml", ".json")


def load_segmenter(name_or_path: str | Path) -> Segmenter:
    """Build the segmenter that a config names.

    Args:
        name_or_path: A name in `SEGMENTERS`, for its defaults; or a YAML or JSON file with the
            key ``segmenter`` (its name) and the settings beside it. The key ``about`` may hold
            anything; ``suffice tagger calibrate-segmenter`` writes such files.

    Returns:
        The segmenter.

    Raises:
        UserError: Unknown name or setting, a bad value, or a file that is missing or malformed.
    """
    path = Path(name_or_path)
    if path.suffix.lower() not in _SUFFIXES:
        return get_segmenter(str(name_or_path))
    content = _read(path)
    settings = {str(key): value for key, value in content.items() if key != "about"}
    name = settings.pop("segmenter", None)
    if not isinstance(name, str):
        raise UserError(
            f'{path}: the key "segmenter" must name one of {", ".join(sorted(SEGMENTERS))}.'
        )
    try:
        return get_segmenter(name, **settings)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _read(path: Path) -> dict[Any, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"Cannot read the segmenter file {path}: {reason}.") from error
    except yaml.YAMLError as error:
        raise UserError(f"The segmenter file {path} is neither YAML nor JSON.") from error
    if not isinstance(content, dict):
        raise UserError(
            f'{path} must hold keys and values such as "segmenter: confidence" and "tau: 0.3".'
        )
    return content
