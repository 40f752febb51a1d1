"""The run's log: what each process prints, with the time, in ``logs/process-<number>.log``."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

LIBRARIES = ("transformers", "trl", "accelerate", "datasets", "peft")
"""Their handlers keep the standard error they began with, so each gets one of its own."""


class Log:
    """A file of whole lines, each with the time; a disk that refuses them stops no run."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        self._begun = ""

    def write(self, text: str) -> None:
        """Take printed text; what moves a terminal's cursor is left out."""
        if "\x1b" in text:
            return
        *lines, self._begun = (self._begun + text).split("\n")
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        with suppress(OSError):
            self._file.writelines(f"{now} {line}\n" for line in lines if line)
            self._file.flush()

    def end_line(self) -> None:
        """Write the last line, though it has no end."""
        if self._begun:
            self.write("\n")

    def close(self) -> None:
        """Write all there is."""
        self.end_line()
        with suppress(OSError):
            self._file.close()


class Both:
    """A stream whose text goes into a log as well; in all else it is the stream."""

    def __init__(self, stream: TextIO, log: Log) -> None:
        self._stream, self._log = stream, log

    def write(self, text: str) -> int:
        """Write to the stream, then into the log."""
        written = self._stream.write(text)
        self._log.write(text)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def logged(path: Path, first: str) -> Iterator[None]:
    """Have all that is printed within a block go into a log as well, and what ends it.

    Args:
        path: The log; what is there stays.
        first: Its first line for this start.
    """
    log = Log(path)
    log.write(f"{first}\n")
    before, handler = (sys.stdout, sys.stderr), logging.StreamHandler(log)
    sys.stdout, sys.stderr = Both(sys.stdout, log), Both(sys.stderr, log)
    for name in LIBRARIES:
        logging.getLogger(name).addHandler(handler)
    try:
        yield
    except BaseException as error:
        log.end_line()
        log.write("".join(traceback.format_exception(error)))
        raise
    finally:
        for name in LIBRARIES:
            logging.getLogger(name).removeHandler(handler)
        sys.stdout, sys.stderr = before
        log.close()
