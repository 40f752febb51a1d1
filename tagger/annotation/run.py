"""A whole run: checks first, then asking, then the label file, made from the raw log alone."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.annotation.asking import Asking
from tagger.annotation.client import Endpoint, plain_url
from tagger.annotation.cost import Estimate, Ledger, estimate
from tagger.annotation.plan import Job
from tagger.annotation.raw_log import RawLog, raw_log_of, read_log, write_labels
from tagger.annotation.results import (
    Attempt,
    Tally,
    attempts_of,
    is_settled,
    label_file,
    ledger_of,
    tally_of,
)
from tagger.errors import UserError


@dataclass(frozen=True)
class Standing:
    """Where a job stands before a run.

    Attributes:
        estimate: Of what is still to be asked.
        ledger: What earlier runs spent.
        answers: Answers of earlier runs that this job can use.
        unused: Answers of the raw log that belong to no request of this job.
        over_budget: The limit that the estimate passes, in words; None if it passes none.
    """

    estimate: Estimate
    ledger: Ledger
    answers: int
    unused: int
    over_budget: str | None


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        tally: Steps by what became of them.
        ledger: What all runs on the raw log spent.
        stopped: Why it ended early, as a sentence without its full stop; empty if it did not.
        interrupted: Whether the user ended it.
    """

    tally: Tally
    ledger: Ledger
    stopped: str
    interrupted: bool


def check_output(output: Path, resume: bool) -> None:
    """Check that a run may write.

    Args:
        output: The label file to be.
        resume: Whether to go on from its raw log.

    Raises:
        UserError: The folder is missing, something is there already that is not to be overwritten
            or there is nothing to resume.
    """
    log = raw_log_of(output)
    if not output.parent.is_dir():
        raise UserError(f"The folder {output.parent} of --output is missing; make it first.")
    if not resume:
        for file in (output, log):
            if file.exists():
                raise UserError(
                    f"{file} already exists and is never overwritten; add --resume to go on from "
                    "it, or name another --output."
                )
        return
    if not log.exists():
        raise UserError(f"There is no raw log {log} to resume from; leave --resume out.")
    if output.exists():
        written = [row.get("sha256") for row in read_log(log) if row.get("kind") == "written"]
        if hashlib.sha256(output.read_bytes()).hexdigest() not in written:
            raise UserError(
                f"{output} was changed since annotate wrote it; move it away, and --resume will "
                "write it anew."
            )


def standing_of(job: Job, output: Path, resume: bool) -> Standing:
    """Say what is settled and what the rest will take.

    Raises:
        UserError: The raw log was made with another model, guide or window.
    """
    rows = read_log(raw_log_of(output)) if resume else []
    _check_identity(rows, job, raw_log_of(output))
    attempts = attempts_of(rows, job)
    ledger = ledger_of(rows, job)
    tries = job.settings.answer_tries
    tasks = [t for t in job.tasks if not is_settled(attempts[t.key], tries)]
    sizes = [(t.prompt_tokens, len(t.window.asked)) for t in tasks]
    rest = estimate(sizes, job.settings, ledger.factor)
    used = sum(len(found) for found in attempts.values())
    answers = sum(1 for row in rows if row.get("kind") == "answer")
    if answers and not used:
        raise UserError(
            f"None of the {answers} answers in {raw_log_of(output)} belongs to these traces; "
            "give the traces it was made from, or name another --output."
        )
    over = None
    if tasks:
        prompt_tokens = sum(tokens for tokens, _ in sizes)
        over = ledger.over(prompt_tokens, rest.answer_tokens, len(tasks))
    return Standing(rest, ledger, used, answers - used, over)


def annotate(
    job: Job,
    output: Path,
    make_endpoint: Callable[[], Endpoint],
    told: Callable[[int, int], None] = lambda done, total: None,
    say: Callable[[str], None] = lambda line: None,
) -> Outcome:
    """Ask what is open, then write the label file from the raw log.

    Call `check_output` and `standing_of` first. Ctrl-C once stops the asking and waits for the
    answers under way, twice drops them; the label file is written either way.

    Args:
        job: What to ask.
        output: The label file.
        make_endpoint: Called inside the event loop.
        told: Called with (requests settled, requests in all).
        say: Called with a line for the user at an interruption.

    Raises:
        UserError: A file cannot be written.
    """
    path = raw_log_of(output)
    with RawLog(path) as log:
        rows = read_log(path)
        attempts, ledger = attempts_of(rows, job), ledger_of(rows, job)
        url = plain_url(job.settings.base_url)
        log.append({"kind": "run", "identity": job.identity, "base_url": url})
        stopped, interrupted = asyncio.run(
            _ask(job, attempts, ledger, log, make_endpoint, told, say)
        )
        # From the disk, not from memory: a resumed run and this one write the same labels.
        attempts = attempts_of(read_log(path), job)
        content = label_file(job, attempts)
        if content:
            # Noted before it is there: no kill can leave a file that --resume does not know.
            log.append({"kind": "written", "sha256": hashlib.sha256(content).hexdigest()})
            write_labels(output, content)
    return Outcome(tally_of(job, attempts), ledger, stopped, interrupted)


async def _ask(
    job: Job,
    attempts: dict[str, list[Attempt]],
    ledger: Ledger,
    log: RawLog,
    make_endpoint: Callable[[], Endpoint],
    told: Callable[[int, int], None],
    say: Callable[[str], None],
) -> tuple[str, bool]:
    tries = job.settings.answer_tries
    if all(is_settled(found, tries) for found in attempts.values()):
        return "", False
    asking = Asking(job, attempts, ledger, log, make_endpoint(), told)

    def interrupted() -> None:
        if not asking.interrupted:
            say(f"Waiting for {ledger.under_way} answers under way; Ctrl-C again drops them.")
        asking.interrupt()

    with _on_signals(interrupted):
        await asking.run()
    return asking.stopped, asking.interrupted


@contextlib.contextmanager
def _on_signals(handler: Callable[[], None]) -> Iterator[None]:
    """Call a handler at Ctrl-C and at a polite kill, where the event loop can."""
    loop = asyncio.get_running_loop()
    signals = () if sys.platform == "win32" else (signal.SIGINT, signal.SIGTERM)
    # Outside the main thread there are no signals to handle.
    with contextlib.suppress(RuntimeError, ValueError):
        for number in signals:
            loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in signals:
            with contextlib.suppress(RuntimeError, ValueError):
                loop.remove_signal_handler(number)


def _check_identity(rows: list[dict[str, Any]], job: Job, log: Path) -> None:
    first = next((row for row in rows if row.get("kind") == "run"), None)
    before = first.get("identity") if first else None
    if not isinstance(before, dict):
        return
    for name, value in job.identity.items():
        if before.get(name) != value:
            was, now = json.dumps(before.get(name)), json.dumps(value)
            raise UserError(
                f"{log} was made with {name}={was}, not {now}; give the same, or name another "
                "--output."
            )
