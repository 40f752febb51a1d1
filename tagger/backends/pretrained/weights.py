"""Loading the weights of a pre-trained model. Only imported by what has decided to load torch."""

from __future__ import annotations

from typing import Any

import torch

from tagger.backends.pretrained.folder import reason_of
from tagger.errors import UserError


def load_weights(kind: str, folder: str, config: Any) -> tuple[Any, list[str]]:
    """Load a model of transformers in float32; the caller's random numbers stay as they are.

    Args:
        kind: What the model is called in errors, e.g. ``"encoder"``.
        folder: What `save_pretrained` wrote.
        config: A config of transformers.

    Returns:
        The model, and the names of its weights that the folder does not hold, sorted; these are
        drawn, the same ones every time.

    Raises:
        UserError: The weights cannot be read or do not fit the config.
    """
    from safetensors import SafetensorError
    from transformers import AutoModel
    from transformers.utils import logging as hub_logging

    bar, loud = hub_logging.is_progress_bar_enabled(), hub_logging.get_verbosity()
    hub_logging.disable_progress_bar()
    hub_logging.set_verbosity_error()  # it would list the layers left out
    try:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)  # torch.manual_seed would seed GPUs as well
            model, found = AutoModel.from_pretrained(
                folder, config=config, dtype=torch.float32, use_safetensors=True,
                output_loading_info=True,
            )  # fmt: skip
    except SafetensorError as error:
        raise UserError(
            f"The weights of the {kind} in {folder} cannot be read ({error}): a file is "
            "cut off or only points to the weights; fetch them again, after a git clone with "
            "git lfs pull."
        ) from error
    except Exception as error:  # on a damaged folder transformers raises anything
        raise UserError(
            f"The {kind} in {folder} cannot be loaded ({reason_of(error)}); fetch it again, or "
            "save it again with save_pretrained."
        ) from error
    finally:
        hub_logging.set_verbosity(loud)
        if bar:
            hub_logging.enable_progress_bar()
    return model, sorted(found["missing_keys"])


def refuse_missing(kind: str, folder: str, missing: list[str]) -> None:
    """Refuse a model without some of its weights.

    Raises:
        UserError: `missing` names one.
    """
    if missing:
        raise UserError(
            f"The {kind} in {folder} has no weights for {missing[0]}; save it again with "
            "save_pretrained."
        )
