"""What a GPU has to show, in one run of at most eight minutes; at toy size on a CPU.

    python -m tests.end_to_end.gpu_evidence OUT [--smollm2 FOLDER] [--labels FILE] [--minutes 8]
    python -m tests.end_to_end.gpu_evidence OUT --toy

Needs no network. An overthinker of 60 times the usual size is built; a control and a policy with a
charge on verification steps are trained (bfloat16 on a GPU) and compared; the engines are timed;
all layers but one of SmolLM2 are trained as the causal tagger. Shown are tokens a second of each
engine, the share of tagging in a step, and peak memory next to `suffice plan`. OUT/evidence.json is
written after every stage; a stage that fails or runs out of time is recorded and the next begins.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SUFFICE = "import sys; sys.argv[0] = 'suffice'; from launch.cli import main; sys.exit(main())"
LARGE = {"hidden": 640, "layers": 8, "heads": 10, "traces": 20_000, "batch_size": 32}
TOY = {"hidden": 32, "layers": 1, "heads": 2, "traces": 64, "batch_size": 16, "vocabulary": 300}
TERMS = {"correctness": {"weight": 1.0}, "step_count": {"types": {"VERIFY": {"weight": 1.0}}}}
GRPO = {"learning_rate": 5e-5, "num_generations": 8, "save_strategy": "no", "logging_steps": 1}
MEASURED = ("step_time", "timing/tagging_share", "timing/reward_share", "facts/tokens")


class Evidence:
    """Runs stages one after the other and writes down what each showed.

    Args:
        folder: A new folder.
        seconds: Most seconds of all stages.
        here: Run the commands in this process: on a CPU, a toy's imports take longer than its work.
    """

    def __init__(self, folder: Path, seconds: float, here: bool) -> None:
        folder.mkdir(parents=True)
        self.folder, self._end, self._here = folder, time.monotonic() + seconds, here
        self.found: dict[str, Any] = {}

    def stage(self, name: str, show: Callable[[], dict[str, Any]]) -> None:
        """Run one stage, unless the time is up; what goes wrong is what it shows then."""
        began = time.monotonic()
        try:
            shown = show() if began < self._end else {"left out": "the time was up"}
        except subprocess.TimeoutExpired:
            shown = {"failed": "the time was up"}
        except subprocess.CalledProcessError as error:
            shown = {"failed": (error.stderr or error.stdout or "").strip().splitlines()[-3:]}
        shown["seconds"] = round(time.monotonic() - began, 1)
        self.found[name] = shown
        print(name, json.dumps(shown), flush=True)
        (self.folder / "evidence.json").write_text(json.dumps(self.found, indent=1) + "\n")

    def suffice(self, *words: str) -> str:
        """Run a command of the kit within what is left of the time; its output."""
        from launch.cli import main

        return self._run(main, words, sys.executable, "-c", SUFFICE)

    def engines(self, *words: str) -> str:
        """Run the check of engines; its output."""
        from tests.end_to_end.engines import main

        return self._run(main, words, sys.executable, "-m", "tests.end_to_end.engines")

    def _run(self, main: Callable[[Sequence[str]], Any], words: Sequence[str], *by: str) -> str:
        if not self._here:
            left = max(1.0, self._end - time.monotonic())
            command = (*by, *words)
            return subprocess.run(
                command, capture_output=True, text=True, check=True, timeout=left
            ).stdout
        with redirect_stdout(io.StringIO()) as said, redirect_stderr(io.StringIO()) as errors:
            code = main(words)
        if code:
            raise subprocess.CalledProcessError(code, words, said.getvalue(), errors.getvalue())
        return said.getvalue()


def machine() -> dict[str, Any]:
    """Where this runs."""
    import torch

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    return {"gpu": gpu, "cores": os.cpu_count(), "torch": torch.__version__}


def metrics_of(run: Path) -> dict[str, Any]:
    """Medians of a run's steps but the first, and its peaks of memory in GiB."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    later = rows[1:] or rows
    found = {key: statistics.median(row[key] for row in later) for key in MEASURED}
    peaks = [key for key in ("memory/process", "memory/gpu") if key in rows[-1]]
    return found | {key: rows[-1][key] for key in peaks} | {"steps": len(rows)}


def planned_memory(run: Path, gpu: bool) -> float:
    """Peak in GiB that `suffice plan` says of a run."""
    from rl.scale.memory import memory_of
    from rl.scale.resolve import resolve
    from rl.scale.strategies import BY_NAME, CPU
    from rl.training.config import load_config

    found = resolve(load_config(run / "config.yaml"), int(gpu))
    strategy = BY_NAME["one_gpu"] if gpu else CPU
    return memory_of(found.shape, found.work, strategy, 0).peak / 2**30


def train(evidence: Evidence, model: Path, arm: str, toy: bool, gpu: bool) -> dict[str, Any]:
    """Train one policy; its metrics next to the plan."""
    weight = 0.1 if arm == "trained" else 0.0
    steps, rows, tokens = (2, 16, 48) if toy else (30, 256, 700)
    grpo = {"max_steps": steps, "per_device_train_batch_size": rows}
    grpo["max_completion_length"] = tokens
    terms = TERMS | {"step_count": TERMS["step_count"] | {"weight": weight}}
    config = {"model": str(model), "problems": {"source": "overthinker", "size": 600}}
    file = evidence.folder / f"{arm}.json"
    file.write_text(json.dumps(config | {"reward": {"terms": terms}, "grpo": GRPO | grpo}))
    run = evidence.folder / arm
    # An untrained toy has no gradient, which is no failure of what is measured.
    try:
        evidence.suffice("train", "--config", str(file), "--output", str(run))
    except subprocess.CalledProcessError as error:
        if error.returncode != 3:
            raise
    return metrics_of(run) | {"memory planned": planned_memory(run, gpu)}


def compare(evidence: Evidence, model: Path, toy: bool) -> dict[str, Any]:
    """Accuracy and tokens of base, control and trained."""
    names = ("control", "trained")
    policies = [f"{n}={evidence.folder / n / 'policy'}" for n in names]
    words = [f"problems.size={8 if toy else 300}", "samples=1", "rules={}", "oracle=false"]
    words += [f"max_new_tokens={48 if toy else 700}", f"batch_size={8 if toy else 256}"]
    out = evidence.folder / "comparison"
    words += ["--no-cache", "--output", str(out)]
    evidence.suffice("compare", f"base={model}", *policies, *words)
    arms = json.loads((out / "results.json").read_text())["arms"]
    return {name: {key: arm[key] for key in ("accuracy", "tokens")} for name, arm in arms.items()}


def speeds(evidence: Evidence, model: Path, other: str, toy: bool) -> dict[str, Any]:
    """Tokens a second of the kit's sampler and another engine."""
    prompts, tokens, batch = ("4", "24", "4") if toy else ("256", "400", "256")
    words = ["--other", other, "--prompts", prompts, "--tokens", tokens, "--batches", batch]
    words += ["--speed-tokens", tokens, "--repeats", "1"]
    said = evidence.engines(str(model), *words)
    equal = re.search(r"equal completions .*", said)
    speed = re.search(r"tokens a second: kit ([\d.]+), \w+ ([\d.]+)", said)
    assert equal is not None and speed is not None, said
    return {"kit": float(speed[1]), other: float(speed[2]), "tokens": equal.group()}


def teacher(evidence: Evidence, model: str, labels: str) -> dict[str, Any]:
    """Train 29 of SmolLM2's 30 layers as the causal tagger."""
    words = ("--labels", labels, f"model={model}", "lower=1", "upper=29", "epochs=1")
    out = ("--output", str(evidence.folder / "teacher"))
    said = evidence.suffice("tagger", "train", "--backend", "causal", *words, *out)
    return {"said": said.strip().splitlines()[-6:]}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and run all stages."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path, metavar="OUT", help="new folder")
    parser.add_argument("--toy", action="store_true", help="the smallest sizes, for a CPU")
    parser.add_argument("--smollm2", metavar="FOLDER", help="SmolLM2-135M-Instruct")
    parser.add_argument("--labels", metavar="FILE", help="labelled steps")
    parser.add_argument("--minutes", type=float, default=8.0)
    args = parser.parse_args(arguments)
    evidence = Evidence(args.out, 60 * args.minutes, here=args.toy)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    evidence.stage("machine", machine)
    gpu = evidence.found["machine"].get("gpu") is not None
    model = evidence.folder / "overthinker"
    sizes = [f"{key}={value}" for key, value in (TOY if args.toy else LARGE).items()]
    problems = ("--problems", "4" if args.toy else "200")

    def build() -> dict[str, Any]:
        said = evidence.suffice("overthinker", "build", "--output", str(model), *problems, *sizes)
        return {"said": said.strip().splitlines()[-3:]}

    evidence.stage("build", build)
    for arm in ("control", "trained"):
        evidence.stage(arm, lambda arm=arm: train(evidence, model, arm, args.toy, gpu))
    others = ["transformers", *(["vllm"] if find_spec("vllm") else [])]
    for other in others:
        evidence.stage(f"engine {other}", lambda o=other: speeds(evidence, model, o, args.toy))
    if (evidence.folder / "trained" / "policy").is_dir():
        evidence.stage("comparison", lambda: compare(evidence, model, args.toy))
    if args.smollm2 and args.labels:
        evidence.stage("teacher", lambda: teacher(evidence, args.smollm2, args.labels))


if __name__ == "__main__":
    main()
