"""The commands `suffice problems ...`."""

from launch.command import Command
from launch.commands.problems import check, show

COMMANDS: tuple[Command, ...] = (
    check.COMMAND,
    show.COMMAND,
)
