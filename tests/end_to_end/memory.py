"""Peak memory of trainings on a CPU next to what `suffice plan` says: two steps, a process each.

python -m tests.end_to_end.memory [--smollm2 FOLDER] [--repeats 3] [CASE ...]

Prints a Markdown table, with the median of the peaks, which differ from run to run. Both steps have
a gradient, whatever the model answers, for repetition is charged; the plan is asked for the longest
prompt and the longest completion that were there, as a policy may answer in fewer tokens than it
is allowed. Without a folder of SmolLM2-135M-Instruct (transformers' format) only the overthinker is
trained. Set OMP_NUM_THREADS=1; each run takes up to a minute or two.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

GIB = 2**30
LORA = {"r": 8}
REWARD = {
    "terms": {
        "correctness": {"weight": 1.0},
        "repetition": {"weight": 0.5, "ngram": 2, "gate": "none"},
    }
}


def overthinker(rows: int, **grpo: Any) -> dict[str, Any]:
    sizes = {"per_device_train_batch_size": rows, "num_generations": 8, "max_completion_length": 96}
    return {
        "model": "overthinker",
        "problems": {"source": "overthinker", "size": 600},
        "reward": REWARD,
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
        "reward": REWARD,
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
    """Train in this process; print peak, longest prompt and completion, and seconds as JSON."""
    from launch.bootstrap import set_environment, stay_offline

    set_environment()
    stay_offline()
    from rl import run_files
    from rl.policy.context import longest_prompt
    from rl.policy.load import load_tokenizer
    from rl.problems.registry import load
    from rl.training.config import config_from_dict
    from rl.training.run import run_training
    from rl.training.run_folder import logged_rows

    config = config_from_dict(values)
    tokenizer, _ = load_tokenizer(config)
    prompt = longest_prompt(config, tokenizer, [p.question for p in load(config.problems)])
    with tempfile.TemporaryDirectory() as folder:
        config.output = f"{folder}/run"
        start = time.perf_counter()
        run_training(config)
        rows = logged_rows(Path(config.output) / run_files.METRICS)
    found = {
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "prompt": prompt,
        "completion": int(max(row["completions/max_length"] for row in rows)),
        "seconds": time.perf_counter() - start,
    }
    print(json.dumps(found))


def planned(values: dict[str, Any], prompt: int, completion: int) -> float:
    """Bytes that `suffice plan` says for prompts and completions of so many tokens."""
    from rl.scale.memory import memory_of
    from rl.scale.resolve import resolve
    from rl.scale.strategies import CPU
    from rl.training.config import config_from_dict

    grpo = {**values["grpo"], "max_completion_length": completion}
    found = resolve(config_from_dict({**values, "grpo": grpo}), 0, prompt)
    return memory_of(found.shape, found.work, CPU, 0).peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", choices=[*CASES, []])
    parser.add_argument("--smollm2", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--train", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.train:
        train(json.loads(args.train))
        return
    print("| training | longest completion | measured, GiB | planned, GiB | difference |")
    print("|---|---|---|---|---|", flush=True)
    for name in args.cases or CASES:
        title, values = CASES[name]
        if values["model"] == "SMOLLM2":
            if args.smollm2 is None:
                continue
            values = {**values, "model": str(args.smollm2)}
        command = [sys.executable, "-m", "tests.end_to_end.memory", "--train", json.dumps(values)]
        runs = []
        for _ in range(args.repeats):
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            runs.append(json.loads(out.strip().splitlines()[-1]))
        peaks = sorted(run["peak"] for run in runs)
        peak, longest = statistics.median(peaks), max(run["completion"] for run in runs)
        plan = planned(values, runs[0]["prompt"], longest)
        print(
            f"| {title} | {longest} | {peak / GIB:.2f} ({peaks[0] / GIB:.2f}–{peaks[-1] / GIB:.2f})"
            f" | {plan / GIB:.2f} | {100 * (plan / peak - 1):+.0f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
