"""``suffice tagger combine``: several taggers as one, by their probabilities or their weights."""

from __future__ import annotations

import argparse
from pathlib import Path

from launch.command import Command, add_output, output_folder
from tagger.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "taggers",
        nargs="+",
        metavar="TAGGER",
        help="tagger folders, packaged names or Hub repositories, two or more",
    )
    parser.add_argument(
        "--weights",
        type=float,
        nargs="+",
        metavar="W",
        help="share of each in the mean, relative to the others' (default: equal)",
    )
    parser.add_argument(
        "--average-weights",
        action="store_true",
        help="take the mean of the weights of students that were fine-tuned from the same one: one "
        "student, as fast as each (default: the mean of their probabilities)",
    )
    parser.add_argument(
        "--labels",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="labelled traces none of them was trained on, to set temperature and logit bias by "
        "(default: neither is set)",
    )
    parser.add_argument(
        "--held-out",
        type=float,
        metavar="SHARE",
        help="of --labels, take the questions alone that suffice tagger train with this held_out "
        "and --seed kept from its networks (default: all)",
    )
    parser.add_argument("--seed", type=int, help="with --held-out: the trainings' (default: 0)")
    add_output(parser, "tagger")


def run(args: argparse.Namespace) -> None:
    """Load, combine, calibrate and save."""
    output = output_folder(args.output, "tagger")
    if args.weights and len(args.weights) != len(args.taggers):
        raise UserError(
            f"{len(args.weights)} weights for {len(args.taggers)} taggers; give one for each."
        )
    if args.held_out is not None and not args.labels:
        raise UserError("--held-out is of labels; name the files of the trainings with --labels.")
    if args.held_out is not None and not 0 < args.held_out < 1:
        raise UserError(f"--held-out is {args.held_out:g}; give a share between 0 and 1.")
    if args.seed is not None and args.held_out is None:
        raise UserError("--seed draws the questions of --held-out; give that too, or leave it out.")
    from tagger.evaluation.label_files import labelled_steps, read_labelled_files
    from tagger.extras import Extras
    from tagger.frozen import FrozenTagger
    from tagger.novelty import KnownWords
    from tagger.training.by_labels.fit import LEAST_LABELS, refuse_single_type
    from tagger.training.calibration import calibrate, scores_of_labels
    from tagger.training.combine import average, combine
    from tagger.training.splits import hold_out
    from tagger.variants import with_parts

    taggers = [FrozenTagger.load(folder) for folder in args.taggers]
    whole = (average if args.average_weights else combine)(taggers, args.weights)
    words = [w for t in taggers if (w := t.extras.known_words) is not None]
    if len(words) == len(taggers):  # else it is not known what the others do not know
        whole = with_parts(whole, extras=Extras(known_words=KnownWords.of_all(words)))
    if args.labels:
        taxonomy = whole.taxonomy
        traces = [t for file in read_labelled_files(args.labels, taxonomy) for t in file.traces]
        if args.held_out is not None:
            _, traces = hold_out(traces, args.seed or 0, args.held_out, args.labels)
        if (labels := labelled_steps(traces)) < LEAST_LABELS:
            raise UserError(
                f"{', '.join(map(str, args.labels))}: {labels} labels are too few to calibrate by; "
                f"give {LEAST_LABELS} or more, or leave --labels out."
            )
        refuse_single_type(traces)
        found = calibrate(scores_of_labels(whole.backend, traces, taxonomy), taxonomy)
        names = dict.fromkeys([*whole.about["calibrated_on"], *(p.name for p in args.labels)])
        about = whole.about | {"calibrated_on": list(names)}
        whole = with_parts(
            whole, temperature=found.temperature, about=about, logit_bias=found.logit_bias
        )
    members = "\n".join(
        f"* {name}: `{t.fingerprint}`" for name, t in zip(args.taggers, taggers, strict=True)
    )
    what = "weights" if args.average_weights else "probabilities"
    card = f"# Step tagger\n\nThe mean of the {what} of {len(taggers)} taggers:\n\n{members}\n"
    folder = whole.save(output, card)
    print(f"Saved {folder}, fingerprint {whole.fingerprint[:12]}.")


COMMAND = Command(
    name="tagger combine",
    summary="combine taggers: the mean of their probabilities, or of their weights",
    example="suffice tagger combine runs/tagger-1 runs/tagger-2 --output teacher",
    configure=configure,
    run=run,
)
