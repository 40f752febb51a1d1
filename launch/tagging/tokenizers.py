"""Tokenizers by name, with the delimiters to use with them; no chat template is needed."""

from __future__ import annotations

from typing import Any

from tagger.errors import UserError
from tagger.thinking.split import KNOWN_DELIMITERS, ThinkingDelimiters, delimiters_from_tokenizer


def load_any_tokenizer(name: str) -> tuple[Any, ThinkingDelimiters]:
    """Load a tokenizer to cut text with.

    Args:
        name: A folder that holds a tokenizer, a Hub name, or ``overthinker``.

    Returns:
        The tokenizer, and its thinking delimiters: the commonest pair where it knows none.

    Raises:
        UserError: It cannot be loaded.
    """
    from pathlib import Path

    from transformers import AutoTokenizer

    from rl.policy.load import PACKAGED, resolve_model

    folder = Path(name).expanduser()
    path = resolve_model(name) if name in PACKAGED or not folder.is_dir() else str(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise UserError(f"Cannot load the tokenizer of {name!r}: {reason}.") from error
    try:
        return tokenizer, delimiters_from_tokenizer(tokenizer)
    except UserError:
        return tokenizer, KNOWN_DELIMITERS[0]
