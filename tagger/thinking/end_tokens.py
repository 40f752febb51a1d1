"""Which token ids end a completion: the one place that collects them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

CHAT_END_TOKENS = (
    "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|eot|>", "<end_of_turn>", "<|end_of_turn|>",
    "<turn|>", "<|return|>", "<|endofturn|>", "<|END_OF_TURN_TOKEN|>", "<|assistant_end|>",
    "[|endofturn|]",
)  # fmt: skip
"""Tokens that end a turn in the chat formats of the common model families. Not here: tokens that
also end a part within a turn, such as ``<|end|>`` between the channels of gpt-oss."""


def end_token_ids(tokenizer: Any, model: Any = None) -> frozenset[int]:
    """Collect every id that ends a completion.

    A model often has two: the end of the turn, which chat models write, and the end of the text;
    tokenizer, generation config and model config may each name another one.

    Args:
        tokenizer: Its end token counts, and the chat end tokens that it has as one token and its
            chat template writes.
        model: Those of its generation config and its config count too; None for none.

    Returns:
        The ids; empty if nothing names one.
    """
    found: set[int] = set()
    generation, config = (getattr(model, n, None) for n in ("generation_config", "config"))
    for holder in (tokenizer, generation, config, getattr(config, "text_config", None)):
        ids = getattr(holder, "eos_token_id", None)
        if isinstance(ids, int):
            found.add(ids)
        elif ids is not None:
            found.update(int(i) for i in ids)
    template = str(getattr(tokenizer, "chat_template", None) or "")
    for token in CHAT_END_TOKENS:
        if token in template:
            number = tokenizer.convert_tokens_to_ids(token)
            if isinstance(number, int) and number != getattr(tokenizer, "unk_token_id", None):
                found.add(number)
    return frozenset(found)


def cut_at_end(ids: Sequence[int], end_ids: Collection[int]) -> tuple[Sequence[int], bool]:
    """Cut a completion before the first id that ends it.

    Args:
        ids: Token ids of a completion.
        end_ids: As `end_token_ids` collects them.

    Returns:
        The ids before the end, and whether there is one.
    """
    if isinstance(ids, list | tuple):
        places = [ids.index(number) for number in end_ids if number in ids]
    else:  # an array, whose numbers are compared as Python's
        places = [i for i, number in enumerate(ids) if int(number) in end_ids]
    return (ids[: min(places)], True) if places else (ids, False)
