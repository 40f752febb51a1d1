"""Where a run reports its metrics to: checked, and set up, before anything expensive."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tagger.errors import UserError, unknown_name

_MODULES = {
    "wandb": ("wandb",),
    "tensorboard": ("tensorboard", "tensorboardX"),
    "trackio": ("trackio",),
    "mlflow": ("mlflow",),
    "azure_ml": ("azureml",),
    "clearml": ("clearml",),
    "codecarbon": ("codecarbon",),
    "comet_ml": ("comet_ml",),
    "dagshub": ("dagshub",),
    "dvclive": ("dvclive",),
    "flyte": ("flytekit",),
    "neptune": ("neptune",),
    "swanlab": ("swanlab",),
}
"""The integrations of transformers' Trainer, and the modules of which each needs one."""


def prepare_reporters(report_to: str | Sequence[str], run: Path) -> list[str]:
    """Check the reporters of a run; without a login, have wandb log offline.

    Args:
        report_to: ``none``, a name or a list of names.
        run: The run folder; wandb keeps its files there, unless ``WANDB_DIR`` says otherwise.

    Returns:
        What the user should know, in sentences.

    Raises:
        UserError: A name is unknown or its package is missing, or wandb refuses its settings.
    """
    names = [report_to] if isinstance(report_to, str) else list(report_to)
    if names == ["none"]:
        return []
    for name in names:
        if name not in _MODULES:
            raise unknown_name("reporter in report_to", str(name), ["none", *_MODULES])
        if not any(find_spec(module) for module in _MODULES[name]):
            raise UserError(
                f"report_to is {name!r}, but the package {_MODULES[name][0]!r} is not installed; "
                f"pip install {_MODULES[name][0].replace('_', '-')}, or set report_to=none."
            )
    return _prepare_wandb(run) if "wandb" in names else []


def _prepare_wandb(run: Path) -> list[str]:
    """Log offline unless there is a login or the user has chosen a mode. No network is used."""
    os.environ.setdefault("WANDB_DIR", str(run))
    mode = os.environ.get("WANDB_MODE")
    if mode in ("offline", "dryrun", "disabled"):
        return []
    if _logged_in():
        return []
    if mode is not None:
        raise UserError(
            f"WANDB_MODE is {mode!r}, but there is no login to wandb; run `wandb login`, or unset "
            "WANDB_MODE to log offline."
        )
    os.environ["WANDB_MODE"] = "offline"
    folder = Path(os.environ["WANDB_DIR"]) / "wandb"
    return [
        f"No login to wandb found: logging offline to {folder}; upload later with "
        f"`wandb sync {folder}/offline-run-*`."
    ]


def _logged_in() -> bool:
    """Whether wandb finds credentials in the environment, its settings or the netrc file.

    Raises:
        UserError: What it finds is malformed.
    """
    import wandb

    try:
        found = bool(wandb.login(prompt=False, verify=False))
    except (wandb.Error, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"wandb refuses its settings ({reason}); run `wandb login`, or set WANDB_MODE=offline."
        ) from error
    finally:
        wandb.teardown()  # it reads its environment once only, and we still change it
    return found
