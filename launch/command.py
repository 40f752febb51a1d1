"""What a command of `suffice` is, and the options that commands share."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from tagger.errors import UserError, unknown_name

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
"""Folder of the packaged YAML files: next to the packages, in a clone and in an installed wheel."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of `suffice`; modules of `launch.commands` each hold one as ``COMMAND``.

    Attributes:
        name: One or two words, e.g. ``"tagger train"``.
        summary: One line for the list of commands.
        example: Command line that works as it stands, shown by ``--help``.
        configure: Adds the command's options to its parser. Must not import anything heavy.
        run: Does the work; imports what it needs itself. Raises `UserError` for bad input.
        bare: Whether the first word of the name alone runs it; such a command has no options.
        default: Whether the first word of the name alone stands for the command.
    """

    name: str
    summary: str
    example: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]
    bare: bool = False
    default: bool = False


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one sentence, without the usage block before it."""

    def error(self, message: str) -> NoReturn:
        """Raise argparse's message as the error a user reads.

        Raises:
            UserError: Always.
        """
        raise UserError(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Suggest the nearest command; argparse would only list them all."""
        if isinstance(action, argparse._SubParsersAction) and value not in action.choices:
            raise unknown_name(f"command of {self.prog}", value, action.choices)
        super()._check_value(action, value)

    def options(self) -> list[str]:
        """All long option names, for did-you-mean messages."""
        return [name for name in self._option_string_actions if name.startswith("--")]


def whole_number(noun: str, least: int, most: int | None = None) -> Callable[[str], int]:
    """Reader of an option's value, for ``type`` of argparse.

    Args:
        noun: What the value is, for the refusal: ``port``.
        least: The smallest allowed.
        most: The largest allowed; None sets no bound.

    Returns:
        From the text to the number; raises `argparse.ArgumentTypeError` for any other text.
    """
    limits = f"({least} or more)" if most is None else f"from {least} to {most}"

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
            raise argparse.ArgumentTypeError(f"{text!r} is no {noun} {limits}")
        return int(text)

    return read


def add_config(parser: argparse.ArgumentParser, default: str | None, keys: str) -> None:
    """Add ``--config FILE`` and the ``KEY=VALUE`` overrides of single keys.

    Args:
        parser: Parser of the command.
        default: Name of the packaged config that is used without ``--config``; None if the
            defaults of the settings do.
        keys: Some keys or an example, for ``--help``.
    """
    parser.add_argument(
        "--config",
        type=Path,
        default=CONFIGS / f"{default}.yaml" if default else None,
        metavar="FILE",
        help="YAML file with settings (default: "
        + (f"the packaged configs/{default}.yaml)" if default else "built-in values)"),
    )
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="KEY=VALUE",
        help=f"single settings, which override the file: {keys}",
    )


def take_overrides(args: argparse.Namespace) -> None:
    """Move ``KEY=VALUE`` words behind an option of many values to the overrides.

    So ``--labels FILE epochs=2`` means what it says.

    Raises:
        UserError: Such an option holds nothing else.
    """
    for name, words in list(vars(args).items()):
        if name in ("overrides", "inputs", "delimiters") or not isinstance(words, list):
            continue
        settings = [str(word) for word in words if _is_override(str(word))]
        if settings and len(settings) == len(words):
            option = f"--{name.replace('_', '-')}"
            raise UserError(
                f"{option} {settings[0]} is a setting and no file or name; give one, or leave out "
                f"{option}."
            )
        setattr(args, name, [word for word in words if not _is_override(str(word))])
        args.overrides = [*args.overrides, *settings]


def _is_override(word: str) -> bool:
    """Whether a word is ``KEY=VALUE`` and no file, nor ``FILE:TAXONOMY`` with such a file."""
    key, equals, _ = word.partition("=")
    file, _, _ = word.rpartition(":")
    # Not by Path, which raises where the value is longer than a name may be.
    return bool(equals) and ":" not in key and not any(map(os.path.exists, (word, file)))


def add_seed(
    parser: argparse.ArgumentParser, default: int | None = None, unset: str = "the config's"
) -> None:
    """Add ``--seed N``; the same seed gives the same result.

    Args:
        parser: Parser of the command.
        default: None where the config holds the seed, or where it matters whether one is given.
        unset: What the help calls the seed that holds where the default is None.
    """
    shown = unset if default is None else str(default)
    parser.add_argument(
        "--seed", type=_seed, default=default, metavar="N", help=f"seed (default: {shown})"
    )


def _seed(text: str) -> int:
    """A seed as every library takes it."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {2**32 - 1}")
    return int(text)


def add_output(parser: argparse.ArgumentParser, stem: str) -> None:
    """Add ``--output FOLDER``, by default a new folder ``runs/<stem>-<date>-<time>``."""
    parser.add_argument(
        "--output",
        type=Path,
        default=None,
        metavar="FOLDER",
        help=f"new folder for the results; must not exist (default: runs/{stem}-DATE-TIME)",
    )


def add_push(parser: argparse.ArgumentParser) -> None:
    """Add what every upload to the Hub takes: ``OWNER/NAME``, visibility, branch and message."""
    parser.add_argument("repo", metavar="OWNER/NAME", help="repository; made if there is none")
    parser.add_argument("--private", action="store_true", help="make a new repository private")
    parser.add_argument(
        "--revision", metavar="BRANCH", help="branch to commit to (default: the main branch)"
    )
    parser.add_argument(
        "--message", default="", metavar="TEXT", help="commit message (default: a short one)"
    )


def output_folder(chosen: Path | None, stem: str) -> Path:
    """Decide on the output folder without creating it.

    Args:
        chosen: What ``--output`` said.
        stem: First part of the default name.

    Returns:
        A path at which nothing exists.

    Raises:
        UserError: Something exists there, for nothing is ever overwritten; or no folder can be
            made there.
    """
    if chosen is None:
        base = Path("runs") / f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"
        path, number = base, 2
        while path.exists():
            path, number = base.with_name(f"{base.name}-{number}"), number + 1
    elif chosen.exists():
        raise UserError(
            f"Output folder {chosen} already exists and is never overwritten; "
            "name a new one with --output."
        )
    else:
        path = chosen
    place = next(folder for folder in path.absolute().parents if folder.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        why = "may not be written to" if place.is_dir() else "is no folder"
        raise UserError(
            f"Output folder {path} cannot be made, for {place} {why}; name another with --output."
        )
    return path
