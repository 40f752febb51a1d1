"""The epoch loop: updates, learning rates, choice of an epoch, resumable."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tagger.backends.encoder.net import Net, flags_of
from tagger.backends.encoder.settings import FitSettings
from tagger.backends.pretrained.progress import Progress
from tagger.training.checkpoints import Checkpointer
from tagger.training.encoder.examples import Window
from tagger.training.epoch_loop import update

_LAYER = re.compile(r"(?:^|\.)(?:layers?|h|block)\.(\d+)\.")

Vectors = Callable[[Sequence[Window]], list[Tensor]]
Batches = list[list[Window]]


@dataclass(frozen=True)
class Stage:
    """One stage of a training.

    Attributes:
        name: Unique within the training; seeds its random numbers.
        epochs: How many to run.
        planned_epochs: How many the learning rates are laid out for.
        plan: Batches of an epoch.
        vectors: Step vectors of windows, (steps, width) each, from `begin` to `end`.
        groups: Parameter groups of the optimiser with their highest rates.
        score: Scores the net on held-out questions, higher is better, with a text for the log;
            None where nothing is held out: then the last epoch is kept.
        keep_last: Keep the last epoch, not the one with the best score.
    """

    name: str
    epochs: int
    planned_epochs: int
    plan: Callable[[int], Batches]
    vectors: Vectors
    groups: list[dict[str, Any]]
    score: Callable[[], tuple[float, str]] | None
    keep_last: bool = False


def head_groups(net: Net, fit: FitSettings) -> list[dict[str, Any]]:
    """Train the head, freeze the encoder."""
    net.encoder.requires_grad_(False)
    return _decayed(list(net.head.named_parameters()), fit.head_rate, fit)


def all_groups(net: Net, fit: FitSettings) -> list[dict[str, Any]]:
    """Train everything; learning rates fall from the top layer of the encoder to the bottom."""
    net.encoder.requires_grad_(True)
    layers: dict[int, list[tuple[str, nn.Parameter]]] = {}
    numbers = [int(m[1]) for n, _ in net.encoder.named_parameters() if (m := _LAYER.search(n))]
    top = max(numbers, default=0)
    for name, parameter in net.encoder.named_parameters():
        found = _LAYER.search(name)
        if found:
            layers.setdefault(top - int(found[1]), []).append((name, parameter))
        elif "embed" in name or "wte" in name or "wpe" in name:
            parameter.requires_grad_(fit.train_embeddings)
            if fit.train_embeddings:
                layers.setdefault(top + 1, []).append((name, parameter))
        else:
            layers.setdefault(0, []).append((name, parameter))
    groups = _decayed(list(net.head.named_parameters()), fit.head_rate, fit)
    for depth, named in sorted(layers.items()):
        groups += _decayed(named, fit.encoder_rate * fit.layer_decay**depth, fit)
    return groups


def _decayed(
    named: list[tuple[str, nn.Parameter]], rate: float, fit: FitSettings
) -> list[dict[str, Any]]:
    """Two groups: matrices with weight decay, biases and norms without."""
    kinds = [([p for _, p in named if p.dim() > 1], fit.weight_decay)]
    kinds.append(([p for _, p in named if p.dim() <= 1], 0.0))
    return [{"params": ps, "rate": rate, "weight_decay": d, "lr": 0.0} for ps, d in kinds if ps]


def rate_at(update: int, updates: int, warm_up: float) -> float:
    """Share of the highest learning rate at an update: up from 0, then down to 0, linearly."""
    rising = max(1, round(warm_up * updates)) if warm_up else 0
    if update < rising:
        return (update + 1) / rising
    return max(0.0, (updates - update) / max(1, updates - rising))


def batch_loss(net: Net, batch: Sequence[Window], vectors: Vectors, fit: FitSettings) -> Tensor:
    """Weighted mean cross-entropy of the labelled steps of some windows."""
    parts = vectors(batch)
    device = net.device
    padded = nn.utils.rnn.pad_sequence([p.to(device) for p in parts], batch_first=True)
    flags = [flags_of(w.example.steps[w.begin : w.end]) for w in batch]
    padded_flags = nn.utils.rnn.pad_sequence(flags, batch_first=True).to(device)
    seen, _ = net.head(padded, padded_flags)
    total, weight = seen.new_zeros(()), 0.0
    for row, w in enumerate(batch):
        example = w.example
        places = np.flatnonzero(example.weights[w.start : w.end]) + w.start
        factors = example.weights[places] * (fit.extra_weight if example.head else 1.0)
        scores = net.head.out[example.head](seen[row, torch.from_numpy(places - w.begin)])
        targets = torch.from_numpy(example.targets[places]).to(device)
        losses = -(targets * scores.log_softmax(dim=-1)).sum(dim=-1)
        total = total + (losses * torch.from_numpy(factors).to(device)).sum()
        weight += float(factors.sum())
    loss: Tensor = total / max(weight, 1e-9)
    return loss


def encoded(net: Net) -> Vectors:
    """Step vectors from the encoder as it is; steps before a window give no gradient."""

    def vectors(batch: Sequence[Window]) -> list[Tensor]:
        before = [s for w in batch for s in w.example.steps[w.begin : w.start]]
        inside = [s for w in batch for s in w.example.steps[w.start : w.end]]
        with torch.no_grad():
            early = net.encode_batch(before) if before else None
        late = net.encode_batch(inside)
        out, i, j = [], 0, 0
        for w in batch:
            lead, size = w.start - w.begin, w.end - w.start
            own = late[j : j + size]
            out.append(torch.cat([early[i : i + lead], own]) if early is not None else own)
            i, j = i + lead, j + size
        return out

    return vectors


def run_stage(
    net: Net,
    stage: Stage,
    fit: FitSettings,
    seed: int,
    checkpointer: Checkpointer,
    say: Callable[[str], None],
) -> None:
    """Run a stage of the training, or resume it from the checkpoint.

    Random numbers depend on the seed and the update alone, so a stage that is interrupted and
    resumed ends with the same weights.

    Args:
        net: Trained in place; ends with the weights of the epoch that was picked.
        stage: What to run.
        fit: How.
        seed: Of the training.
        checkpointer: Of the training; afterwards ``done[stage.name]`` holds ``epochs`` (the number
            that led to the weights picked) and ``history`` (a line an epoch).
        say: Takes lines on progress.
    """
    optimizer = torch.optim.AdamW(stage.groups, lr=0.0)
    planned = [stage.plan(epoch) for epoch in range(stage.planned_epochs)]
    updates = sum(map(len, planned))
    at: dict[str, Any] = {"epoch": 0, "batch": 0, "picked": 0, "best": None, "history": []}
    best: dict[str, Tensor] = {}
    if checkpointer.stage == stage.name and checkpointer.progress:
        at, best = dict(checkpointer.progress), checkpointer.best()
        checkpointer.restore(net, optimizer)
        say(f"{stage.name}: resuming at epoch {at['epoch'] + 1}, batch {at['batch'] + 1}.")
    salt = sum(ord(c) << (8 * (i % 4)) for i, c in enumerate(stage.name))
    progress = Progress()
    for epoch in range(at["epoch"], stage.epochs):
        base = sum(map(len, planned[:epoch]))
        net.train()
        for number in range(at["batch"], len(planned[epoch])):
            batch, done = planned[epoch][number], base + number
            torch.manual_seed((seed * 1_000_003 + done * 7919 + salt) % 2**63)
            loss = batch_loss(net, batch, stage.vectors, fit)
            loss.backward()  # type: ignore[no-untyped-call]
            update(net, optimizer, rate_at(done, updates, fit.warm_up))
            if rate := progress.add(sum(w.end - w.start for w in batch)):
                say(
                    f"{stage.name}: epoch {epoch + 1} of {stage.epochs}, update {done + 1} of "
                    f"{updates}, loss {float(loss.detach()):.3f}, {rate:.0f} steps/s."
                )
            at |= {"epoch": epoch, "batch": number + 1}
            if checkpointer.due():
                checkpointer.save(stage.name, at, net, optimizer, best)
        reached, line = stage.score() if stage.score else (float(epoch), "no held-out questions")
        at["history"] = [*at["history"], f"{stage.name}, epoch {epoch + 1}: {line}"]
        say(f"{stage.name}, epoch {epoch + 1} of {stage.epochs}: {line}.")
        if stage.keep_last or at["best"] is None or reached > at["best"]:
            at |= {"best": reached, "picked": epoch + 1}
            best = {k: v.detach().clone() for k, v in net.state_dict().items()}
        at |= {"epoch": epoch + 1, "batch": 0}
        if checkpointer.due():
            checkpointer.save(stage.name, at, net, optimizer, best)
    net.load_state_dict(best)
    checkpointer.done[stage.name] = {"epochs": at["picked"], "history": at["history"]}
    checkpointer.save(stage.name, {}, net)
