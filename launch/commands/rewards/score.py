"""``suffice rewards score``: every term of every stored rollout, without training."""

from __future__ import annotations

import argparse
from pathlib import Path

from launch.command import Command
from rl import run_files
from tagger.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "rollouts",
        nargs="+",
        metavar="ROLLOUTS",
        help="folder of a training run, or files of it: RUN/rollouts/step-*.jsonl.gz",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="YAML file of a training run with the reward (default: the run's own)",
    )
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="KEY=VALUE",
        help="single settings, which override the file: reward.terms.step_count.weight=0.2 …",
    )
    parser.add_argument("--csv", type=Path, metavar="NEWFILE", help="write the table as CSV too")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def run(args: argparse.Namespace) -> None:
    """Compute the rewards and print them."""
    from rl.training.advantages.choice import aggregation_keys
    from rl.training.config import load_config
    from rl.training.records.stored import read_rollouts
    from tagger.files import check_new, write_new

    check_new(args.csv)
    paths = [Path(word) for word in args.rollouts]
    file = args.config or _config_of(paths[0])
    config = load_config(file, args.overrides)
    aggregation_keys(config.reward.aggregation, config.grpo)
    rollouts = read_rollouts(paths)

    from launch.commands.rewards import tables
    from launch.commands.rewards.notes import default_used, notes
    from rewards.stack import build_stack
    from rl.training.objections import objections
    from rl.training.records.rescore import rescore
    from tagger.frozen import FrozenTagger

    taxonomy = FrozenTagger.load(config.tagger).taxonomy
    evaluates = config.eval_problems is not None
    stack = build_stack(config.reward.terms, taxonomy, True, evaluates)
    scores = rescore(rollouts, stack, taxonomy, own=args.config is None and not args.overrides)
    default = default_used(file, args.overrides)
    refused = objections(config.reward, config.grpo, stack, taxonomy, evaluates)
    said = [
        *([default] if default else []),
        *(f"training refuses this reward. {sentence}" for sentence in refused),
        *notes(scores, stack),
    ]
    if args.csv is not None:
        write_new(args.csv, tables.as_csv(scores))
    print(tables.as_json(scores, said) if args.json else tables.as_text(scores, said))


def _config_of(path: Path) -> Path:
    """The config of the run that the rollouts are of."""
    run = path if path.is_dir() and path.name != run_files.ROLLOUTS else path.parent
    run = run.parent if run.name == run_files.ROLLOUTS else run
    if not path.exists():
        raise UserError(f"{path} does not exist; name a run's folder or a file of its rollouts.")
    if not (run / run_files.CONFIG).is_file():
        raise UserError(
            f"{path} does not stand in a run's folder with a {run_files.CONFIG}; name the YAML "
            "file with the reward by --config."
        )
    return run / run_files.CONFIG


COMMAND = Command(
    name="rewards score",
    summary="compute every reward term of the rollouts that a training run kept, under any reward",
    example="suffice rewards score runs/first --config my-run.yaml",
    configure=configure,
    run=run,
)
