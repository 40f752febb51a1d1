"""``suffice plan``: memory and time of a run on other machines, from its config alone."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from launch.command import Command, add_config, whole_number

if TYPE_CHECKING:
    from launch.recipes import Hardware
    from rl.scale.cards import Card
    from rl.scale.fit import Fit
    from rl.scale.resolve import Resolved
    from rl.training.config import RunConfig


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help="MODEL/TASK, as `suffice recipes` lists; left out, --config names the run",
    )
    add_config(parser, None, "lora={r: 16} grpo.per_device_train_batch_size=2 …")
    parser.add_argument("--arm", metavar="NAME", help="an arm (default: the first one)")
    parser.add_argument(
        "--gpus",
        type=whole_number("number of GPUs", 0, 4096),
        metavar="N",
        help="GPUs that train; 0 is a CPU (default: what the recipe is meant for, else 1)",
    )
    parser.add_argument(
        "--gpu-memory",
        type=_gib,
        metavar="G",
        help="memory of a GPU in GiB, or of the machine with --gpus 0 (default: the recipe's, or "
        "that of --gpu)",
    )
    parser.add_argument(
        "--gpu", metavar="NAME", help="a card, for memory and time: h100, a100-80, l4 …"
    )
    parser.add_argument(
        "--prompt-tokens",
        type=whole_number("number of tokens", 1),
        metavar="N",
        help="tokens of a prompt (default: 256)",
    )


def _gib(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no memory in GiB")
    return value


def run(args: argparse.Namespace) -> None:
    """Print a table of strategies, seconds a step, and what to take."""
    from launch.recipes import find_recipe
    from rl.scale.cards import CPU, card_named, card_of_size
    from rl.scale.fit import advice, best_fit, fits_of, too_small
    from rl.scale.resolve import resolve
    from rl.scale.workload import PROMPT_TOKENS
    from rl.training.config import load_config
    from tagger.errors import UserError

    if args.recipe is not None and "=" in args.recipe:
        args.overrides, args.recipe = [args.recipe, *args.overrides], None
    if (args.recipe is None) == (args.config is None):
        raise UserError(
            "Name one run: a recipe (`suffice recipes` lists them), or a config by --config."
        )
    recipe = find_recipe(args.recipe) if args.recipe is not None else None
    file = recipe.path if recipe is not None else args.config
    arm = args.arm or (recipe.arms[0] if recipe is not None else None)
    prompt = args.prompt_tokens or PROMPT_TOKENS
    named = card_named(args.gpu) if args.gpu is not None else None
    hardware = _hardware(args, recipe.hardware if recipe is not None else None, named)

    def resolved(words: Sequence[str], gpus: int) -> Resolved:
        return resolve(load_config(file, [*args.overrides, *words], arm), gpus, prompt)

    config = load_config(file, args.overrides, arm)
    found = resolved((), hardware.gpus)
    fits = fits_of(found, hardware.memory)
    card = args.gpu or (card_of_size(hardware.memory) if hardware.gpus else CPU)
    name = recipe.name if recipe is not None else str(file)
    title = f"{name}{f', arm {arm}' if arm else ''}, on {_machine(hardware)}"
    _print(title, config, found, hardware, fits, card)
    best = best_fit(fits)
    if best is None:
        raise too_small(fits, name, advice(found, hardware.memory, resolved))
    others = [fit.strategy.name for fit in fits if fit.fits and fit is not best]
    more = f"; {' and '.join(others)} would fit, too" if others else ""
    print(f"\n{best.strategy.name} fits{more}.")


def _hardware(args: argparse.Namespace, meant: Hardware | None, named: Card | None) -> Hardware:
    """The machine that the options ask for.

    Raises:
        UserError: Nothing says how much memory there is.
    """
    from launch.recipes import Hardware
    from rl.scale.strategies import applicable
    from tagger.errors import UserError

    gpus = args.gpus if args.gpus is not None else meant.gpus if meant is not None else 1
    memory = args.gpu_memory or (named.memory if named is not None else None)
    if memory is None and meant is not None and (gpus > 0) == (meant.gpus > 0):
        memory = meant.memory
    if not memory:
        raise UserError(
            "How much memory? Give --gpu-memory in GiB, e.g. --gpu-memory 80, or a card by --gpu."
        )
    return Hardware(gpus, memory, applicable(gpus)[0])


def _machine(hardware: Hardware) -> str:
    if not hardware.gpus:
        return f"a CPU with {hardware.memory:g} GiB"
    return f"{hardware.gpus} GPU{'s' if hardware.gpus > 1 else ''} of {hardware.memory:g} GiB"


def _print(
    title: str,
    config: RunConfig,
    found: Resolved,
    hardware: Hardware,
    fits: Sequence[Fit],
    card: str,
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from launch.sizes import print_rows, size_rows
    from rl.scale.cards import card_named
    from rl.scale.duration import seconds_of
    from rl.scale.memory import PARTS

    shown = ("model", "trains", "steps", "a step", "optimiser")
    print_rows(title, [r for r in size_rows(config, found, hardware) if r[0] in shown])
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("GiB a process", no_wrap=True)
    for fit in fits:
        table.add_column(fit.strategy.name.replace("_", "\n"), justify="right")
    for part in PARTS:
        pairs = [(f.memory.generation.get(part, 0), f.memory.update.get(part, 0)) for f in fits]
        if any(pair != (0, 0) for pair in pairs):
            table.add_row(part, *(_pair(*pair) for pair in pairs))
    table.add_row(
        "sum",
        *(_pair(sum(f.memory.generation.values()), sum(f.memory.update.values())) for f in fits),
    )
    if any(fit.memory.host for fit in fits):
        table.add_row("host, all processes", *(_pair(f.memory.host, f.memory.host) for f in fits))
    table.add_row("fits", *("yes" if fit.fits else "no" for fit in fits))
    table.add_section()
    times = [seconds_of(found.shape, found.work, f.strategy, card_named(card)) for f in fits]
    table.add_row("seconds a step")
    for part in times[0]:
        table.add_row(f"  {part}", *(_seconds(time[part]) for time in times))
    console = Console()
    console.print(table)
    console.print(
        "Two numbers: while rollouts are generated / while weights are updated. Seconds are a "
        f"rough estimate for {card}, all completions at full length; communication, tagging and "
        "rewards are not counted.",
        highlight=False,
    )


def _pair(generation: float, update: float) -> str:
    from rl.scale.memory import GIB

    a, b = (f"{size / GIB:.1f}" if size else "0" for size in (generation, update))
    return a if a == b else f"{a}/{b}"


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.1 else "<0.1"


COMMAND = Command(
    name="plan",
    summary="memory and time of a run on other machines: what fits, and what to change",
    example="suffice plan qwen3-8b/math --gpus 2 --gpu-memory 40",
    configure=configure,
    run=run,
)
