"""How long a completion may be: what the model's context leaves after the longest prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rl.policy.config import PolicyConfig
from rl.policy.prompts import Prompting
from rl.policy.source import PACKAGED, resolve_policy
from tagger.errors import UserError

DERIVED = 4096
"""Tokens of a completion where a config names no length and the context has room for them."""

_KEY = "max_completion_length"


def fitting_length(
    wanted: object, context: int | None, prompt: int, model: str, question: str = ""
) -> int | None:
    """Most tokens of a completion.

    Args:
        wanted: The config key ``grpo.max_completion_length``; None if left out.
        context: Positions of the model; None if its config does not say.
        prompt: Tokens of the longest prompt.
        model: What to call the model.
        question: What the longest prompt asks, for the refusal.

    Returns:
        `DERIVED`, or what the context leaves if that is less; None if `wanted` says.

    Raises:
        UserError: Prompt and completion do not fit into the context.
    """
    asked = wanted if isinstance(wanted, int) else None
    left = tokens_left(asked, context, prompt, model, f"grpo.{_KEY}", question)
    if wanted is not None:
        return None
    return DERIVED if left is None else min(DERIVED, left)


def tokens_left(
    wanted: int | None,
    context: int | None,
    prompt: int,
    model: str,
    key: str,
    question: str = "",
) -> int | None:
    """What the context leaves for a completion.

    Args:
        wanted: Most tokens of a completion; None if that is left out.
        context: Positions of the model; None if its config does not say.
        prompt: Tokens of the longest prompt.
        model: What to call the model.
        key: The config key of `wanted`.
        question: What the longest prompt asks, for the refusal.

    Returns:
        The tokens after the longest prompt; None if unknown.

    Raises:
        UserError: Prompt and completion do not fit into the context.
    """
    left = None if context is None else context - prompt
    if left is not None and left < (wanted or 1):
        asked = f" and {key} is {wanted}" if wanted is not None else ""
        lower = f"lower {key}, or " if left > 0 else ""
        raise UserError(
            f"The model {model} reads {context} tokens, the longest prompt{_named(question)} has "
            f"{prompt}{asked}; {lower}leave long problems out."
        )
    return left


def _named(question: str, most: int = 60) -> str:
    """The beginning of a question, by which its problem can be found."""
    flat = " ".join(question.split())
    shown = flat if len(flat) <= most else f"{flat[: most - 1]}…"
    return f" ({shown!r})" if shown else ""


def completion_length(config: PolicyConfig, tokenizer: Any, questions: Sequence[str]) -> int | None:
    """The length to fill in for a run that names none; TRL's own suits no reasoning model.

    Args:
        config: The run's config, a `PolicyConfig` with the key ``grpo``.
        tokenizer: The policy's.
        questions: The run's problems.

    Returns:
        As `fitting_length`; None for the overthinker, which needs no more than TRL's 512.

    Raises:
        UserError: As `fitting_length`.
    """
    wanted = getattr(config, "grpo", {}).get(_KEY)
    if config.model in PACKAGED and wanted is None:
        return None
    lengths = prompt_lengths(config, tokenizer, questions)
    longest, question = max(zip(lengths, questions, strict=True))
    return fitting_length(wanted, context_length(config), longest, config.model, question)


def check_batch_tokens(
    bound: int | None, prompt: int, new_tokens: int, keys: Sequence[str]
) -> None:
    """Refuse a bound on a batch that a single row may exceed.

    Args:
        bound: Most tokens of a batch; None sets none.
        prompt: Tokens of the longest prompt.
        new_tokens: Most tokens of a completion.
        keys: The config keys of bound and length.

    Raises:
        UserError: It is smaller than the longest prompt with the longest completion.
    """
    needed = prompt + new_tokens
    if bound is not None and bound < needed:
        raise UserError(
            f"{keys[0]} is {bound}, less than one row: its longest prompt and {keys[1]}"
            f" ({new_tokens}) are {needed} tokens; raise it, or lower {keys[1]}."
        )


def longest_prompt(config: PolicyConfig, tokenizer: Any, questions: Sequence[str]) -> int:
    """Tokens of the longest prompt of a policy.

    Args:
        config: The policy's settings.
        tokenizer: Its tokenizer.
        questions: What is asked, at least one question.
    """
    return max(prompt_lengths(config, tokenizer, questions))


def prompt_lengths(config: PolicyConfig, tokenizer: Any, questions: Sequence[str]) -> list[int]:
    """Tokens of the prompt of each question, as `longest_prompt`."""
    prompts = Prompting.of(config).render_all(tokenizer, questions)
    # verbose=False: what does not fit is refused in our own words.
    encoded = tokenizer(prompts, add_special_tokens=False, verbose=False)
    return [len(ids) for ids in encoded["input_ids"]]


def context_length(config: PolicyConfig) -> int | None:
    """Positions that the model's config names; None if it names none."""
    from transformers import AutoConfig

    options = {} if config.revision is None else {"revision": config.revision}
    try:
        found = AutoConfig.from_pretrained(
            resolve_policy(config).model, trust_remote_code=config.trust_remote_code, **options
        )
    except (OSError, ValueError, ImportError):
        return None  # reported when the model is loaded
    positions = getattr(found.get_text_config(), "max_position_embeddings", None)
    return positions if isinstance(positions, int) else None
