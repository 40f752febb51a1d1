"""The commands `suffice overthinker ...`."""

from launch.command import Command
from launch.commands.overthinker import (
    build,
    measure,
    traces,
)

COMMANDS: tuple[Command, ...] = (
    build.COMMAND,
    measure.COMMAND,
    traces.COMMAND,
)
