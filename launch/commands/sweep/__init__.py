"""``suffice sweep``: run a sweep, work on one, render its results. A new command is a line here."""

from launch.commands.sweep import report, run, work

COMMANDS = (run.COMMAND, work.COMMAND, report.COMMAND)
