"""The commands of `suffice`, in the order ``--help`` lists them. A new one is a line here."""

from launch.command import Command
from launch.commands import overthinker_build, tagger_train

COMMANDS: tuple[Command, ...] = (
    overthinker_build.COMMAND,
    tagger_train.COMMAND,
)
