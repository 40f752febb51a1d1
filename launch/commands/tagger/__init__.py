"""The commands `suffice tagger ...`, in the order ``--help`` lists them."""

from launch.command import Command
from launch.commands.tagger import (
    bench,
    calibrate,
    calibrate_segmenter,
    check_stream,
    combine,
    evaluate,
    learning_curve,
    push,
    train,
    transfer,
)
from launch.commands.tagger.labels import agree, annotate, convert_labels, solution_traces, split

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
    split.COMMAND,
    transfer.COMMAND,
    learning_curve.COMMAND,
    calibrate_segmenter.COMMAND,
    bench.COMMAND,
    check_stream.COMMAND,
)
