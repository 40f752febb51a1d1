"""Segmenters stored in small YAML or JSON files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tagger.config.yaml import yaml_loader
from tagger.errors import UserError

_SUFFIXES = (".yaml", ".yml", ".json")


def is_segmenter_file(name: str) -> bool:
    """Whether a config that says `name` means a file."""
    return name.lower().endswith(_SUFFIXES)


def read_segmenter_file(name: str) -> tuple[str, dict[str, Any]]:
    """Read a file with the key ``segmenter`` (a name) and settings next to it.

    Args:
        name: Path of the file. Its key ``about`` may hold anything;
            ``suffice tagger calibrate-segmenter`` writes such files.

    Returns:
        Name and settings of the segmenter, not yet checked.

    Raises:
        UserError: The file is missing, malformed or names no segmenter.
    """
    import yaml

    try:
        content = yaml.load(Path(name).read_text(encoding="utf-8"), Loader=yaml_loader())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"Cannot read the segmenter file {name}: {reason}.") from error
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "no valid YAML"
        raise UserError(
            f"The segmenter file {name} is neither YAML nor JSON: {problem}."
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("segmenter"), str):
        raise UserError(
            f'{name} must hold a "segmenter" and its settings, such as "segmenter: confidence" '
            'and "tau: 0.3".'
        )
    settings = {str(k): v for k, v in content.items() if k not in ("segmenter", "about")}
    return content["segmenter"], settings
