"""The kit's sampler against `generate` of transformers: the same greedy tokens, and how fast.

    python -m tests.end_to_end.engines overthinker --prompts 200
    python -m tests.end_to_end.engines FOLDER --prompts 16 --tokens 16 --repeats 1

Prompts are problems of the overthinker's test split in the model's own chat template. Where two
completions part, the gap between the two likeliest logits at that place is printed: a gap near 0 is
a tie that rounding decides. Speeds are greedy tokens a second, prefill included, of the same rows;
the two engines take turns, and the median of the repeats counts. On a machine that others use, too,
the CPU second of a process with one thread (OMP_NUM_THREADS=1) says more than the clock.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any

from rl.policy.load import Policy, load_policy
from rl.problems.registry import load_problems
from rl.sampling.decoding import SamplingSettings
from rl.sampling.engine import Engine
from rl.sampling.registry import EngineName, build_engine
from tagger.errors import UserError
from tagger.thinking.families import named_delimiters

NAMES: tuple[EngineName, ...] = ("kit", "transformers")


def load(name: str) -> Policy:
    """Load a policy; one without thinking delimiters of its own gets ``<think>``."""
    try:
        return load_policy(name)
    except UserError:
        return load_policy(name, named_delimiters("<think>", "</think>"))


def engines(policy: Policy, tokens: int) -> dict[str, Engine]:
    """Both engines, greedy, fresh costs."""
    settings = SamplingSettings(temperature=0.0, max_new_tokens=tokens)
    parts = (policy.model, policy.tokenizer, policy.delimiters, settings)
    return {name: build_engine(name, *parts) for name in NAMES}


def gap(model: Any, ids: Sequence[int]) -> float:
    """Difference of the two largest logits of the token after `ids`."""
    import torch

    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([list(ids)], device=model.device)).logits[0, -1]
    first, second = logits.topk(2).values.tolist()
    return float(first - second)


def compare_tokens(policy: Policy, prompts: Sequence[str], tokens: int, batch_size: int) -> int:
    """Print how many greedy completions are equal, and where the others part."""
    both = engines(policy, tokens)
    ours, theirs = (both[n].sample(prompts, batch_size=batch_size) for n in NAMES)
    equal = 0
    for prompt, a, b in zip(prompts, ours, theirs, strict=True):
        if a.ids == b.ids:
            equal += 1
            continue
        pairs = enumerate(zip(a.ids, b.ids, strict=False))
        at = next((i for i, (x, y) in pairs if x != y), min(len(a.ids), len(b.ids)))
        prefix = policy.tokenizer.encode(prompt, add_special_tokens=False) + a.ids[:at]
        print(f"  prompt {a.prompt_index} parts at token {at}: gap {gap(policy.model, prefix):.2e}")
    total = sum(len(c.ids) for c in ours)
    print(
        f"equal greedy completions: {equal} of {len(prompts)} ({total} tokens, batch {batch_size})"
    )
    return equal


def compare_speed(
    policy: Policy, prompts: Sequence[str], tokens: int, batch_size: int, repeats: int
) -> None:
    """Print the tokens a second of both engines on the same rows, by the clock and by CPU time."""
    clock: dict[str, list[float]] = {name: [] for name in NAMES}
    busy: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(repeats):
        for name, engine in engines(policy, tokens).items():
            began = time.process_time()
            engine.sample(prompts, batch_size=batch_size)
            taken = time.process_time() - began
            clock[name].append(engine.cost.generated_tokens / engine.cost.seconds)
            busy[name].append(engine.cost.generated_tokens / taken)
    for what, found in (("second", clock), ("CPU second", busy)):
        kit, stock = (statistics.median(found[name]) for name in NAMES)
        print(
            f"batch {batch_size}, {len(prompts)} rows, tokens a {what}: kit {kit:.1f}, "
            f"transformers {stock:.1f}, ratio {kit / stock:.2f}",
            flush=True,
        )


def main() -> None:
    """Read the command line, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("model", metavar="MODEL", help="folder, Hub name, or overthinker")
    parser.add_argument("--prompts", type=int, default=200, help="prompts compared token by token")
    parser.add_argument("--tokens", type=int, default=420, help="most tokens of a completion")
    parser.add_argument("--speed-tokens", type=int, default=128, help="the same, for the speeds")
    parser.add_argument("--batches", default="1,32,256", help="batch sizes of the speeds")
    parser.add_argument("--least-rows", type=int, default=8, help="rows a speed is measured on")
    parser.add_argument("--repeats", type=int, default=3, help="speed measurements")
    args = parser.parse_args()
    batches = [int(size) for size in args.batches.split(",")]
    policy = load(args.model)
    problems = load_problems("overthinker", "test", max(args.prompts, *batches), 0)
    prompts = policy.prompting.render_all(policy.tokenizer, [p.question for p in problems])
    compare_tokens(policy, prompts[: args.prompts], args.tokens, 32)
    for size in batches:
        rows = prompts[: max(size, args.least_rows)]
        compare_speed(policy, rows, args.speed_tokens, size, args.repeats)


if __name__ == "__main__":
    main()
