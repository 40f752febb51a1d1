"""What `suffice tag` costs from end to end, over tagging alone as `tagger bench` measures it.

    python -m tests.end_to_end.tag_cost FILE [ROUNDS] [TOKENIZER]

Processor time of whole runs in this process, start-up apart, each paired with a pass of the bench
over the same traces that goes before it; printed are the ratios and their medians. The last line is
for the facts of the same traces as rollouts, as a reward computes them, with a tokenizer and in
batches of the bench's size.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from launch.cli import main as suffice
from launch.tagging.tokenizers import load_any_tokenizer
from rewards.facts.compute import FactsComputer, Task
from tagger.evaluation.speed import tag_batches
from tagger.frozen import FrozenTagger
from tagger.traces.files import find_inputs, read_files

BATCH = 64
WAYS = {
    "--json": ["--json"],
    "view=table": ["view=table"],
    "--output": ["view=table", "--output"],
    "--html": ["view=table", "--html"],
}


def seconds(work: Callable[[], object]) -> float:
    """Processor time of a piece of work."""
    began = time.process_time()
    work()
    return time.process_time() - began


def tag(file: str, words: list[str]) -> None:
    """One run of the command, its output thrown away."""
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        new = [str(Path(folder) / "new")] if words[-1] in ("--output", "--html") else []
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            if suffice(["tag", file, *words, *new]):
                raise SystemExit(f"suffice tag {file} {' '.join(words)} failed")


def show(name: str, ratios: list[float]) -> None:
    """Print the ratios of one way and their median."""
    shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"{name:>10}: {shown}; median {statistics.median(ratios):.2f}", flush=True)


def run(file: str, rounds: int = 3, tokens: str = "overthinker") -> None:
    """Measure and print."""
    tagger = FrozenTagger.load()
    sources = list(read_files(find_inputs([file])))
    traces = [(t.question, tagger.segmenter.split(t.thinking)) for t in sources]
    print(f"{len(traces)} traces, {sum(len(steps) for _, steps in traces)} steps, {rounds} rounds")
    tag_batches(tagger, traces, BATCH)

    def over_bench(work: Callable[[], object]) -> float:
        alone = tag_batches(tagger, traces, BATCH).process_seconds
        return seconds(work) / alone

    for name, words in WAYS.items():
        show(name, [over_bench(partial(tag, file, words)) for _ in range(rounds)])

    tokenizer, delimiters = load_any_tokenizer(tokens)
    words = tagger.extras.known_words  # as training does
    facts = FactsComputer(tagger, tokenizer, delimiters, known_words=words)
    # The answer is the reference alone: its steps are tagged too, and the bench has no answers.
    texts = [f"{delimiters.open}{t.thinking}{delimiters.close}\n{t.reference}" for t in sources]
    ids = [[*tokenizer.encode(x, add_special_tokens=False), tokenizer.eos_token_id] for x in texts]
    tasks = [Task(t.question, t.reference) for t in sources]

    def in_batches() -> None:
        for at in range(0, len(ids), BATCH):
            facts(ids[at : at + BATCH], tasks[at : at + BATCH])

    show("facts", [over_bench(in_batches) for _ in range(rounds)])


if __name__ == "__main__":
    run(sys.argv[1], *map(int, sys.argv[2:3]), *sys.argv[3:4])
