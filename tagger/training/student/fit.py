"""Fitting a student network to examples."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from tagger.backends.student.network import Floats
from tagger.backends.student.settings import StudentSettings
from tagger.training.student.examples import Example
from tagger.training.student.model import Dropout, StudentModel, pack


@dataclass(frozen=True)
class FitSettings:
    """How a student is fitted.

    Attributes:
        epochs: Passes over the examples.
        learning_rate: Of AdamW, at its height; warmed up, then falling linearly.
        direct_rate: Learning rate of the direct weights.
        weight_decay: Of AdamW; the direct weights have none.
        smoothing: Share of each target spread over all types.
        batch_steps: Steps a batch holds, about.
        dropout: Dropout rates.
        seed: Of weights, order and dropout.
    """

    epochs: int = 6
    learning_rate: float = 2e-3
    direct_rate: float = 0.01
    weight_decay: float = 0.01
    smoothing: float = 0.05
    batch_steps: int = 400
    dropout: Dropout = Dropout()
    seed: int = 0


def fit(
    examples: Sequence[Example],
    heads: Sequence[int],
    shape: StudentSettings,
    settings: FitSettings,
    say: Callable[[str], None] = lambda line: None,
    start: Mapping[str, Floats] | None = None,
) -> dict[str, Floats]:
    """Fit a network; the same input on the same machine gives the same weights.

    The loss is the cross entropy with the targets, a mean over the steps that have one.

    Args:
        examples: Training data.
        heads: Types of each output that examples name.
        shape: Of the network.
        settings: How it is fitted.
        say: Takes a line on progress.
        start: Weights of the same shape to fine-tune; None begins with random ones.

    Returns:
        The weights, by the names of `tagger.backends.student.network.weight_shapes`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return _fit(examples, heads, shape, settings, say, start)


def _fit(
    examples: Sequence[Example],
    heads: Sequence[int],
    shape: StudentSettings,
    settings: FitSettings,
    say: Callable[[str], None],
    start: Mapping[str, Floats] | None,
) -> dict[str, Floats]:
    order = random.Random(settings.seed)
    model = StudentModel(shape, heads, settings.dropout)
    if start is not None:
        model.set_weights(start)
    direct = list(model.wide.parameters())
    deep = [p for p in model.parameters() if not any(p is d for d in direct)]
    optimizer = torch.optim.AdamW(
        [
            {"params": deep, "lr": settings.learning_rate, "weight_decay": settings.weight_decay},
            {"params": direct, "lr": settings.direct_rate, "weight_decay": 0.0},
        ]
    )
    steps = sum(len(e.readings) for e in examples)
    total = settings.epochs * max(1, math.ceil(steps / settings.batch_steps))
    warm_up = min(50, max(1, total // 10))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min((n + 1) / warm_up, max(0.02, 1 - n / total))
    )
    model.train()
    for epoch in range(settings.epochs):
        losses = []
        batches = list(_batches(examples, settings.batch_steps, order))
        for number, batch in enumerate(batches):
            loss = _loss(model, batch, settings.smoothing)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
            if number % 20 == 0:
                say(
                    f"Epoch {epoch + 1} of {settings.epochs}, batch {number + 1} of "
                    f"{len(batches)}: loss {sum(losses[-20:]) / len(losses[-20:]):.3f}"
                )
    return model.weights()


def _batches(
    examples: Sequence[Example], batch_steps: int, order: random.Random
) -> Iterator[list[Example]]:
    """Examples of one head, drawn at random, until they hold enough steps."""
    open_batches: dict[int, list[Example]] = {}
    for example in order.sample(list(examples), len(examples)):
        batch = open_batches.setdefault(example.head, [])
        batch.append(example)
        if sum(len(e.readings) for e in batch) >= batch_steps:
            yield open_batches.pop(example.head)
    yield from open_batches.values()


def _loss(model: StudentModel, batch: Sequence[Example], smoothing: float) -> torch.Tensor:
    """Cross entropy, a mean over the steps that have a target; 0 where none has."""
    steps = pack([e.readings for e in batch], model.gap, model.wide_bits)
    scores = model(steps, batch[0].head).log_softmax(dim=1)
    targets = torch.from_numpy(np.concatenate([e.targets for e in batch]))
    known = targets.sum(dim=1) > 0
    if not bool(known.any()):
        return torch.mul(scores.sum(), 0)
    targets = (1 - smoothing) * targets[known] + smoothing / targets.shape[1]
    mean: torch.Tensor = -(targets * scores[known]).sum(dim=1).mean()
    return mean
