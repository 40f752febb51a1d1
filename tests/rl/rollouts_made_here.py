"""Random rollouts: the overthinker's written traces, cut, spliced and spoilt in every way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rl.overthinker.build import written_traces
from rl.overthinker.traces import Trace
from rl.problems.problem import Problem

STRAY = (
    "\n\n", "让我检查。再确认一遍。", "Wait, let me check: 7. 🙂", "é", "<think>", "</think>",
    "\\boxed{3}", "Therefore, the answer is 12.", " ",
)  # fmt: skip


@dataclass(frozen=True)
class MadeRollout:
    """A problem, a completion of it as token ids, and how it was made."""

    problem: Problem
    ids: list[int]
    kind: str


def whole(rng: random.Random, traces: Sequence[Trace]) -> str:
    return traces[0].completion


def missing_close(rng: random.Random, traces: Sequence[Trace]) -> str:
    return traces[0].completion.replace("</think>", "")


def written_open(rng: random.Random, traces: Sequence[Trace]) -> str:
    return f"<think>\n{traces[0].completion}"


def later_block(rng: random.Random, traces: Sequence[Trace]) -> str:
    return f"{traces[0].completion}\n<think>\n{traces[1].completion}"


def hidden_checks(rng: random.Random, traces: Sequence[Trace]) -> str:
    return f"{traces[0].completion}\n\n{traces[1].thinking}\n\nSo {traces[0].answer}."


def no_answer(rng: random.Random, traces: Sequence[Trace]) -> str:
    return f"{traces[0].thinking}\n</think>{rng.choice(['', ' ', 'Done.'])}"


def no_thinking(rng: random.Random, traces: Sequence[Trace]) -> str:
    opening = rng.choice(["", "\n</think>\n\n", "<think>\n\n</think>\n\n"])
    return f"{opening}The answer is \\boxed{{{traces[0].answer}}}."


def other_answer(rng: random.Random, traces: Sequence[Trace]) -> str:
    return f"{traces[0].thinking}\n</think>\n\nThe answer is \\boxed{{{traces[1].answer}}}."


def two_closes(rng: random.Random, traces: Sequence[Trace]) -> str:
    return f"{traces[0].thinking}\n</think>\n\n{traces[1].thinking}\n</think>\n\n\\boxed{{1}}"


def spliced(rng: random.Random, traces: Sequence[Trace]) -> str:
    a, b = traces[0].completion, traces[1].completion
    return a[: rng.randrange(len(a))] + b[rng.randrange(len(b)) :]


def strewn(rng: random.Random, traces: Sequence[Trace]) -> str:
    text = traces[0].completion
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(STRAY) + text[at:]
    return text


def stray_only(rng: random.Random, traces: Sequence[Trace]) -> str:
    return "".join(rng.choices(STRAY, k=rng.randint(0, 6)))


KINDS: tuple[Callable[[random.Random, Sequence[Trace]], str], ...] = (
    whole, missing_close, written_open, later_block, hidden_checks, no_answer, no_thinking,
    other_answer, two_closes, spliced, strewn, stray_only,
)  # fmt: skip


def random_rollouts(tokenizer: Any, count: int, seed: int = 0) -> Iterator[MadeRollout]:
    """Make rollouts, each kind about as often as the others.

    A third is cut off at a random token, in the middle of a character perhaps; the rest ends with
    an end token.

    Args:
        tokenizer: A tokenizer with an end token.
        count: How many.
        seed: Seed of everything.
    """
    rng = random.Random(seed)
    pairs = list(written_traces(count, seed))
    for problem, trace in pairs:
        make = rng.choice(KINDS)
        text = make(rng, (trace, rng.choice(pairs)[1]))
        ids = [int(i) for i in tokenizer.encode(text, add_special_tokens=False)]
        kind = make.__name__
        if rng.random() < 1 / 3:
            ids, kind = ids[: rng.randrange(len(ids) + 1)], f"{kind}, cut off"
        else:
            ids.append(tokenizer.eos_token_id)
        yield MadeRollout(problem, ids, kind)


def kinds_of(rollouts: Sequence[MadeRollout]) -> Counter[str]:
    """How many rollouts of each kind there are."""
    return Counter(r.kind for r in rollouts)
