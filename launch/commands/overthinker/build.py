"""``suffice overthinker build``: train the embedded overthinker from seed."""

from __future__ import annotations

import argparse

from launch.bootstrap import one_thread, stay_offline
from launch.command import Command, add_config, add_output, add_seed, output_folder, whole_number
from launch.progress import progress_of_parts
from launch.settings import settings_of


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_config(parser, None, "edition, traces, vocabulary, hidden, layers, learning_rate, …")
    add_seed(parser)
    parser.add_argument(
        "--problems",
        type=whole_number("number of problems", 1),
        default=500,
        metavar="N",
        help="fresh problems the model is measured on, four completions each (500)",
    )
    add_output(parser, "overthinker")


def run(args: argparse.Namespace) -> None:
    """Build the model and say where it is."""
    one_thread()
    from rl.overthinker.build import BuildSettings, build
    from rl.overthinker.measure import figures_of, measured_samples, model_card
    from rl.overthinker.values import band_values, shortfalls
    from rl.problems.overthinker import ALL_BANDS, BANDS
    from tagger.files import write_atomically
    from tagger.frozen import FrozenTagger

    settings = settings_of(BuildSettings, args.config, args.overrides, seed=args.seed)
    output = output_folder(args.output, "overthinker")
    stay_offline()
    folder = build(output, settings)
    tagger = FrozenTagger.load()
    with progress_of_parts() as progress:
        samples = measured_samples(
            str(folder),
            tagger,
            problems=args.problems,
            bands=BANDS if settings.edition == 1 else ALL_BANDS,
            progress=lambda done, total: progress("measuring", done, total),
        )
    figures, values = figures_of(samples), band_values(samples)
    card = model_card(figures, tagger.fingerprint, settings.edition, values)
    write_atomically(folder / "README.md", card)
    for shortfall in figures.shortfalls() if settings.edition == 1 else shortfalls(values):
        print(f"Target missed: {shortfall}.")
    print(f"Built {folder} from seed {settings.seed}. Try it: suffice evaluate {folder}")


COMMAND = Command(
    name="overthinker build",
    summary="train the embedded overthinker from seed",
    example="suffice overthinker build --seed 1 --output my-overthinker traces=20000",
    configure=configure,
    run=run,
)
