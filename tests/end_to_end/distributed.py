"""The same steps in one process and in two, under DDP and DeepSpeed: what differs.

python -m tests.end_to_end.distributed FOLDER [--deepspeed DIR] [--steps 10] [--variants ...]

Trains the packaged overthinker, each variant by the command a user gives: `suffice train` alone,
under torchrun, or under `accelerate launch` with the files of `configs/accelerate`. Rollouts of
every step are kept, so that prompts and sampled tokens are compared, too. Prints a table of
the largest differences to the run of one process. `--deepspeed` is a folder that holds DeepSpeed
(`pip install --target DIR deepspeed`), if the environment does not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from safetensors.numpy import load_file

from tests.end_to_end.outcomes import Outcome, farthest, outcome_of

ROOT = Path(__file__).resolve().parents[2]
ROWS, GROUP = 32, 8
EPSILON = 1e-6
"""AdamW's. With its default, 1e-8, a gradient that is nothing but rounding moves a weight by a part
of the learning rate, and after some steps a token is drawn otherwise."""
LORA = "lora={r: 8, lora_alpha: 16}"
NUMBERS = {"loss": "loss", "reward": "reward", "gradient norm": "grad_norm"}


@dataclass(frozen=True)
class Variant:
    """A way to start the run.

    Attributes:
        title: For the table.
        processes: How many.
        launcher: Words before ``suffice``, after the interpreter's ``-m``; none alone.
        lora: Whether an adapter is trained.
    """

    title: str
    processes: int
    launcher: tuple[str, ...] = ()
    lora: bool = False

    @property
    def base(self) -> str:
        """The variant of one process that it is held against."""
        return "one-lora" if self.lora else "one"


TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc-per-node=2", "--no-python")


def _accelerate(file: str) -> tuple[str, ...]:
    words = ("accelerate.commands.launch", "--config_file", f"configs/accelerate/{file}.yaml")
    return (*words, "--num_processes", "2", "--mixed_precision", "no", "--no_python")


VARIANTS = {
    "one": Variant("one process", 1),
    "ddp": Variant("DDP x 2, torchrun", 2, TORCHRUN),
    "ddp-accelerate": Variant("DDP x 2, `accelerate launch`, `ddp.yaml`", 2, _accelerate("ddp")),
    "zero2": Variant("ZeRO-2 x 2, `zero2.yaml`", 2, _accelerate("zero2")),
    "zero3": Variant("ZeRO-3 x 2, `zero3.yaml`", 2, _accelerate("zero3")),
    "one-lora": Variant("one process, LoRA", 1, lora=True),
    "ddp-lora": Variant("DDP x 2, torchrun, LoRA", 2, TORCHRUN, lora=True),
    "zero2-lora": Variant("ZeRO-2 x 2, LoRA", 2, _accelerate("zero2"), lora=True),
    "zero3-lora": Variant("ZeRO-3 x 2, LoRA", 2, _accelerate("zero3"), lora=True),
}


def train(variant: Variant, run: Path, steps: int, deepspeed: Path | None) -> float:
    """Run the command; seconds it took.

    Raises:
        RuntimeError: It failed.
    """
    command = Path(sys.executable).with_name("suffice")
    words = [
        str(command),
        "train",
        "--output",
        str(run),
        f"grpo.max_steps={steps}",
        f"grpo.save_steps={steps}",
        f"grpo.per_device_train_batch_size={ROWS // variant.processes}",
        f"grpo.num_generations={GROUP}",
        "grpo.max_completion_length=96",
        f"grpo.adam_epsilon={EPSILON}",
        "grpo.warmup_steps=0",
        "problems.size=256",
        "accuracy_floor=null",
        "audit_tagger=null",
        f"keep_rollouts={{every: 1, count: {ROWS}}}",
        *([LORA] if variant.lora else []),
    ]
    start = [sys.executable, "-m", *variant.launcher] if variant.launcher else []
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    environment["PATH"] = f"{command.parent}:{environment['PATH']}"
    if deepspeed is not None:
        before = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{deepspeed}:{before}" if before else str(deepspeed)
    began = time.monotonic()
    said = run.with_suffix(".said")
    with said.open("w") as file:
        code = subprocess.run(
            [*start, *words], cwd=ROOT, env=environment, stdout=file, stderr=file, check=False
        ).returncode
    if code:
        raise RuntimeError(f"exit code {code}: {said.read_text()[-3000:]}")
    return time.monotonic() - began


def same_rollouts(one: Outcome, two: Outcome) -> tuple[int, int]:
    """How many rollouts have the same prompt and text, of how many."""
    pairs = [
        (a["problem_id"], a["text"]) == (b["problem_id"], b["text"])
        for name in one.rollouts
        for a, b in zip(one.rollouts[name], two.rollouts[name], strict=True)
    ]
    return sum(pairs), len(pairs)


def row(variant: Variant, seconds: float, one: Outcome, two: Outcome, start: Outcome) -> str:
    """A row of the table."""
    cells = [variant.title]
    for key in NUMBERS.values():
        pairs = zip(one.metrics, two.metrics, strict=True)
        cells.append(f"{max(abs(a[key] - b[key]) for a, b in pairs):.1e}")
    same, count = same_rollouts(one, two)
    cells += [f"{same} of {count}", f"{farthest(one.weights, two.weights):.1e}"]
    cells += [f"{farthest(two.weights, start.weights):.1e}", f"{seconds:.0f}"]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=[*VARIANTS])
    parser.add_argument("--deepspeed", type=Path)
    parser.add_argument("--steps", type=int, default=10)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    base = ROOT / "rl" / "overthinker" / "model" / "model.safetensors"
    start = Outcome(load_file(base), [], {}, [], {})
    heads = [*NUMBERS, "same rollouts", "policy", "policy moved", "seconds"]
    print(f"| largest difference of | {' | '.join(heads)} |\n|{'---|' * (1 + len(heads))}")
    for name in args.variants:
        variant, run = VARIANTS[name], args.folder / name
        seconds = 0.0
        if not (run / "result.json").is_file():
            seconds = train(variant, run, args.steps, args.deepspeed)
        one = outcome_of(args.folder / variant.base)
        print(row(variant, seconds, one, outcome_of(run), start), flush=True)


if __name__ == "__main__":
    main()
