"""Checks that the rules' parameters share."""

from __future__ import annotations

from tagger.errors import UserError


def whole_number(rule: str, parameter: str, value: object) -> None:
    """Check a parameter that counts something.

    Raises:
        UserError: It is not a whole number of at least 1.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(
            f"{parameter} of stopping rule {rule!r} is {value!r}; "
            "it must be a whole number of at least 1."
        )
