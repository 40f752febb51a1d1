"""Text of others made harmless to a terminal: control characters shown, not sent."""

from __future__ import annotations

import json
import re
from typing import Any

_STEERING = "\x7f-\x9f\u202a-\u202e\u2066-\u2069"
"""Delete, the C1 controls, and the characters that put what follows in another order (bidi)."""
_CONTROL = re.compile(f"[\x00-\x08\x0b-\x1f{_STEERING}]")
_RAW_IN_JSON = re.compile(f"[{_STEERING}\u2028\u2029]")
"""What JSON may hold as it is although a terminal obeys it or a reader takes it for a line end."""


def visible(text: str) -> str:
    """Text with every control character but tab and line feed as a symbol.

    Args:
        text: Of any origin; a carriage return before a line feed is left out.

    Returns:
        Text that can neither move a terminal's cursor nor colour, hide or reorder what is there.
    """
    return _CONTROL.sub(_symbol, text.replace("\r\n", "\n"))


def json_line(value: Any) -> str:
    """One line of JSON, readable, that does as little to a terminal as `visible` text.

    Returns:
        The same value as ``json.dumps`` writes, with what `visible` would replace escaped.
    """
    return _RAW_IN_JSON.sub(_escape, json.dumps(value, ensure_ascii=False))


def _symbol(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
