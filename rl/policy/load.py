"""The policy: a model folder resolved, its delimiters checked, then its weights loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl.policy.allocator import keep_freed_memory
from tagger.errors import UserError, unknown_name
from tagger.thinking.end_tokens import end_token_ids
from tagger.thinking.split import ThinkingDelimiters, delimiters_from_tokenizer

OVERTHINKER = "overthinker"


@dataclass(frozen=True)
class Policy:
    """A loaded policy.

    Attributes:
        model: Causal language model of transformers.
        tokenizer: Its tokenizer, padding on the left.
        delimiters: The thinking delimiters.
        path: What it was loaded from: a folder or a Hub name.
    """

    model: Any
    tokenizer: Any
    delimiters: ThinkingDelimiters
    path: str


def resolve_model(name: str) -> str:
    """Folder of a model.

    Args:
        name: Folder, Hub name, or ``overthinker`` (the packaged model).

    Returns:
        A folder, or the Hub name unchanged.

    Raises:
        UserError: A folder that does not exist or holds no model.
    """
    if name == OVERTHINKER:
        folder = Path(__file__).resolve().parent.parent / "overthinker" / "model"
        if not (folder / "config.json").is_file():
            raise UserError(
                "The packaged overthinker model is missing; make one with "
                "'suffice overthinker build' and name its folder."
            )
        return str(folder)
    path = Path(name).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise UserError(f"The model folder {name} holds no config.json; name a model folder.")
        return str(path)
    looks_like_path = name.startswith((".", "/", "~")) or name.count("/") != 1
    if looks_like_path or path.is_file():
        raise UserError(
            f"The model {name!r} is neither a folder, nor a Hub name (owner/name), nor "
            f"{OVERTHINKER!r}."
        )
    return name


def load_tokenizer(
    name: str, delimiters: ThinkingDelimiters | None = None
) -> tuple[Any, ThinkingDelimiters]:
    """Load a tokenizer and its thinking delimiters, before any weights are loaded.

    Args:
        name: As for `resolve_model`.
        delimiters: From the config; the tokenizer's own if None.

    Returns:
        The tokenizer (padding on the left, with a pad token) and the delimiters.

    Raises:
        UserError: It cannot be loaded, has no chat template, no end token or no delimiters.
    """
    from transformers import AutoTokenizer

    path = resolve_model(name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise UserError(f"Cannot load the tokenizer of {name!r}: {reason}.") from error
    if tokenizer.chat_template is None:
        raise UserError(f"The tokenizer of {name!r} has no chat template; use a chat model.")
    if tokenizer.eos_token_id is None:
        raise UserError(f"The tokenizer of {name!r} has no end token; set its eos_token.")
    tokenizer.padding_side = "left"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer, delimiters or delimiters_from_tokenizer(tokenizer)


def check_template_options(
    tokenizer: Any, options: Mapping[str, Any], name: str, key: str = "chat_template_kwargs"
) -> None:
    """Refuse options of the chat template that it does not know; Jinja would ignore them.

    Args:
        tokenizer: A tokenizer with a chat template.
        options: What is passed to the template.
        name: What to call the model.
        key: The config key that holds the options.

    Raises:
        UserError: The template never names one of them.
    """
    for option in options:
        if option not in str(tokenizer.chat_template):
            raise UserError(
                f"{key}.{option} is unknown to the chat template of {name!r}, which would ignore "
                "it; leave it out."
            )


def load_policy(
    name: str,
    delimiters: ThinkingDelimiters | None = None,
    device: str | None = None,
    dtype: str = "float32",
) -> Policy:
    """Load a policy for training or sampling.

    Args:
        name: As for `resolve_model`.
        delimiters: From the config; the tokenizer's own if None.
        device: Where to put the weights; a GPU if there is one, if None.
        dtype: Data type of the weights.

    Returns:
        The policy, in evaluation mode.

    Raises:
        UserError: As `load_tokenizer`, or the weights cannot be loaded.
    """
    tokenizer, delimiters = load_tokenizer(name, delimiters)
    import torch
    from transformers import AutoModelForCausalLM

    path = resolve_model(name)
    try:
        model = AutoModelForCausalLM.from_pretrained(path, dtype=getattr(torch, dtype))
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise UserError(f"Cannot load the model {name!r}: {reason}.") from error
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cpu":
        keep_freed_memory()
    # Whoever generates with this model, or with what is trained from it, stops at the same tokens.
    model.generation_config.eos_token_id = _listed(end_token_ids(tokenizer, model))
    return Policy(model.to(device).eval(), tokenizer, delimiters, path)


def _listed(ids: frozenset[int]) -> int | list[int]:
    """End tokens as a generation config holds them."""
    return min(ids) if len(ids) == 1 else sorted(ids)


def render_prompt(tokenizer: Any, question: str) -> str:
    """The prompt as the policy sees it, with a generation prompt at its end."""
    messages = [{"role": "user", "content": question}]
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))


def weight_bytes(path: str) -> int:
    """Size of a model folder's weight files; 0 for a Hub name."""
    folder = Path(path)
    if not folder.is_dir():
        return 0
    return sum(f.stat().st_size for p in ("*.safetensors", "*.bin") for f in folder.glob(p))


def lora_config(settings: Mapping[str, Any]) -> Any:
    """Build peft's `LoraConfig` for a causal language model.

    Args:
        settings: Its fields; ``target_modules`` defaults to all linear layers.

    Raises:
        UserError: An unknown field (the nearest valid one is suggested) or a bad value.
    """
    import dataclasses

    from peft import LoraConfig

    known = [f.name for f in dataclasses.fields(LoraConfig) if f.init]
    for key in settings:
        if key not in known:
            raise unknown_name("config key", f"lora.{key}", [f"lora.{k}" for k in known])
    try:
        return LoraConfig(
            **{"task_type": "CAUSAL_LM", "target_modules": "all-linear", **dict(settings)}
        )
    except (TypeError, ValueError) as error:
        raise UserError(f"In lora: {error}.") from error
