"""The command line `suffice`.

Nothing heavy is imported here or in the modules of `launch.commands`; each command imports what
it needs when it runs, so `suffice --help`, `suffice tag` and `suffice report` start at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import cache

from launch.bootstrap import set_environment, stop_on_sigterm
from launch.command import Command, Parser, take_overrides
from launch.commands import COMMANDS
from tagger.errors import Interrupted, UserError, unknown_name

EXIT_INTERRUPTED = 128
"""Plus the number of the signal, as shells have it."""


@cache
def build_parser() -> Parser:
    """Build the parser of all commands, once a process: it keeps nothing of what it parsed."""
    parser = Parser(
        prog="suffice",
        description="Teaches a reasoning model to verify just enough.",
        epilog="`suffice COMMAND --help` shows the options of a command and an example.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, help="print the version")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    groups: dict[str, argparse._SubParsersAction[Parser]] = {}
    for command in COMMANDS:
        group, _, name = command.name.rpartition(" ")
        if not group:
            _add(commands, name, command)
            continue
        if group not in groups:
            members = [c for c in COMMANDS if c.name.startswith(f"{group} ")]
            short = (f"Without one of these, {c.name} is meant." for c in members if c.default)
            holder = commands.add_parser(
                group, help="; ".join(c.summary for c in members), epilog=next(short, None)
            )
            bare = next((c.run for c in members if c.bare), None)
            holder.set_defaults(run=bare, parser=holder)
            groups[group] = holder.add_subparsers(metavar="COMMAND", title="commands")
        _add(groups[group], name, command)
    parser.set_defaults(run=None, parser=parser)
    return parser


class _Version(argparse.Action):
    """Print the version, looked up only when it is asked for: that costs as much as the help."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib import metadata

        print(f"suffice {metadata.version('suffice')}")
        parser.exit()


def _add(commands: argparse._SubParsersAction[Parser], name: str, command: Command) -> None:
    parser = commands.add_parser(
        name,
        help=command.summary,
        description=f"{command.summary[:1].upper()}{command.summary[1:]}.",
        epilog=f"example:\n  {command.example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.configure(parser)
    parser.set_defaults(run=command.run, parser=parser)


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse a command line; ``KEY=VALUE`` overrides may stand before, between and after options.

    Raises:
        UserError: Unknown command or option, missing or malformed value.
    """
    args, rest = build_parser().parse_known_args(_with_default(argv))
    for word in rest:
        if word.startswith("-"):
            raise unknown_name(f"option of {args.parser.prog}", word, args.parser.options())
        if not hasattr(args, "overrides"):
            raise UserError(f"Unexpected argument {word!r}; see {args.parser.prog} --help.")
        args.overrides = [*args.overrides, word]
    if hasattr(args, "overrides"):
        take_overrides(args)
    return args


def _with_default(argv: Sequence[str] | None) -> list[str]:
    """Name the command that a group's name stands for: ``sweep FILE`` is ``sweep run FILE``."""
    words = list(sys.argv[1:] if argv is None else argv)
    for command in COMMANDS:
        group, _, name = command.name.rpartition(" ")
        if command.default and len(words) > 1 and words[0] == group:
            members = {
                c.name.rpartition(" ")[2] for c in COMMANDS if c.name.startswith(f"{group} ")
            }
            if words[1] not in (members | {"-h", "--help"}):
                return [group, name, *words[1:]]
    return words


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments after the program's name; ``sys.argv`` if None.

    Returns:
        Exit code: 0 done, 2 bad input (one sentence on standard error), 3 a training run that
        never had a gradient, 4 a sweep of which runs failed, 130 interrupted by Ctrl-C, 143 by
        SIGTERM (one sentence that names the command to resume with, where there is one).
    """
    set_environment()
    stop_on_sigterm()
    try:
        args = parse(argv)
        if args.run is None:
            args.parser.print_help()
        else:
            args.run(args)
    except UserError as error:
        from tagger.display.visible import visible

        print(visible(f"suffice: {error}"), file=sys.stderr)  # it may quote rows and names of files
        return error.exit_code
    except KeyboardInterrupt as stop:
        stopped = stop if isinstance(stop, Interrupted) else Interrupted()
        print(f"suffice: {stopped}", file=sys.stderr)
        return EXIT_INTERRUPTED + stopped.number
    except BrokenPipeError:
        # The reader (`| head`) went away; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
