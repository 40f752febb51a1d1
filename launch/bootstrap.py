"""What a process of Suffice sets up before any library is loaded: its environment, its signals.

The one place for it: scripts, commands and the processes they start take it from here.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from types import FrameType

from tagger.errors import Interrupted

ENVIRONMENT = {
    "TOKENIZERS_PARALLELISM": "false",
    # TRL, the hub library and vLLM report usage unless disabled.
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "VLLM_NO_USAGE_STATS": "1",
    # So do W&B, of its own errors, and what trackio's dashboard is built with.
    "WANDB_ERROR_REPORTING": "false",
    "GRADIO_ANALYTICS_ENABLED": "False",
}
"""Defaults of every command; what the user has set stays."""

ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "RAYON")
} | {"VECLIB_MAXIMUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
"""Environment of a process that is measured on one thread, whatever the user has set."""


SMALL_BYTES = 20_000_000
"""Weights of a model that gains nothing from a second thread; those of the overthinker are 3 MB."""


def one_thread() -> None:
    """Compute on one OpenMP thread, unless the user has set a number.

    Idle threads spin: two of them next to any other job make a training step of a small model 3-10
    times slower. To be called before torch is imported.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def one_thread_if_small(*models: object) -> None:
    """`one_thread` if all models are small, such as the overthinker and what is trained from it.

    Args:
        models: As the key ``model`` names them, None for none; Hub names count as large.

    Raises:
        UserError: A folder that does not exist or holds no model.
    """
    from rl.policy.load import resolve_model, weight_bytes

    sizes = [weight_bytes(resolve_model(model)) for model in models if isinstance(model, str)]
    if sizes and all(0 < size <= SMALL_BYTES for size in sizes):
        one_thread()


def one_thread_if_small_tagger(tagger: str | None) -> None:
    """`one_thread` if a tagger is small, as the packaged ones are.

    To be called before numpy is imported.

    Args:
        tagger: Its folder, or the name of a packaged tagger; None for the default one.
    """
    folder = Path(tagger or "").expanduser()
    named = tagger is not None and folder.is_dir()
    if not named or sum(f.stat().st_size for f in folder.glob("*.safetensors")) <= SMALL_BYTES:
        one_thread()


def set_environment() -> None:
    """Set the defaults, before any library starts its threads."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)


def stay_offline() -> None:
    """Ask no model hub: everything the command needs is packaged."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")


def stop_on_sigterm() -> None:
    """Turn SIGTERM into an exception, so that it ends a command as Ctrl-C does.

    Without it the process would die at once: no file closed, no worker ended, no word on how to
    resume. Only the main thread of a process may set handlers; elsewhere nothing changes.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise Interrupted(number=number)
