"""Messages of a chat: who speaks, what is said, and what is thought.

Content is a text or a list of parts; the thinking stands in a field of its own
(``reasoning_content``, ``reasoning``, ``thinking``) or in parts of the content, as the interfaces
of OpenAI, vLLM, Anthropic, Mistral and OpenRouter have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

THINKING_KEYS = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
"""Fields of a message that hold its thinking; the first that is filled is taken."""

SPEAKERS = frozenset(["assistant", "gpt", "model", "chatgpt", "bot"])
ASKERS = frozenset(["user", "human"])
INSTRUCTORS = frozenset(["system", "developer"])

_THINKING_PARTS = ("thinking", "reasoning", "thought")
_TEXT_KEYS = ("text", "content", "value", "summary", "thinking", "reasoning")
_BETWEEN = "\n\n"


def role_of(message: Mapping[str, Any]) -> str:
    """Who speaks, in lower case; empty if the message does not say."""
    return str(message.get("role") or message.get("from") or "").lower()


def said(message: Mapping[str, Any]) -> str:
    """What a message says, without its thinking; the texts of its parts are joined."""
    content = message.get("content")
    if content is None:
        content = message.get("value")
    return _joined(content, thinking=False)


def thought(message: Mapping[str, Any]) -> str:
    """The thinking of a message, where it stands apart from what is said; else empty."""
    for key in THINKING_KEYS:
        if text := _joined(message.get(key), thinking=None):
            return text
    content = message.get("content")
    return "" if isinstance(content, str) else _joined(content, thinking=True)


def thinks(message: Mapping[str, Any]) -> bool:
    """Whether a message is thinking as a whole: its role, channel (harmony) or type says so."""
    return (
        message.get("channel") == "analysis"
        or message.get("type") == "reasoning"
        or role_of(message) in _THINKING_PARTS
    )


def other_parts(message: Mapping[str, Any]) -> list[str]:
    """Kinds of the parts that are no text: images, sound, calls of tools."""
    content = message.get("content")
    parts = content if isinstance(content, list | tuple) else []
    return [
        str(part.get("type"))
        for part in parts
        if isinstance(part, Mapping) and not _is_thinking(part) and not _text(part)
    ]


def _is_thinking(part: Mapping[str, Any]) -> bool:
    kind = str(part.get("type") or "").lower()
    return part.get("thought") is True or any(name in kind for name in _THINKING_PARTS)


def _joined(content: Any, thinking: bool | None) -> str:
    """Texts of some content: of its thinking, of all else, or (None) of everything."""
    if isinstance(content, str):
        return "" if thinking else content
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, list | tuple):
        return ""
    texts = []
    for part in content:
        if isinstance(part, str):
            texts.append("" if thinking else part)
        elif isinstance(part, Mapping) and thinking in (None, _is_thinking(part)):
            texts.append(_text(part))
    return _BETWEEN.join(text for text in texts if text.strip())


def _text(part: Mapping[str, Any]) -> str:
    """Text of a part, which may be a list of parts itself."""
    values = (_joined(part.get(key), thinking=None) for key in _TEXT_KEYS)
    return next((text for text in values if text), "")
