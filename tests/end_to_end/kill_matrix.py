"""Runs that are killed at random moments, resumed, and held against one that was not.

python -m tests.end_to_end.kill_matrix FOLDER [--processes 1 2] [--kills 10] [--terms 5]
    [--seed 0] [--small-disk DIR]

Prints a Markdown table: where each signal hit, how the processes ended, what differs after the
resumption. Every process is a fork of one that has imported everything; what it runs is the command
line, `launch.cli.main`, as `suffice train …` does. Two processes find each other as under torchrun,
and as torchrun does, the harness sends SIGTERM to those that a killed one leaves, and SIGKILL 30
seconds later. With `--small-disk`, a folder on a file system of about 200 MB, a disk that fills up
in mid-run is tried, too.
"""

from __future__ import annotations

from launch.bootstrap import one_thread, stay_offline

one_thread()  # before torch is imported
stay_offline()

import argparse  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402

import yaml  # noqa: E402

from tests.end_to_end import phases  # noqa: E402
from tests.end_to_end.forks import forked, status_of  # noqa: E402
from tests.end_to_end.outcomes import Outcome, difference, outcome_of  # noqa: E402
from tests.end_to_end.started import Processes, start  # noqa: E402
from tests.world import GRPO, SHORT, World, make_world  # noqa: E402

PRELOADED = (
    "launch.cli", "launch.commands.train", "rl.training.run", "rl.training.trainer",
    "rl.training.callbacks", "rl.training.survival.start", "rl.evaluation.evaluate",
    "rl.sampling.sampler", "trl.trainer.grpo_trainer", "datasets", "accelerate", "rich.progress",
    "sklearn.linear_model", "transformers.models.llama.modeling_llama", "peft",
)  # fmt: skip
"""What a training imports; forks have it already."""

STEPS, EVERY, ROWS = 12, 3, 16
REWARD = {
    "terms": {
        "correctness": {},
        "format": {
            "weight": {"schedule": "accuracy_floor", "floor": 0.3, "window": 4, "grace": 2},
        },
        "short": SHORT | {"weight": {"schedule": "length_dual", "share": 0.8}},
    },
    "allow_charge_above_correctness": True,
}
"""Two terms whose weights follow the run."""


def write_config(world: World, processes: int, file: Path) -> None:
    """Write a config: small, with controllers, evaluations and the accuracy floor."""
    asked = world.root / "eval.jsonl"
    lines = ({"question": f"{a} + 7 = ?", "answer": a + 7} for a in (11, 12, 13, 14))
    asked.write_text("".join(json.dumps(line) + "\n" for line in lines))
    changes = {
        "reward": REWARD,
        "grpo": GRPO
        | {
            "max_steps": STEPS,
            "save_steps": EVERY,
            "per_device_train_batch_size": ROWS // processes,
            "max_completion_length": 48,
            "lr_scheduler_type": "linear",
        },
        "accuracy_floor": {"floor": 0.0, "window": 3},
        "eval_problems": {"source": str(asked)},
        "eval_every": EVERY,
        "eval_samples": 1,
        "keep_rollouts": {"every": 1, "count": ROWS},
    }
    values = world.config("", **changes)
    del values["output"]
    file.write_text(yaml.safe_dump(values))


@dataclass(frozen=True)
class Moment:
    """When a signal is sent: in a phase of a step, after a share of the phase's usual length."""

    number: int
    phase: int
    step: int
    share: float
    ranks: tuple[int, ...]


def moments(kills: int, terms: int, processes: int, seed: int) -> list[Moment]:
    """Moments drawn at random; generation, update and save each get their part.

    Two kills more come in an evaluation and while the policy is written.
    """
    draw = random.Random(seed)
    cycle = (phases.GENERATION, phases.UPDATE, phases.SAVE)
    found = []
    for i in range(kills + terms):
        phase = cycle[i % 3]
        step = draw.randrange(EVERY, STEPS, EVERY) if phase == phases.SAVE else draw.randint(2, 12)
        number = signal.SIGKILL if i < kills else signal.SIGTERM
        rank = draw.randrange(processes)
        ranks = tuple(range(processes)) if number == signal.SIGTERM and i % 2 else (rank,)
        found.append(Moment(number, phase, step, draw.random(), ranks))
    rarely = ((phases.EVALUATION, 2 * EVERY), (phases.EXPORT, STEPS))
    return found + [Moment(signal.SIGKILL, p, step, 0.1, (0,)) for p, step in rarely if kills]


def send_at(moment: Moment, at: Processes, usual: Sequence[float]) -> str | None:
    """Wait for a moment and send the signal.

    Returns:
        Step and phase in which it came; None if the run ended before.
    """
    watched = moment.ranks[0]
    while at.marks.read(watched) != (moment.step, moment.phase):
        at.look()
        if at.ended:
            return None
        time.sleep(0.0005)
    time.sleep(moment.share * usual[moment.phase])
    for rank in moment.ranks:
        os.kill(at.running[rank], moment.number)
    step, phase = at.marks.read(watched)
    return f"{phases.NAMES[phase]}, step {step}"


class Matrix:
    """All runs of one number of processes."""

    def __init__(self, folder: Path, processes: int, world: World) -> None:
        self.folder, self.processes = folder, processes
        self.config = folder / "config.yaml"
        write_config(world, processes, self.config)
        self.usual: tuple[float, ...] = ()
        self.whole: Outcome | None = None

    def begin(self, name: str, spoil: Callable[[int], None] = lambda _: None) -> Processes:
        run = self.folder / name
        words = ["train", "--config", str(self.config), "--output", str(run)]
        return start(words, self.processes, self.folder / f"{name}.said", spoil)

    def resume(self, name: str) -> str:
        """Resume a run; what differs from the whole one."""
        words = ["train", "--resume", str(self.folder / name)]
        at = start(words, self.processes, self.folder / f"{name}.resumed", lambda _: None)
        at.wait()
        if any(at.ended.values()):
            return f"NOT RESUMED: {at.ended} {at.words()}"
        assert self.whole is not None
        return difference(self.whole, outcome_of(self.folder / name))

    def reference(self) -> None:
        """The run that is not killed."""
        began = time.monotonic()
        at = self.begin("whole")
        at.wait()
        assert not any(at.ended.values()), (at.ended, at.words())
        self.whole = outcome_of(self.folder / "whole")
        counts = {phases.SAVE: STEPS // EVERY}
        spent = at.marks.seconds()
        self.usual = tuple(s / counts.get(phase, STEPS) for phase, s in enumerate(spent))
        shown = ", ".join(f"{n} {s:.2f}" for n, s in zip(phases.NAMES, spent, strict=True))
        print(f"\nnot killed: {time.monotonic() - began:.1f} s ({shown})\n", flush=True)

    def signalled(self, name: str, moment: Moment) -> None:
        at = self.begin(name)
        where = send_at(moment, at, self.usual)
        at.wait()
        self.row(
            f"{signal.Signals(moment.number).name} to {' and '.join(map(str, moment.ranks))}",
            where or "NOT REACHED",
            at,
            name,
        )

    def row(self, what: str, where: str, at: Processes, name: str) -> None:
        """Resume and print a row."""
        codes = ", ".join(str(at.ended[rank]) for rank in sorted(at.ended))
        words = next(filter(None, (at.words(r) for r in range(self.processes))), "")
        words = words.replace(str(self.folder), "…").removeprefix("suffice: ")
        kept = sorted(int(p.name[11:]) for p in self.folder.glob(f"{name}/checkpoints/c*"))
        print(
            f"| {self.processes} | {what} | {where} | {codes} | {words} | {kept} | "
            f"{self.resume(name)} |",
            flush=True,
        )
        shutil.rmtree(self.folder / name, ignore_errors=True)


def _make(root: Path) -> None:
    make_world(root)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--terms", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small-disk", type=Path)
    args = parser.parse_args()
    for module in PRELOADED:
        importlib.import_module(module)
    from tests.end_to_end import troubles

    root = args.folder / "world"
    root.mkdir(parents=True)
    world = World(root, root / "model", root / "tagger", root / "problems.jsonl")
    assert status_of(forked(lambda: _make(root))) == 0
    heads = "processes | what | where | exit codes | said | checkpoints | differs after resuming"
    for count in args.processes:
        folder = args.folder / f"processes-{count}"
        folder.mkdir()
        matrix = Matrix(folder, count, world)
        matrix.reference()
        print(f"| {heads} |\n|{'---|' * 7}", flush=True)
        for i, moment in enumerate(moments(args.kills, args.terms, count, args.seed)):
            matrix.signalled(f"case-{i}", moment)
        troubles.not_a_number(matrix)
        if args.small_disk is not None:
            troubles.full_disk(matrix, args.small_disk / f"processes-{count}")


if __name__ == "__main__":
    main()
