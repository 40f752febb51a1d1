"""The commands `suffice overthinker ...`."""

from launch.command import Command
from launch.commands.overthinker import (
    build,
    traces,
)

COMMANDS: tuple[Command, ...] = (
    build.COMMAND,
    traces.COMMAND,
)
