"""The commands `suffice rewards ...`."""

from launch.command import Command
from launch.commands.rewards import explain, overview, score

COMMANDS: tuple[Command, ...] = (
    overview.COMMAND,
    explain.COMMAND,
    score.COMMAND,
)
