"""The kit's sampler against `generate` of transformers, or vLLM: the same tokens, and how fast.

    python -m tests.end_to_end.engines overthinker --prompts 200
    python -m tests.end_to_end.engines FOLDER --prompts 16 --tokens 16 --repeats 1
    python -m tests.end_to_end.engines overthinker --other vllm [--temperature 1] [--repeats 0]

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
from dataclasses import dataclass
from typing import Any

from rl.policy.config import DelimitersConfig, PolicyConfig
from rl.policy.load import Policy, load_policy
from rl.problems.registry import load_problems
from rl.sampling.decoding import SamplingSettings
from rl.sampling.engine import Engine, EngineCost
from rl.sampling.registry import build_engine
from rl.sampling.vllm_policy import load_vllm_engine
from tagger.errors import UserError
from tagger.thinking.families import named_delimiters

THINK = {"open": "<think>", "close": "</think>"}


def load(name: str) -> Policy:
    """Load a policy; one without thinking delimiters of its own gets ``<think>``."""
    try:
        return load_policy(name)
    except UserError:
        return load_policy(name, named_delimiters("<think>", "</think>"))


@dataclass(frozen=True)
class Pair:
    """A policy and the engine that the kit's own is held against."""

    name: str
    policy: Policy
    other: str
    temperature: float

    def engines(self, tokens: int) -> dict[str, Engine]:
        """Both engines, fresh costs."""
        settings = SamplingSettings(temperature=self.temperature, max_new_tokens=tokens)
        loaded = self.policy
        parts = (loaded.model, loaded.tokenizer, loaded.delimiters, settings)
        kit = build_engine("kit", *parts)
        if self.other == "transformers":
            return {"kit": kit, self.other: build_engine("transformers", *parts)}
        config = PolicyConfig(model=self.name, delimiters=DelimitersConfig(**THINK))
        return {"kit": kit, self.other: load_vllm_engine(config, settings)}


def gap(model: Any, ids: Sequence[int]) -> float:
    """Difference of the two largest logits of the token after `ids`."""
    import torch

    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([list(ids)], device=model.device)).logits[0, -1]
    first, second = logits.topk(2).values.tolist()
    return float(first - second)


def parting(a: Sequence[int], b: Sequence[int]) -> int:
    """Place of the first token in which two completions differ; the end of the shorter one."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((i for i, (x, y) in pairs if x != y), min(len(a), len(b)))


def compare_tokens(pair: Pair, prompts: Sequence[str], tokens: int, batch_size: int) -> int:
    """Print how many completions are equal, and where the others part."""
    policy, both = pair.policy, pair.engines(tokens).values()
    ours, theirs = (engine.sample(prompts, batch_size=batch_size) for engine in both)
    equal = 0
    for prompt, a, b in zip(prompts, ours, theirs, strict=True):
        if a.ids == b.ids:
            equal += 1
            continue
        at = parting(a.ids, b.ids)
        prefix = policy.tokenizer.encode(prompt, add_special_tokens=False) + a.ids[:at]
        print(f"  prompt {a.prompt_index} parts at token {at}: gap {gap(policy.model, prefix):.2e}")
    total = sum(len(c.ids) for c in ours)
    print(
        f"equal completions at temperature {pair.temperature:g}: {equal} of {len(prompts)} "
        f"({total} tokens, batch {batch_size}, {pair.other})"
    )
    return equal


def compare_speed(
    pair: Pair, prompts: Sequence[str], tokens: int, batch_size: int, repeats: int
) -> None:
    """Print the tokens a second of both engines on the same rows, by the clock and by CPU time."""
    names = ("kit", pair.other)
    clock: dict[str, list[float]] = {name: [] for name in names}
    busy: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(repeats):
        for name, engine in pair.engines(tokens).items():
            engine.sample(prompts[:1], batch_size=1)  # starts what there is to start
            engine.cost = EngineCost()
            began = time.process_time()
            engine.sample(prompts, batch_size=batch_size)
            taken = time.process_time() - began
            clock[name].append(engine.cost.generated_tokens / engine.cost.seconds)
            busy[name].append(engine.cost.generated_tokens / taken)
    for what, found in (("second", clock), ("CPU second", busy)):
        kit, stock = (statistics.median(found[name]) for name in names)
        print(
            f"batch {batch_size}, {len(prompts)} rows, tokens a {what}: kit {kit:.1f}, "
            f"{pair.other} {stock:.1f}, ratio {kit / stock:.2f}",
            flush=True,
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("model", metavar="MODEL", help="folder, Hub name, or overthinker")
    parser.add_argument("--prompts", type=int, default=200, help="prompts compared token by token")
    parser.add_argument("--tokens", type=int, default=420, help="most tokens of a completion")
    parser.add_argument("--speed-tokens", type=int, default=128, help="the same, for the speeds")
    parser.add_argument("--batches", default="1,32,256", help="batch sizes of the speeds")
    parser.add_argument("--least-rows", type=int, default=8, help="rows a speed is measured on")
    parser.add_argument("--repeats", type=int, default=3, help="speed measurements")
    parser.add_argument("--other", default="transformers", choices=["transformers", "vllm"])
    parser.add_argument("--temperature", type=float, default=0.0, help="of the tokens compared")
    args = parser.parse_args(arguments)
    batches = [int(size) for size in args.batches.split(",")]
    policy = load(args.model)
    pair = Pair(args.model, policy, args.other, args.temperature)
    problems = load_problems("overthinker", "test", max(args.prompts, *batches), 0)
    prompts = policy.prompting.render_all(policy.tokenizer, [p.question for p in problems])
    compare_tokens(pair, prompts[: args.prompts], args.tokens, 32)
    for size in batches:
        rows = prompts[: max(size, args.least_rows)]
        if args.repeats:
            compare_speed(pair, rows, args.speed_tokens, size, args.repeats)


if __name__ == "__main__":
    main()
