"""The commands `suffice recipes ...`."""

from launch.command import Command
from launch.commands.recipes import explain, overview

COMMANDS: tuple[Command, ...] = (overview.COMMAND, explain.COMMAND)
