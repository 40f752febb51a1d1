"""Dynamic sampling: groups without spread are drawn again with other problems, so many times.

A group whose advantages are all equal moves nothing. Before TRL sees the batch, rollouts are drawn
and scored here; each group without spread gets another problem, until every group has spread or
the draws are used up, and then the batch is used as it is. Every process decides by the gathered
table and by noise of seed, step and the problems tried alone, so all take the same decision and a
resumed run takes those of the one that was killed.

Source: DAPO, arXiv 2503.14476, which fills whole batches anew; DLER, arXiv 2510.15110.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from accelerate.utils import gather

from rewards.facts.analysis import RolloutAnalysis
from rl.training.advantages.scoring import BatchScorer, GatheredBatch, Row
from rl.training.grpo.keys import keys_of_other_sampling
from rl.training.sharding import weights_in_parts
from tagger.errors import UserError


@dataclass(frozen=True)
class Drawn:
    """The batch of one process after drawing.

    Attributes:
        rows: Rows of the data set, one a rollout.
        completion_ids: Token ids of the completions.
        analyses: What each shows.
        metrics: What is logged, under ``dynamic_sampling/``.
        first: The batch of all processes as it was first drawn, not chosen by its outcome.
    """

    rows: list[Row]
    completion_ids: list[list[int]]
    analyses: list[RolloutAnalysis]
    metrics: dict[str, float]
    first: GatheredBatch | None = None


@dataclass(frozen=True)
class Drawing:
    """Where a batch stands and how often it is drawn.

    Attributes:
        size: Rollouts of a group; groups are contiguous over the processes.
        first: This process's first row among those of all.
        max_draws: Most draws of a group, the first included.
        key: What the choice of problems depends on, next to those of the batch: seed and step.
    """

    size: int
    first: int
    max_draws: int
    key: tuple[int, ...]

    def group(self, row: int) -> int:
        """The group of a row of this process."""
        return (self.first + row) // self.size


def draw_batch(trainer: Any, scorer: BatchScorer, rows: Sequence[Row], max_draws: int) -> Drawn:
    """Draw this process's part of a trainer's batch; see `draw_with_spread`.

    Args:
        trainer: A `StepGRPOTrainer`, whose data set has a row a problem, in order.
        scorer: Scores its batches.
        rows: The rows that TRL wants rollouts of.
        max_draws: Most draws of a group.
    """
    accelerator, batches = trainer.accelerator, list[GatheredBatch]()

    def flat(found: Sequence[RolloutAnalysis], asked: Sequence[Row]) -> torch.Tensor:
        batches.append(trainer.score(found, asked))
        return scorer.flat(batches[-1].scored)

    def sample(asked: Sequence[Row], places: Sequence[int], draw: int) -> list[list[int]]:
        prompt_ids, *_ = trainer._tokenize_prompts([row["prompt"] for row in asked])
        drawn: list[list[int]] = trainer.draw_rollouts(prompt_ids, places, draw)
        return drawn

    drawn = draw_with_spread(
        rows,
        trainer.train_dataset,
        Drawing(
            size=trainer.num_generations,
            first=accelerator.process_index * len(rows),
            max_draws=max_draws,
            key=(trainer.args.seed, trainer.state.global_step),
        ),
        sample,
        scorer.analyze,
        flat,
        lambda tensor: gather(tensor.to(accelerator.device)).cpu(),
    )
    return replace(drawn, first=batches[0])


def draw_with_spread(
    rows: Sequence[Row],
    data: Sequence[Row],
    drawing: Drawing,
    sample: Callable[[Sequence[Row], Sequence[int], int], list[list[int]]],
    analyze: Callable[[list[list[int]], Sequence[Row]], list[RolloutAnalysis]],
    flat_groups: Callable[[Sequence[RolloutAnalysis], Sequence[Row]], torch.Tensor],
    gather: Callable[[torch.Tensor], torch.Tensor],
) -> Drawn:
    """Draw rollouts, and again for groups without spread; called on every process alike.

    Args:
        rows: This process's part of the batch, a row a rollout.
        data: All rows of the training data, by problem.
        drawing: Where the batch stands.
        sample: Draws a completion for each row, given the rows' places in the batch of all
            processes and how often the batch was drawn before.
        analyze: Analyses completions.
        flat_groups: Says of every group of the whole batch whether it has no spread; gathers.
        gather: Gathers a tensor from all processes.
    """
    rows, ids = list(rows), [[0]] * len(rows)
    analyses: list[Any] = [None] * len(rows)
    todo, tried, discarded, redrawn = list(range(len(rows))), list[int](), 0, 0
    for draw in range(1, drawing.max_draws + 1):
        asked = [rows[i] for i in todo]
        places = [drawing.first + i for i in todo]
        drawn = sample(asked, places, draw - 1) if asked else []
        found = analyze(drawn, asked) if asked else []
        for i, completion, analysis in zip(todo, drawn, found, strict=True):
            ids[i], analyses[i] = completion, analysis
        flat = flat_groups(analyses, rows)
        problems = gather(torch.tensor([row["problem"] for row in rows]))
        tried += problems[:: drawing.size].tolist()
        numbers = flat.nonzero().flatten().tolist()
        new = other_problems(len(numbers), range(len(data)), tried, drawing.key)
        if draw == drawing.max_draws or not new:
            break
        chosen = dict(zip(numbers, new, strict=False))  # where too few are left, those stay
        todo = [i for i in range(len(rows)) if drawing.group(i) in chosen]
        discarded += sum(len(ids[i]) for i in todo)
        redrawn += len(chosen)
        for i in todo:
            rows[i] = data[chosen[drawing.group(i)]]
    metrics = {
        "draws": float(draw),
        "redrawn": redrawn / len(flat),
        "without_spread": float(flat.double().mean()),
        "discarded_tokens": float(gather(torch.tensor([float(discarded)])).sum()),
    }
    named = {f"dynamic_sampling/{name}": value for name, value in metrics.items()}
    return Drawn(rows, ids, analyses, named)


def other_problems(
    count: int, problems: Sequence[int], tried: Sequence[int], key: Sequence[int]
) -> list[int]:
    """Choose problems that this batch has not tried, by noise of `key` and of those tried.

    Args:
        count: How many are wanted.
        problems: All of them.
        tried: Those that are not to be chosen, in an order that all processes agree on.
        key: Seed and step.

    Returns:
        Distinct problems; fewer where there are no more.
    """
    free = sorted(set(problems) - set(tried))
    noise = repr((tuple(key), tuple(tried))).encode()
    seed = int.from_bytes(hashlib.sha256(noise).digest()[:8], "big")
    return random.Random(seed).sample(free, min(count, len(free)))


def check_dynamic_sampling(
    arguments: Any, problems: int, prompts: int, environment: Mapping[str, str]
) -> None:
    """Refuse dynamic sampling where rollouts are not drawn by the kit's sampler, or in vain.

    Args:
        arguments: TRL's `GRPOConfig`.
        problems: Training problems.
        prompts: Problems of one step.
        environment: Environment variables, by which a launcher may ask for DeepSpeed or FSDP.

    Raises:
        UserError: It cannot work; the key is named.
    """
    for key in keys_of_other_sampling(arguments):
        raise UserError(
            f"reward.dynamic_sampling draws with the kit's own sampler, which grpo.{key} "
            "replaces; leave one of them out."
        )
    if weights_in_parts(arguments, environment):
        raise UserError(
            "reward.dynamic_sampling cannot draw while DeepSpeed or FSDP hold the weights in "
            "parts; leave it out."
        )
    if problems <= prompts:
        raise UserError(
            f"reward.dynamic_sampling needs other problems to draw: one step takes {prompts} of "
            f"{problems}; raise problems.size, or lower the batch."
        )
