"""How a training takes its run folder: made or opened by the main process, and kept to the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rl.provenance import commit, first_command, installed_packages, library_versions
from rl.training.config import write_config
from rl.training.plan import Plan, provenance_of
from rl.training.run_folder import checkpoint_state, new_run
from rl.training.run_lock import working_on
from rl.training.survival.failures import explained
from rl.training.survival.log import logged
from rl.training.survival.same_run import MadeOf, check_same_run, made_of, model_digest
from tagger.errors import UserError
from tagger.files import write_atomically, write_json


@dataclass(frozen=True)
class Start:
    """A run as a process starts it.

    Attributes:
        plan: The run, checked.
        checkpoint: What it resumes from, if anything.
        resumed: Whether its folder was there before.
        notes: To be shown once.
        command: The command line, if it was started by one.
    """

    plan: Plan
    checkpoint: Path | None
    resumed: bool
    notes: Sequence[str] = ()
    command: str | None = None


@contextmanager
def started(start: Start) -> Iterator[MadeOf | None]:
    """Keep the run folder for this run, with its log, and explain what the system does to it.

    Called on every process alike.

    Yields:
        What the run is made of, for its checkpoints; None on other processes than the main one.

    Raises:
        UserError: Another training has the folder, the run is not the one that was stopped, the
            disk is full, or another process is gone.
    """
    from accelerate import PartialState

    processes, run = PartialState(), start.plan.run
    main, count, rank = (
        processes.is_main_process, processes.num_processes, processes.process_index,
    )  # fmt: skip
    origin: list[MadeOf] = []
    with ExitStack() as stack:
        _on_main(lambda: origin.append(_take_folder(start, count, stack)))
        stack.enter_context(explained(run, count, main))
        first = f"{_what(start)}, process {rank} of {count} (number {os.getpid()})"
        stack.enter_context(logged(run.log(rank), first))
        yield origin[0] if origin else None


def _take_folder(start: Start, processes: int, stack: ExitStack) -> MadeOf:
    """Make the folder or open it, and write down what the run is made of."""
    plan, run, checkpoint = start.plan, start.plan.run, start.checkpoint
    if not start.resumed:
        try:
            run.root.mkdir(parents=True)
        except FileExistsError:
            new_run(str(run.root))  # refuses it
        except OSError as error:
            raise UserError(f"{run.root} cannot be made: {error.strerror}.") from error
        write_config(plan.config, run.config)
    stack.enter_context(working_on(run))
    if run.last_checkpoint() != checkpoint or run.result.exists():
        raise UserError(
            f"The run in {run.root} has gone further since this process read it; start it again."
        )
    command = first_command(run.root, start.command)
    digest = model_digest(plan)
    origin = made_of(plan, processes, digest)
    notes = list(start.notes)
    if checkpoint is not None:
        saved = checkpoint_state(checkpoint).get("made_of", {})
        notes += filter(None, [check_same_run(saved, origin, checkpoint)])
    for note in notes:
        print(f"[suffice] {note}", file=sys.stderr, flush=True)
    run.drop_broken_checkpoints()
    if not run.packages.is_file():  # a kill may have come between config and provenance
        write_json(run.provenance, provenance_of(plan, digest, command))
        write_atomically(run.packages, "".join(f"{line}\n" for line in installed_packages()))
    return origin


def _on_main(work: Callable[[], None]) -> None:
    """Do something on the main process; all others wait, and end if it refuses.

    Raises:
        UserError: What `work` raised, on the main process.
        SystemExit: With its exit code, on the others: one sentence is enough.
    """
    from accelerate import PartialState
    from accelerate.utils import broadcast_object_list

    processes = PartialState()
    refused: list[UserError | None] = [None]
    if processes.is_main_process:
        try:
            work()
        except UserError as error:
            refused = [error]
    code = [refused[0].exit_code if refused[0] else 0]
    if processes.num_processes > 1:
        broadcast_object_list(code, from_process=0)
    if refused[0] is not None:
        raise refused[0]
    if code[0]:
        raise SystemExit(code[0])


def _what(start: Start) -> str:
    """The first line of a log."""
    versions = library_versions()
    named = ", ".join(
        f"{name} {versions[name]}" for name in ("suffice", "torch") if name in versions
    )
    how = f"resumed from {start.checkpoint.name}" if start.checkpoint else "begun"
    return f"suffice train: {how}; {named}, commit {commit()}"
