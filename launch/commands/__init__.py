"""The commands of `suffice`, in the order ``--help`` lists them. A new one is a line here."""

from launch.command import Command
from launch.commands import overthinker_build, tag, tagger_train

COMMANDS: tuple[Command, ...] = (
    tag.COMMAND,
    overthinker_build.COMMAND,
    tagger_train.COMMAND,
)
