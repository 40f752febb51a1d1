"""The commands `suffice tagger ...`, in the order ``--help`` lists them."""

from launch.command import Command
from launch.commands.tagger import (
    agree,
    annotate,
    bench,
    calibrate,
    calibrate_segmenter,
    check_stream,
    combine,
    convert_labels,
    evaluate,
    learning_curve,
    push,
    solution_traces,
    train,
    transfer,
)

COMMANDS: tuple[Command, ...] = (
    train.COMMAND,
    combine.COMMAND,
    calibrate.COMMAND,
    push.COMMAND,
    evaluate.COMMAND,
    annotate.COMMAND,
    agree.COMMAND,
    convert_labels.COMMAND,
    solution_traces.COMMAND,
    transfer.COMMAND,
    learning_curve.COMMAND,
    calibrate_segmenter.COMMAND,
    bench.COMMAND,
    check_stream.COMMAND,
)
