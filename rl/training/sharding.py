"""Weights in parts: DeepSpeed's ZeRO stage 3 leaves each process with a share of every parameter.

transformers (5.17) then loads every model in parts, as long as its global DeepSpeed setting stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tagger.errors import UserError

_GATHER = "stage3_gather_16bit_weights_on_model_save"


def uses_deepspeed(grpo: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Whether a run trains with DeepSpeed.

    Args:
        grpo: The config's section; its ``deepspeed`` holds the settings.
        environment: Environment variables, by which ``accelerate launch`` may ask for it, too.
    """
    return bool(grpo.get("deepspeed")) or _asked(environment, "ACCELERATE_USE_DEEPSPEED")


def read_deepspeed(value: Any) -> dict[str, Any]:
    """DeepSpeed's settings, from their file or as they are.

    Args:
        value: ``grpo.deepspeed``: the name of a JSON file, or a mapping.

    Raises:
        UserError: The file cannot be read, or neither holds a mapping.
    """
    settings = value
    if isinstance(value, str):
        try:
            settings = json.loads(Path(value).read_text(encoding="utf-8"))
        except OSError as error:
            raise UserError(
                f"Cannot read grpo.deepspeed, {value!r}: {error.strerror}; name a JSON file with "
                "DeepSpeed's settings, e.g. configs/deepspeed/zero3.json."
            ) from error
        except ValueError as error:
            raise UserError(f"grpo.deepspeed, {value!r}, is no JSON: {error}.") from error
    if not isinstance(settings, dict) or not isinstance(
        settings.get("zero_optimization", {}), dict
    ):
        raise UserError(
            "grpo.deepspeed must be a JSON file or a mapping of DeepSpeed's settings, e.g. "
            "{zero_optimization: {stage: 3}}."
        )
    return settings


def check_deepspeed(
    grpo: Mapping[str, Any], environment: Mapping[str, str], trains_adapter: bool
) -> None:
    """Refuse a run with DeepSpeed that could not start, or not save its policy.

    Args:
        grpo: The config's section, with the settings read by `read_deepspeed`.
        environment: Environment variables; a launcher sets ``LOCAL_RANK``.
        trains_adapter: Whether only an adapter is trained. Its weights are always gathered.

    Raises:
        UserError: DeepSpeed is not installed, no launcher started the process, or the weights
            would be saved in parts.
    """
    if not uses_deepspeed(grpo, environment):
        return
    if find_spec("deepspeed") is None:
        raise UserError("DeepSpeed is not installed; pip install 'suffice[deepspeed]'.")
    if "LOCAL_RANK" not in environment:
        raise UserError(
            "DeepSpeed needs a launcher; start training by 'torchrun --nproc-per-node N --no-python"
            " suffice train …', one process a GPU."
        )
    if trains_adapter:
        return
    if grpo.get("deepspeed"):
        zero = grpo["deepspeed"].get("zero_optimization", {})
        in_parts = str(zero.get("stage")) == "3" and zero.get(_GATHER) is not True
        remedy = f"grpo.deepspeed.zero_optimization.{_GATHER} to true"
    else:
        in_parts = environment.get("ACCELERATE_DEEPSPEED_ZERO_STAGE") == "3" and not _asked(
            environment, "ACCELERATE_DEEPSPEED_ZERO3_SAVE_16BIT_MODEL"
        )
        remedy = "zero3_save_16bit_model to true in accelerate's config"
    if in_parts:
        raise UserError(
            f"ZeRO stage 3 would save the policy in parts, which no one can load; set {remedy}."
        )


def weights_in_parts(arguments: Any, environment: Mapping[str, str]) -> bool:
    """Whether DeepSpeed or FSDP may split the weights among the processes.

    Args:
        arguments: A `GRPOConfig`.
        environment: Environment variables.
    """
    fsdp = bool(arguments.fsdp) or _asked(environment, "ACCELERATE_USE_FSDP")
    return arguments.deepspeed_plugin is not None or fsdp


def join_deepspeed(arguments: Any) -> None:
    """Hand DeepSpeed the process group, by which loading in parts counts the processes.

    accelerate (1.15) does so on a GPU only. To be called on every process, before loading.

    Args:
        arguments: A `GRPOConfig`; without DeepSpeed nothing happens.

    Raises:
        UserError: A setting of DeepSpeed is unknown, wrong, or not what the run's own keys say.
    """
    if arguments.deepspeed_plugin is None:
        return
    import deepspeed

    deepspeed.init_distributed(auto_mpi_discovery=False)
    config = _filled_in(arguments)
    if getattr(config, "mismatches", None):
        raise UserError(
            f"grpo.deepspeed differs from the run's own keys: {config.mismatches[0].strip(' -')}; "
            "set it to 'auto' there."
        )
    try:
        deepspeed.DeepSpeedConfig(config.config)
    except (ValueError, TypeError, KeyError, AssertionError) as error:
        raise UserError(f"In grpo.deepspeed: {_sentence(error)}.") from error


def _filled_in(arguments: Any) -> Any:
    """DeepSpeed's settings with the run's own values in the place of ``auto``.

    transformers (5.17) fills those of ``accelerate launch`` in only once there is a trainer.
    """
    plugin = arguments.deepspeed_plugin
    if getattr(arguments, "hf_deepspeed_config", None) is not None:
        return plugin.hf_ds_config
    from transformers.integrations.deepspeed import HfTrainerDeepSpeedConfig

    filled = HfTrainerDeepSpeedConfig(deepcopy(plugin.hf_ds_config.config))
    filled.trainer_config_process(arguments)
    plugin.set_deepspeed_weakref()  # the settings made here had taken its place
    return filled


@contextmanager
def whole_weights() -> Iterator[None]:
    """Load models whole, on this process alone, even in a run under ZeRO stage 3."""
    from transformers.integrations import deepspeed as integration

    standing = integration._hf_deepspeed_config_weak_ref
    integration.unset_hf_deepspeed_config()
    try:
        yield
    finally:
        integration._hf_deepspeed_config_weak_ref = standing


def local_part(parameter: Any) -> Any:
    """What this process holds of a parameter: all of it, or its share under ZeRO stage 3."""
    return getattr(parameter, "ds_tensor", parameter)


def _sentence(error: Exception) -> str:
    """What pydantic or DeepSpeed found wrong first."""
    found = error.errors() if hasattr(error, "errors") else None
    if found:
        return f"{'.'.join(str(part) for part in found[0]['loc'])}: {found[0]['msg']}"
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _asked(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").lower() in ("1", "true", "yes")
