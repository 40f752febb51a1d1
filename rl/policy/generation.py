"""Sampling settings that a model's own ``generation_config.json`` names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rl.policy.config import PolicyConfig
from rl.policy.source import resolve_policy
from tagger.config.numbers import finite_number
from tagger.errors import UserError

NEUTRAL: dict[str, float] = {"temperature": 1.0, "top_p": 1.0, "top_k": 0}
"""What holds where a model names nothing: its plain distribution."""

_FILE = "generation_config.json"
_WITHOUT_EFFECT: dict[str, Any] = {
    "repetition_penalty": 1.0,
    "min_p": 0,
    "typical_p": 1.0,
    "no_repeat_ngram_size": 0,
}
"""Further settings of a generation config that the engines lack, with the values that do nothing.
"""


def named_sampling(config: PolicyConfig) -> dict[str, Any]:
    """What the generation config of a policy's model says, unset keys left out.

    Returns:
        Its keys and values; none if the model has no generation config.

    Raises:
        UserError: It cannot be read.
    """
    from transformers import GenerationConfig

    model = resolve_policy(config).model
    options = {} if config.revision is None else {"revision": config.revision}
    try:
        found = GenerationConfig.from_pretrained(model, **options)
    except (OSError, ValueError, TypeError) as error:
        if isinstance(error, OSError) and not (Path(model) / _FILE).is_file():
            return {}
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise UserError(
            f"The generation config of {config.model} cannot be read ({reason}); mend it."
        ) from error
    return {key: value for key, value in found.to_dict().items() if value is not None}


def sampling_defaults(named: Mapping[str, Any], model: str) -> dict[str, tuple[float, str]]:
    """Temperature, top_p and top_k of a model, each with where it comes from.

    Only what the generation config names counts, as vLLM has it: values that ``generate`` of
    transformers fills in itself (top_k 50) do not.

    Args:
        named: As `named_sampling`.
        model: What to call the model.

    Returns:
        Value and source, by key.

    Raises:
        UserError: A value is out of its range, or no number.
    """
    source = f"generation_config of {model}"
    if not isinstance(named.get("do_sample", True), bool):
        raise UserError(
            f"The {source} names do_sample {named['do_sample']!r}, which is neither true nor "
            "false; set the config key temperature."
        )
    found: dict[str, tuple[float, str]] = {}
    for key, neutral in NEUTRAL.items():
        value = named.get(key)
        if key == "temperature" and named.get("do_sample") is False:
            found[key] = (0.0, f"{source} (do_sample: false)")
        elif value is None:
            found[key] = (neutral, f"not named by the {source}: the model's plain distribution")
        else:
            found[key] = (_checked(key, value, source), source)
    return found


def without_effect(named: Mapping[str, Any]) -> dict[str, Any]:
    """What a generation config names beyond temperature, top_p and top_k and no engine applies.

    The values are as the file has them, numbers or not.
    """
    return {
        key: named[key]
        for key, nothing in _WITHOUT_EFFECT.items()
        if named.get(key) is not None and named[key] != nothing
    }


def _checked(key: str, value: Any, source: str) -> float:
    number = finite_number(value)
    allowed = {
        "temperature": number and value >= 0,
        "top_p": number and 0 < value <= 1,
        "top_k": isinstance(value, int) and number and value >= 0,
    }
    if not allowed[key]:
        raise UserError(
            f"The {source} names {key} {value!r}, which is out of its range; set the config key "
            f"{key}."
        )
    return int(value) if key == "top_k" else float(value)
