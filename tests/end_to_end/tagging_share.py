"""How much of a training step goes into tagging and rewards, at 8 completions of 4,096 tokens.

    python -m tests.end_to_end.tagging_share TRACES --tokenizer FOLDER [RECIPE ...]

TRACES are real traces (a file or folder that `suffice tag` reads) that stand in for rollouts: those
of at least so many tokens, cut there, each batch other ones. Timed is what a training step does
with them once they are generated: decode, split, tag, check the answer, facts, terms, advantages.
Set OMP_NUM_THREADS=1. The seconds (with workers those of the clock, for which the machine must be
idle, else processor seconds of the one thread) are held against those that
`suffice plan` says of a step of the same batch, and of the recipe's own batch, for each recipe and
card; the share is what the rewards take of a step that waits for them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from launch.recipes import find_recipe
from launch.tagging.tokenizers import load_any_tokenizer
from rewards.facts.compute import FactsComputer, Task
from rewards.stack import RewardStack, build_stack
from rl.scale.cards import card_named
from rl.scale.duration import seconds_of
from rl.scale.resolve import resolve
from rl.scale.strategies import BY_NAME
from rl.training.config import RewardConfig, RunConfig, load_config
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.thinking.split import PromptEnd
from tagger.traces.files import find_inputs, read_files

RECIPES = ("deepseek-r1-distill-qwen-1.5b/math", "deepseek-r1-distill-qwen-7b/math")


@dataclass(frozen=True)
class Spent:
    """Seconds that one batch took.

    Attributes:
        tagging: Decoding, splitting, tagging and checking answers.
        terms: Facts and reward terms.
        processor: Processor time of both.
        steps: Steps tagged.
    """

    tagging: float
    terms: float
    processor: float
    steps: int


def batches(
    path: str, tokenizer: Any, rows: int, tokens: int, count: int
) -> list[list[tuple[list[int], Task]]]:
    """Batches of completions of exactly so many tokens, each with its task.

    Raises:
        UserError: There are too few traces of that length.
    """
    found: list[tuple[list[int], Task]] = []
    for trace in read_files(find_inputs([path])):
        if len(trace.thinking) < 2 * tokens:  # no tokenizer writes so few characters a token
            continue
        ids = tokenizer.encode(trace.thinking, add_special_tokens=False)
        if len(ids) >= tokens:
            found.append((ids[:tokens], Task(trace.question, trace.reference or "0")))
        if len(found) == rows * count:
            return [found[i : i + rows] for i in range(0, len(found), rows)]
    raise UserError(
        f"{path} holds {len(found)} traces of {tokens} tokens or more, {rows * count} are needed; "
        "lower --batches or --tokens."
    )


def measure(
    facts: FactsComputer, stack: RewardStack, work: Sequence[Sequence[tuple[list[int], Task]]]
) -> Iterator[Spent]:
    """Score each batch as a training step does."""
    for batch in work:
        ids, tasks = [row for row, _ in batch], [task for _, task in batch]
        began, busy = time.perf_counter(), time.process_time()
        analyses = facts.analyze(ids, tasks)
        between = time.perf_counter()
        table = torch.from_numpy(facts.table(analyses, tasks))
        stack.total(stack.table(table, torch.zeros(len(batch), dtype=torch.long)), 0)
        ended = time.perf_counter()
        steps = sum(len(a.steps) + len(a.outside) for a in analyses)
        yield Spent(between - began, ended - between, time.process_time() - busy, steps)


def step_seconds(config: RunConfig, card: str) -> tuple[float, int]:
    """What `suffice plan` says of a step on one card, and the tokens of its completions."""
    found = resolve(config, 1)
    seconds = seconds_of(found.shape, found.work, BY_NAME["one_gpu"], card_named(card))
    return sum(seconds.values()), found.work.rows * found.work.accumulation * found.work.completion


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("traces", metavar="TRACES")
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", default=RECIPES)
    parser.add_argument("--tokenizer", default="overthinker", metavar="FOLDER")
    parser.add_argument("--tagger", help="a folder or packaged name (default: the packaged one)")
    parser.add_argument("--rows", type=int, default=8, help="completions of a rank")
    parser.add_argument("--tokens", type=int, default=4096, help="tokens of a completion")
    parser.add_argument("--batches", type=int, default=5)
    parser.add_argument("--workers", type=int, default=0, help="as the key tagging_workers")
    parser.add_argument("--cards", default="h100,a100-80,l4")
    args = parser.parse_args()
    tagger = FrozenTagger.load(args.tagger) if args.tagger else FrozenTagger.load()
    tokenizer, delimiters = load_any_tokenizer(args.tokenizer)
    inside, workers = PromptEnd.INSIDE, args.workers
    words = tagger.extras.known_words  # as training does
    facts = FactsComputer(
        tagger, tokenizer, delimiters, after=inside, workers=workers, known_words=words
    )
    stack = build_stack(RewardConfig().terms, tagger.taxonomy)
    work = batches(args.traces, tokenizer, args.rows, args.tokens, args.batches + 1)
    _, *spent = measure(facts, stack, work)  # the first warms up
    wall = statistics.median(s.tagging + s.terms for s in spent)
    seconds = wall if workers else statistics.median(s.processor for s in spent)
    print(
        f"{args.rows} x {args.tokens} tokens, median of {len(spent)} batches: {wall:.2f} s "
        f"(tagging {statistics.median(s.tagging for s in spent):.2f}, facts and terms "
        f"{statistics.median(s.terms for s in spent):.2f}; processor "
        f"{statistics.median(s.processor for s in spent):.2f}; "
        f"{statistics.median(s.steps for s in spent):.0f} steps)"
    )
    print("| recipe | card | batch | step planned, s | rewards, s | share |")
    print("|---|---|---|---|---|---|")
    same = (
        f"grpo.per_device_train_batch_size={args.rows}",
        "grpo.gradient_accumulation_steps=1",
        f"grpo.num_generations={args.rows}",
        f"grpo.max_completion_length={args.tokens}",
    )
    for name in args.recipes:
        recipe = find_recipe(name)
        for words in (same, ()):
            config = load_config(recipe.path, words, recipe.arms[0])
            for card in args.cards.split(","):
                step, tokens = step_seconds(config, card)
                ours = seconds * tokens / (args.rows * args.tokens)
                length = args.tokens if words else config.grpo["max_completion_length"]
                batch = f"{tokens // length} x {length}"
                share = ours / (step + ours)
                print(f"| {name} | {card} | {batch} | {step:.1f} | {ours:.2f} | {share:.1%} |")


if __name__ == "__main__":
    main()
