"""The engines a policy can run on, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rl.sampling.decoding import SamplingSettings
    from rl.sampling.engine import Engine
    from tagger.thinking.split import ThinkingDelimiters

EngineName = Literal["kit", "transformers", "vllm"]
"""``kit``: the kit's own sampler; ``transformers``: ``generate`` of transformers; ``vllm``, which
loads its models itself (`rl.sampling.vllm_policy`)."""

TAKE_DRAFTS: tuple[EngineName, ...] = ("kit",)
"""Those that take drafts (`rl.sampling.drafts`); the others refuse them."""


def build_engine(
    name: Literal["kit", "transformers"],
    model: Any,
    tokenizer: Any,
    delimiters: ThinkingDelimiters,
    settings: SamplingSettings,
    max_batch_tokens: int | None = None,
) -> Engine:
    """Bind a loaded policy to an engine.

    Args:
        name: Which engine.
        model: Causal language model of transformers, possibly wrapped by peft.
        tokenizer: Its tokenizer, with an end token.
        delimiters: Its thinking delimiters.
        settings: How tokens are drawn.
        max_batch_tokens: Most tokens of a batch's key-value cache; None takes what fits.

    Raises:
        ValueError: Neither the model nor the tokenizer names an end token.
    """
    if name == "transformers":
        from rl.sampling.transformers_engine import TransformersEngine

        return TransformersEngine(model, tokenizer, delimiters, settings, max_batch_tokens)
    from rl.sampling.sampler import Sampler

    return Sampler(model, tokenizer, delimiters, settings, max_batch_tokens)
