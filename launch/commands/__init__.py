"""The commands of `suffice`, in the order ``--help`` lists them. A new one is a line here."""

from launch.command import Command
from launch.commands import (
    compare,
    evaluate,
    overthinker_build,
    quickstart,
    report,
    tag,
    tagger_agree,
    tagger_annotate,
    tagger_bench,
    tagger_calibrate_segmenter,
    tagger_check_stream,
    tagger_convert_labels,
    tagger_evaluate,
    tagger_learning_curve,
    tagger_train,
    tagger_transfer,
    train,
)

COMMANDS: tuple[Command, ...] = (
    quickstart.COMMAND,
    tag.COMMAND,
    train.COMMAND,
    evaluate.COMMAND,
    compare.COMMAND,
    report.COMMAND,
    overthinker_build.COMMAND,
    tagger_train.COMMAND,
    tagger_evaluate.COMMAND,
    tagger_annotate.COMMAND,
    tagger_agree.COMMAND,
    tagger_convert_labels.COMMAND,
    tagger_transfer.COMMAND,
    tagger_learning_curve.COMMAND,
    tagger_calibrate_segmenter.COMMAND,
    tagger_bench.COMMAND,
    tagger_check_stream.COMMAND,
)
