"""What a policy is: the keys of every command that loads a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from tagger.config.settings import Settings, build_settings
from tagger.errors import UserError
from tagger.thinking.families import ThinkingDelimiters, named_delimiters

QUESTION = "{question}"
"""What a prompt template writes where the question goes."""


@dataclass
class DelimitersConfig(Settings):
    """Thinking delimiters, for tokenizers whose own cannot be detected.

    Attributes:
        open: Opening delimiter; empty for a model that writes none: all is thinking up to `close`.
        close: Closing delimiter; with an empty `open`, what the answer begins with.
    """

    open: str
    close: str


@dataclass
class PolicySettings(Settings):
    """How a policy is loaded and asked, whichever model it is.

    Attributes:
        dtype: Data type of the weights. ``auto``: float32 on a CPU, for models under
            `rl.policy.precision.SMALL_BYTES` and for weights that are trained themselves; bfloat16
            on a GPU that computes with it, else float32.
        attn_implementation: Attention of transformers, e.g. ``sdpa`` or ``flash_attention_2``;
            what transformers chooses if left out.
        quantization: ``nf4`` loads the weights in 4 bits (bitsandbytes, a GPU; training then needs
            LoRA); none if left out.
        system_prompt: System turn before each question; none if left out.
        prompt_template: Text of the user turn, with ``{question}`` where the question goes.
        chat_template_kwargs: Passed to the chat template, e.g. ``{enable_thinking: false}``.
        thinking: False switches thinking off, by the chat template's own switch, else by an empty
            thinking in the prompt.
        delimiters: Thinking delimiters; the tokenizer's own if left out. A model without thinking
            may name any, such as ``<think>`` and ``</think>``.
        trust_remote_code: Run the Python code that a model's repository brings.
    """

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    attn_implementation: str | None = None
    quantization: Literal["nf4"] | None = None
    system_prompt: str | None = None
    prompt_template: str = QUESTION
    chat_template_kwargs: dict[str, Any] = field(default_factory=dict)
    thinking: bool = True
    delimiters: DelimitersConfig | None = None
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if QUESTION not in self.prompt_template:
            raise UserError(
                f"The config key prompt_template names no {QUESTION}; write it where the question "
                "goes."
            )

    @property
    def named_delimiters(self) -> ThinkingDelimiters | None:
        """The delimiters that the keys name; None leaves them to the tokenizer."""
        given = self.delimiters
        return named_delimiters(given.open, given.close) if given else None


@dataclass
class PolicyConfig(PolicySettings):
    """One policy: which model, and how it is loaded and asked.

    Attributes:
        model: Folder, Hub name, or a packaged model, ``overthinker`` or ``overthinker-2``; an
            adapter's folder stands for its base with the adapter.
        revision: Branch, tag or commit of a Hub model.
        adapter: Folder or Hub name of a peft adapter that was trained on `model`.
    """

    model: str = "overthinker"
    revision: str | None = None
    adapter: str | None = None


def policy_config(
    value: str | Mapping[str, Any] | PolicyConfig,
    defaults: PolicySettings | None = None,
    source: str = "",
) -> PolicyConfig:
    """Build a policy's settings.

    Args:
        value: A model by name, or keys of `PolicyConfig`; they win over the defaults.
        defaults: Settings that several policies share.
        source: What to call the keys in errors.

    Raises:
        UserError: Unknown key, or a value of the wrong type.
    """
    if isinstance(value, PolicyConfig):
        return value
    given = {"model": value} if isinstance(value, str) else dict(value)
    if "model" not in given:
        where = f"{source}: " if source else ""
        raise UserError(f"{where}A policy needs the key 'model': a folder or a Hub name.")
    shared: dict[str, Any] = {}
    if defaults is not None:
        shared = {f.name: getattr(defaults, f.name) for f in fields(PolicySettings)}
    return build_settings(PolicyConfig, {**shared, **given}, source)


def own_settings(config: PolicyConfig) -> PolicyConfig:
    """The policy's part of a config that holds more keys, such as a run's."""
    return PolicyConfig(**{f.name: getattr(config, f.name) for f in fields(PolicyConfig)})


def changed_settings(config: PolicyConfig) -> dict[str, Any]:
    """The keys that differ from their defaults, `model` apart, as plain data."""
    plain, default = own_settings(config).to_dict(), PolicyConfig().to_dict()
    return {k: v for k, v in plain.items() if k != "model" and v != default[k]}
