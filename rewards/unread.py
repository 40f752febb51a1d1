"""Parameters that only some choices of a term, or of the controller of a weight, read."""

from __future__ import annotations

import dataclasses
from typing import Any

from tagger.errors import UserError


def refuse_unread(settings: Any, choice: str, *keys: str) -> None:
    """Refuse parameters that were set though the choices made leave them unread.

    Args:
        settings: The parameters; they name their ``OWNER``.
        choice: What leaves them unread, as a key and its value, e.g. ``mode: exact``.
        keys: The parameters.

    Raises:
        UserError: One differs from its default.
    """
    defaults = {field.name: field.default for field in dataclasses.fields(settings)}
    for key in keys:
        if getattr(settings, key) != defaults[key]:
            raise UserError(
                f"{key} of {settings.OWNER} has no effect with {choice}; leave it out, or change "
                "that."
            )
