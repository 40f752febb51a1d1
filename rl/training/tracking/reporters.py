"""Where a run reports its metrics to: checked, and set up, before anything expensive."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from rl.training.config import names_of
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
    names = names_of(report_to)
    _forget()
    check_reporters(report_to)
    if "tensorboard" in names:
        _set("TENSORBOARD_LOGGING_DIR", str(run / "tensorboard"))
    return _prepare_wandb(run) if "wandb" in names else []


def check_reporters(report_to: str | Sequence[str]) -> None:
    """Refuse reporters that are unknown or not installed.

    Args:
        report_to: ``none``, a name or a list of names.

    Raises:
        UserError: A name is unknown or its package is missing.
    """
    names = names_of(report_to)
    for name in [] if names == ["none"] else names:
        if name not in _MODULES:
            raise unknown_name("reporter in report_to", str(name), ["none", *_MODULES])
        if not any(find_spec(module) for module in _MODULES[name]):
            raise UserError(
                f"report_to is {name!r}, but the package {_MODULES[name][0]!r} is not installed; "
                f"pip install {_MODULES[name][0].replace('_', '-')}, or set report_to=none."
            )


_OURS: dict[str, str] = {}
"""Environment variables that were set here: another run of this process gets its own."""


def _set(name: str, value: str) -> None:
    """Set an environment variable, unless the user has."""
    if name not in os.environ:
        os.environ[name] = _OURS[name] = value


def _forget() -> None:
    """Take back what was set for an earlier run of this process."""
    for name, value in _OURS.items():
        if os.environ.get(name) == value:
            del os.environ[name]
    _OURS.clear()


def _prepare_wandb(run: Path) -> list[str]:
    """Log offline unless there is a login or the user has chosen a mode. No network is used.

    Raises:
        UserError: No login although the user's mode needs one, or wandb is told to upload models
            its own way.
    """
    if os.environ.get("WANDB_LOG_MODEL", "false").lower() not in ("false", ""):
        raise UserError(
            "WANDB_LOG_MODEL is set, by which transformers uploads a model with a pickle of its "
            "settings; unset it, and set report_artifacts=true for policy and tagger."
        )
    _set("WANDB_DIR", str(run))
    _set("WANDB_PROJECT", "suffice")
    _continue(run)
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
    _set("WANDB_MODE", "offline")
    folder = Path(os.environ["WANDB_DIR"]) / "wandb"
    return [
        f"No login to wandb found: logging offline to {folder}; upload later with "
        f"`wandb sync {folder}/offline-run-*`."
    ]


def _continue(run: Path) -> None:
    """Have a resumed run report to the run at W&B that it began, as its folder there is named."""
    begun = sorted((run / "wandb").glob("*run-*-*"))
    if begun and os.environ["WANDB_DIR"] == str(run):
        _set("WANDB_RUN_ID", begun[0].name.rpartition("-")[2])
        _set("WANDB_RESUME", "allow")


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
