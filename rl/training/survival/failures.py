"""What the system did to a run, in one sentence: a full disk, a lost process, numbers gone wild.

Each says which checkpoint is whole and how to resume from it.
"""

from __future__ import annotations

import errno
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rl.training.run_folder import RunFolder, whole_checkpoints
from tagger.errors import UserError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_WORDS = ("No space left on device", "Disk quota exceeded")
"""safetensors' own error type names the system's in its words alone."""

_WRITER_WORDS = ("PytorchStreamWriter failed", "file write failed", "unexpected pos")
"""torch says of a disk that refuses no more than that."""

_LOST_WORDS = (
    "gloo", "NCCL", "Connection closed by peer", "Connection reset by peer", "Broken pipe",
)  # fmt: skip
_LITTLE = 16_000_000
"""Free bytes at which a writer that failed is taken to have met the end of the disk."""


@contextmanager
def explained(run: RunFolder, processes: int, main: bool) -> Iterator[None]:
    """Turn a failure of disk or processes within a block into a sentence.

    A checkpoint left half written for want of room is deleted, so that the room it took is free.

    Args:
        run: The run.
        processes: How many train together.
        main: Whether this is the one that writes.

    Raises:
        UserError: The disk is full, or another process is gone.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:  # a launcher may stop us because of it
        if _disk_full(error, run.root):
            if main:
                run.drop_broken_checkpoints()
            raise UserError(
                f"The disk of {run.root} is full; {last_whole(run.checkpoints)}. Free some room, "
                f"then: {_resume(run)}"
            ) from error
        if processes > 1 and _process_lost(error):
            raise UserError(
                f"Another process of the run in {run.root} has ended or cannot be reached, so this "
                f"one stops, too; {last_whole(run.checkpoints)}. See what the other one said, then "
                f"start all {processes} again with: {_resume(run)}"
            ) from error
        raise


def last_whole(checkpoints: Path) -> str:
    """What there is to resume from, as a part of a sentence."""
    whole = whole_checkpoints(checkpoints)
    if not whole:
        return "no checkpoint had been written"
    return f"the last checkpoint, {whole[max(whole)]}, is whole"


def diverged(step: int, what: str, checkpoints: Path) -> UserError:
    """The error for a run whose numbers are not finite any more.

    Args:
        step: The step, from 1.
        what: What is not finite.
        checkpoints: Folder of the run's checkpoints.
    """
    kept = last_whole(checkpoints)
    kept += " and was written before" if kept.startswith("the") else ""
    return UserError(
        f"Training diverged at step {step}: {what}; {kept}. Begin a new run with a lower "
        "grpo.learning_rate or grpo.max_grad_norm."
    )


def _resume(run: RunFolder) -> str:
    return shlex.join(["suffice", "train", "--resume", str(run.root)])


def _disk_full(error: BaseException, root: Path) -> bool:
    """Whether a disk without room is behind an error."""
    for one in _causes(error):
        if isinstance(one, OSError) and one.errno in _FULL:
            return True
        if any(words in str(one) for words in _FULL_WORDS):
            return True
        if any(words in str(one) for words in _WRITER_WORDS):
            return shutil.disk_usage(root).free < _LITTLE
    return False


def _process_lost(error: BaseException) -> bool:
    """Whether the loss of another process is behind an error."""
    import torch

    kinds = (ConnectionError, torch.distributed.DistError)
    return any(
        isinstance(one, kinds)
        or (isinstance(one, RuntimeError) and any(words in str(one) for words in _LOST_WORDS))
        for one in _causes(error)
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
