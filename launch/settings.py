"""Settings of a command: its config file, the overrides, the options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tagger.config.overrides import build_with_words
from tagger.config.sections import check_sections
from tagger.config.settings import Settings, apply_overrides, build_settings, read_yaml
from tagger.errors import UserError

T = TypeVar("T", bound=Settings)


def settings_of(
    kind: type[T], config: Path | None, overrides: Sequence[str] = (), **options: Any
) -> T:
    """Build settings; options win over overrides, these over the file.

    Args:
        kind: The settings class; its defaults fill what nobody set.
        config: YAML file, or None.
        overrides: ``KEY=VALUE`` words.
        options: Values of command line options; None means "not given".

    Raises:
        UserError: As `tagger.config.settings.read_yaml`, `apply_overrides` and `build_settings`.
    """
    content = read_yaml(config) if config else {}
    given = {key: value for key, value in options.items() if value is not None}
    return build_with_words(
        lambda words, source: build_settings(
            kind, {**apply_overrides(content, words), **given}, source
        ),
        overrides,
        str(config or "settings"),
    )


def section(content: Mapping[str, Any], name: str, source: str = "config") -> dict[str, Any]:
    """The part of a config that a command reads: its section if there is one, else everything.

    ``configs/quickstart.yaml`` holds the sections ``train`` and ``compare``; a file for one
    command alone needs none.

    Args:
        content: What the file holds.
        name: Of the section.
        source: What to call the file in errors.

    Raises:
        UserError: The section is not a mapping, or there are keys next to the sections.
    """
    if name in content:
        check_sections(content, source)
    part = content.get(name, content)
    if not isinstance(part, Mapping):
        raise UserError(f"Config section {name!r} must hold keys and values.")
    return dict(part)
