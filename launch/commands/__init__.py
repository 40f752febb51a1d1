"""The commands of `suffice`, in the order ``--help`` lists them. A new one is a line here."""

from launch.command import Command
from launch.commands import (
    compare,
    config,
    dashboard,
    evaluate,
    export,
    overthinker,
    plan,
    problems,
    push,
    quickstart,
    recipes,
    report,
    reward_server,
    rewards,
    sweep,
    tag,
    tagger,
    train,
)

COMMANDS: tuple[Command, ...] = (
    quickstart.COMMAND,
    tag.COMMAND,
    train.COMMAND,
    dashboard.COMMAND,
    evaluate.COMMAND,
    compare.COMMAND,
    report.COMMAND,
    export.COMMAND,
    push.COMMAND,
    *recipes.COMMANDS,
    plan.COMMAND,
    *sweep.COMMANDS,
    config.COMMAND,
    reward_server.COMMAND,
    *problems.COMMANDS,
    *rewards.COMMANDS,
    *overthinker.COMMANDS,
    *tagger.COMMANDS,
)
