"""The training loop: upper layers and head over kept states, going on after a kill."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tagger.backends.causal.net import Net
from tagger.backends.causal.settings import CausalFit
from tagger.errors import UserError
from tagger.training.causal.hidden_states import KeptWindow
from tagger.training.checkpoints import Keeper

PART = "upper layers"
"""What `Keeper.done` calls the training."""

_TALK_SECONDS = 20.0
_RECENT = 100  # windows whose mean loss is told
_LONGEST_GRADIENT = 1.0

Say = Callable[[str], None]


def rate_at(update: int, updates: int, fit: CausalFit) -> float:
    """Share of the highest learning rates at an update, counted from 0."""
    falling = max(fit.lowest_rate, 1 - update / updates)
    return min((update + 1) / fit.warm_up, falling) if fit.warm_up else falling


def window_loss(net: Net, window: KeptWindow) -> Tensor:
    """Summed cross-entropy of the steps of a window."""
    scores = net(window.states().to(net.device), window.window.spans)
    loss: Tensor = -(window.targets.to(net.device) * scores.log_softmax(1)).sum()
    return loss


def refuse_other_device(keeper: Keeper, device: str) -> None:
    """Refuse to go on inside the training on another device than it began on.

    Dropout draws from the random numbers of one device, whose state means nothing to another.

    Args:
        keeper: With what was reached before.
        device: ``cpu`` or ``cuda``.

    Raises:
        UserError: The checkpoint is from another device.
    """
    began = keeper.at.get("device", device) if keeper.part == PART else device
    if began != device:
        raise UserError(
            f"The checkpoint was written by a training on device={began}, this one runs on "
            f"device={device}; go on with device={began}, or name another --checkpoint folder."
        )


def run_fit(
    net: Net,
    windows: Sequence[KeptWindow],
    test: Sequence[KeptWindow],
    fit: CausalFit,
    seed: int,
    keeper: Keeper,
    say: Say,
) -> None:
    """Train the upper layers and the head, or what is left of it.

    Gradients of windows left over at the end of an epoch go into the first update of the next.
    Checkpoints are written right after an update, with the state of the random numbers, so that a
    training that was killed and goes on ends with the same weights.

    Args:
        net: The upper layers and the head, trained in place.
        windows: What is learnt.
        test: Held-out windows, scored after each epoch.
        fit: How.
        seed: Of the order of windows; dropout draws from torch's random numbers as they are.
        keeper: Keeps checkpoints and what was reached before.
        say: Takes lines on progress.

    Afterwards ``keeper.done[PART]`` holds ``history``, a line an epoch.
    """
    if PART in keeper.done:
        keeper.revisit(PART, net)
        return
    optimizer = _optimizer(net, fit)
    every = min(fit.accumulate, len(windows))
    updates = max(1, fit.epochs * len(windows) // every)
    at: dict[str, Any] = {"epoch": 0, "window": 0, "update": 0, "history": []}
    at["device"] = net.device.type
    if keeper.part == PART and keeper.at:
        at = dict(keeper.at)
        keeper.restore(net, optimizer)
        _set_random_state(net.device, at["random"])
        say(f"Going on at epoch {at['epoch'] + 1}, window {at['window'] + 1}.")
    shuffle = random.Random(seed)
    orders = [shuffle.sample(range(len(windows)), len(windows)) for _ in range(fit.epochs)]
    spoke, tokens, recent = time.monotonic(), 0, list[float]()
    for epoch in range(at["epoch"], fit.epochs):
        net.train()
        for place in range(at["window"], len(windows)):
            window = windows[orders[epoch][place]]
            loss = window_loss(net, window)
            (loss / (fit.divisor * fit.accumulate)).backward()  # type: ignore[no-untyped-call]
            recent = [*recent, float(loss.detach()) / len(window.types)][-_RECENT:]
            tokens += len(window.window.ids)
            if place % every == every - 1:
                _update(net, optimizer, rate_at(at["update"], updates, fit))
                at |= {"epoch": epoch, "window": place + 1, "update": at["update"] + 1}
                if keeper.due() or (keeper.keeps and place + every >= len(windows)):
                    at["random"] = _random_state(net.device)
                    keeper.save(PART, at, net, optimizer)
            if (now := time.monotonic()) - spoke > _TALK_SECONDS:
                say(
                    f"Epoch {epoch + 1} of {fit.epochs}: window {place + 1:,} of "
                    f"{len(windows):,}, loss {np.mean(recent):.3f}, "
                    f"{tokens / (now - spoke):.0f} tokens/s."
                )
                spoke, tokens = now, 0
        words = f"epoch {epoch + 1}: {_scored(net, test)}"
        say(f"{words[0].upper()}{words[1:]}.")
        at |= {"epoch": epoch + 1, "window": 0, "history": [*at["history"], words]}
    optimizer.zero_grad(set_to_none=True)
    keeper.done[PART] = {"history": at["history"]}
    keeper.save(PART, {}, net)


def _optimizer(net: Net, fit: CausalFit) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        [
            {"params": list(net.body.parameters()), "rate": fit.upper_rate},
            {"params": list(net.head.parameters()), "rate": fit.head_rate},
        ],
        lr=0.0,
        betas=(fit.beta1, fit.beta2),
        weight_decay=fit.weight_decay,
    )


def _update(net: Net, optimizer: torch.optim.Optimizer, factor: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["rate"] * factor
    nn.utils.clip_grad_norm_(net.parameters(), _LONGEST_GRADIENT)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def _scored(net: Net, test: Sequence[KeptWindow]) -> str:
    """Words on the held-out windows."""
    right, loss, count = 0, 0.0, 0
    net.eval()
    with torch.inference_mode():
        for window in test:
            scores = net(window.states().to(net.device), window.window.spans).double().cpu()
            types = torch.tensor(window.types)
            right += int((scores.argmax(1) == types).sum())
            loss += float(nn.functional.cross_entropy(scores, types, reduction="sum"))
            count += len(types)
    return f"held-out micro-F1 {right / count:.3f}, loss {loss / count:.3f}"


def _random_state(device: torch.device) -> str:
    """State of the random numbers that dropout draws from, as hex."""
    on_gpu = device.type == "cuda"
    state = torch.cuda.get_rng_state(device) if on_gpu else torch.get_rng_state()
    return bytes(state.tolist()).hex()


def _set_random_state(device: torch.device, state: str) -> None:
    values = torch.tensor(list(bytes.fromhex(state)), dtype=torch.uint8)
    if device.type == "cuda":
        torch.cuda.set_rng_state(values, device)
    else:
        torch.set_rng_state(values)
