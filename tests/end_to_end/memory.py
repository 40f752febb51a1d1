"""Peak memory of trainings on a CPU next to what `suffice plan` says: two steps, a process each.

python -m tests.end_to_end.memory [--smollm2 FOLDER] [CASE ...]

Prints a Markdown table. Without a folder of SmolLM2-135M-Instruct (transformers' format) only the
overthinker is trained. Set OMP_NUM_THREADS=1 and leave the machine alone; each case takes up to a
minute.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

GIB = 2**30
LORA = {"r": 8}


def overthinker(rows: int, **grpo: Any) -> dict[str, Any]:
    sizes = {"per_device_train_batch_size": rows, "num_generations": 8, "max_completion_length": 96}
    return {
        "model": "overthinker",
        "problems": {"source": "overthinker", "size": 600},
        "grpo": {"max_steps": 2, "save_strategy": "no", **sizes, **grpo},
    }


def smollm2(
    rows: int, length: int, lora: dict[str, Any] | None = None, **grpo: Any
) -> dict[str, Any]:
    sizes = {"per_device_train_batch_size": rows, "num_generations": 4}
    return {
        "model": "SMOLLM2",
        "delimiters": {"open": "<think>", "close": "</think>"},
        "problems": {"source": "overthinker", "size": 64},
        "lora": lora,
        "grpo": {
            "max_steps": 2, "save_strategy": "no", "max_completion_length": length, **sizes, **grpo
        },
    }  # fmt: skip


CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "overthinker-64": ("overthinker, all weights, 64 rows of 96 tokens", overthinker(64)),
    "overthinker-512": ("overthinker, all weights, 512 rows of 96 tokens", overthinker(512)),
    "overthinker-lora": (
        "overthinker, LoRA, 256 rows of 96 tokens",
        {**overthinker(256), "lora": LORA},
    ),
    "smollm2-full": ("SmolLM2, all weights, 4 rows of 128 tokens", smollm2(4, 128)),
    "smollm2-full-2": (
        "SmolLM2, all weights, 2 x 4 rows of 64 tokens",
        smollm2(4, 64, gradient_accumulation_steps=2),
    ),
    "smollm2-full-saved": (
        "SmolLM2, all weights, 8 rows of 128 tokens, checkpointing",
        smollm2(8, 128, gradient_checkpointing=True),
    ),
    "smollm2-lora": ("SmolLM2, LoRA, 4 rows of 128 tokens", smollm2(4, 128, LORA)),
    "smollm2-lora-256": ("SmolLM2, LoRA, 8 rows of 256 tokens", smollm2(8, 256, LORA)),
    "smollm2-lora-saved": (
        "SmolLM2, LoRA, 8 rows of 256 tokens, checkpointing",
        smollm2(8, 256, LORA, gradient_checkpointing=True),
    ),
}


def train(values: dict[str, Any]) -> None:
    """Train in this process, and print peak, prompt length and seconds as JSON."""
    from launch.bootstrap import set_environment, stay_offline

    set_environment()
    stay_offline()
    from rl.analysis.signal import NoSignalError
    from rl.policy.context import longest_prompt
    from rl.policy.load import load_tokenizer
    from rl.problems.registry import load
    from rl.training.config import config_from_dict
    from rl.training.run import run_training

    config = config_from_dict(values)
    tokenizer, _ = load_tokenizer(config)
    prompt = longest_prompt(config, tokenizer, [p.question for p in load(config.problems)])
    with tempfile.TemporaryDirectory() as folder:
        config.output = f"{folder}/run"
        start = time.perf_counter()
        with suppress(NoSignalError):  # two steps of equal rewards take the same memory
            run_training(config)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"peak": peak, "prompt": prompt, "seconds": time.perf_counter() - start}))


def planned(values: dict[str, Any], prompt: int) -> float:
    """Bytes that `suffice plan` says."""
    from rl.scale.memory import memory_of
    from rl.scale.resolve import resolve
    from rl.scale.strategies import CPU
    from rl.training.config import config_from_dict

    found = resolve(config_from_dict(values), 0, prompt)
    return memory_of(found.shape, found.work, CPU, 0).peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", choices=[*CASES, []])
    parser.add_argument("--smollm2", type=Path)
    parser.add_argument("--train", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.train:
        train(json.loads(args.train))
        return
    print("| training | measured, GiB | planned, GiB | difference |\n|---|---|---|---|", flush=True)
    for name in args.cases or CASES:
        title, values = CASES[name]
        if values["model"] == "SMOLLM2":
            if args.smollm2 is None:
                continue
            values = {**values, "model": str(args.smollm2)}
        command = [sys.executable, "-m", "tests.end_to_end.memory", "--train", json.dumps(values)]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = json.loads(out.strip().splitlines()[-1])
        plan, peak = planned(values, found["prompt"]), found["peak"]
        print(
            f"| {title} | {peak / GIB:.2f} | {plan / GIB:.2f} | {100 * (plan / peak - 1):+.0f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
