"""A Slurm array whose elements work on a sweep, each on one run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tagger.errors import UserError

_OWN = ("array", "job-name", "output")
_TIMES = ("time", "time-min", "begin", "deadline")
"""Options whose values YAML reads as a number unless they are quoted: 2:00:00 as 7200."""


def check_slurm(options: Mapping[str, Any]) -> None:
    """Refuse options that ``sbatch`` would not read as they are meant.

    Raises:
        UserError: A name that is no long option or is set here, or a value of several lines.
    """
    for name, value in options.items():
        if not re.fullmatch(r"[a-z][a-z-]*", str(name)):
            raise UserError(
                f"slurm holds {name!r}; give long options of sbatch without dashes in front, e.g."
                " partition."
            )
        if name in _OWN:
            raise UserError(f"slurm.{name} is set by the sweep; leave it out.")
        if name in _TIMES and not isinstance(value, str):
            raise UserError(
                f"slurm.{name} is {value!r}; YAML reads 2:00:00 as the number 7200, which sbatch"
                f' takes for minutes: write the time in quotes, e.g. {name}: "2:00:00".'
            )
        if '"' in str(value):
            raise UserError(f"slurm.{name} is {value!r}; sbatch reads no quotes within a value.")
        if not isinstance(value, str | int | float) or "\n" in str(value) or value is False:
            raise UserError(
                f"slurm.{name} is {value!r}; give a text or a number of one line, or true for an"
                " option without a value."
            )


def array_script(
    folder: Path, elements: int, workers: int, options: Mapping[str, Any], command: Sequence[str]
) -> str:
    """A script for ``sbatch``.

    Every element takes a run that nobody works on, so elements may start in any order, and those
    that are submitted again do what is left.

    Args:
        folder: Folder of the sweep, on a disk that all nodes share.
        elements: How many elements: one a run.
        workers: Most elements at a time.
        options: Further options of ``sbatch``; true stands for one without a value.
        command: What an element runs.

    Returns:
        The script.

    Raises:
        UserError: As `check_slurm`; a sweep that was begun is not checked again, and these may have
            changed.
    """
    check_slurm(options)
    options = {
        "job-name": "suffice-sweep",
        "array": f"0-{elements - 1}%{workers}",
        "output": str(folder).replace("%", "%%") + "/slurm-%A_%a.log",
        **options,
    }
    lines = ["#!/bin/bash"]
    for name, value in options.items():
        lines.append(f"#SBATCH --{name}" + ("" if value is True else f"={_quoted(str(value))}"))
    return "\n".join([*lines, f"exec {shlex.join(command)}", ""])


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(r"\s", value) else value
