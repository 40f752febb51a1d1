"""``suffice recipes explain``: what a recipe does, what it needs, and the commands that run it."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from launch.command import CONFIGS, Command

if TYPE_CHECKING:
    from launch.recipes import Recipe


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("recipe", metavar="RECIPE", help="MODEL/TASK, as `suffice recipes` lists")


def run(args: argparse.Namespace) -> None:
    """Print description, sizes, arms and commands."""
    from launch.recipes import find_recipe
    from launch.sizes import print_rows, size_rows
    from rl.scale.resolve import resolve
    from tagger.config.settings import read_yaml

    recipe = find_recipe(args.recipe)
    hardware = recipe.hardware
    config = recipe.config(recipe.arms[0])
    rows = size_rows(config, resolve(config, hardware.gpus), hardware)
    kept = [row for row in rows if row[0] not in ("reward", "waits for")]
    extra = [
        (key, recipe.notes[key]) for key in ("time", "expected", "note") if key in recipe.notes
    ]
    print_rows(f"{recipe.name}: {recipe.about}", [*kept, *extra, ("file", _shown(recipe.path))])
    print("\nArms, and what each sets otherwise than the section train:\n")
    for arm, keys in read_yaml(recipe.path)["arms"].items():
        print(f"  {arm}: {', '.join(keys) or 'nothing'}")
    print("\nCommands, in this order:\n")
    print("\n".join(f"  {line}" for line in commands(recipe)))


def commands(recipe: Recipe) -> list[str]:
    """The command lines that train every arm and compare the policies."""
    launcher = launch_words(recipe)
    name = recipe.name
    lines = [
        shlex.join([*launcher, "suffice", "train", "--recipe", name, "--arm", arm])
        for arm in recipe.arms
    ]
    model = recipe.config(recipe.arms[0]).model
    policies = [f"{arm}={recipe.output(arm).as_posix()}/policy" for arm in recipe.arms]
    compare = ["suffice", "compare", "--config", _shown(recipe.path), f"base={model}", *policies]
    return [*lines, shlex.join(compare)]


def launch_words(recipe: Recipe) -> list[str]:
    """What starts one process a GPU; nothing for one process."""
    hardware = recipe.hardware
    if hardware.gpus < 2 and not hardware.strategy.offload:
        return []
    return [
        *(
            "accelerate",
            "launch",
            "--config_file",
            _shown(CONFIGS.parent / hardware.strategy.config),
        ),
        *("--num_processes", str(hardware.gpus), "--no_python"),
    ]


def _shown(path: Path) -> str:
    """A path as short as it can be typed here."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


COMMAND = Command(
    name="recipes explain",
    summary="what a recipe does and needs, and the commands that train and compare its policies",
    example="suffice recipes explain smollm2-135m/gsm8k",
    configure=configure,
    run=run,
)
