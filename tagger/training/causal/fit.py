"""The epoch loop: upper layers and head over stored hidden states, resumable."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tagger.backends.causal.net import Net
from tagger.backends.causal.settings import CausalFit
from tagger.backends.pretrained.progress import Progress
from tagger.errors import UserError
from tagger.training.causal.hidden_states import StoredWindow
from tagger.training.checkpoints import Checkpointer
from tagger.training.devices import computing_in
from tagger.training.epoch_loop import update

STAGE = "upper layers"
"""Name of the training in `Checkpointer.done`; it has one stage."""

_RECENT = 100  # windows whose mean loss is reported

Say = Callable[[str], None]


def rate_at(update: int, updates: int, fit: CausalFit) -> float:
    """Share of the highest learning rates at an update, counted from 0."""
    falling = max(fit.lowest_rate, 1 - update / updates)
    return min((update + 1) / fit.warm_up, falling) if fit.warm_up else falling


def window_loss(net: Net, window: StoredWindow) -> Tensor:
    """Summed cross-entropy of the steps of a window; scores are in float32 in any context."""
    scores = net(window.states().to(net.device), window.window.spans)
    loss: Tensor = -(window.targets.to(net.device) * scores.log_softmax(1)).sum()
    return loss


def refuse_other_device(checkpointer: Checkpointer, device: str) -> None:
    """Refuse to resume inside the epoch loop on another device than it began on.

    The state of the random numbers that dropout draws from does not carry over to another device.

    Args:
        checkpointer: Of the training.
        device: ``cpu`` or ``cuda``.

    Raises:
        UserError: The checkpoint is from another device.
    """
    began = checkpointer.progress.get("device", device) if checkpointer.stage == STAGE else device
    if began != device:
        raise UserError(
            f"The checkpoint was written by a training on device={began}, this one runs on "
            f"device={device}; resume with device={began}, or name another --checkpoint folder."
        )


def run_fit(
    net: Net,
    windows: Sequence[StoredWindow],
    test: Sequence[StoredWindow],
    fit: CausalFit,
    seed: int,
    checkpointer: Checkpointer,
    say: Say,
) -> None:
    """Train the upper layers and the head, or resume from the checkpoint.

    Gradients of windows left over at the end of an epoch go into the first update of the next.
    Checkpoints are written right after an update, with the state of the random numbers, so that a
    training that is interrupted and resumed ends with the same weights.

    Args:
        net: The upper layers and the head, trained in place.
        windows: Training data.
        test: Held-out windows, scored after each epoch.
        fit: How.
        seed: Of the order of windows; dropout draws from torch's random numbers as they are.
        checkpointer: Of the training; afterwards ``done[STAGE]`` holds ``history``, a line an
            epoch.
        say: Takes lines on progress.
    """
    optimizer = _optimizer(net, fit)
    every = min(fit.accumulate, len(windows))
    updates = max(1, fit.epochs * len(windows) // every)
    at: dict[str, Any] = {"epoch": 0, "window": 0, "update": 0, "history": []}
    at["device"] = net.device.type
    if checkpointer.stage == STAGE and checkpointer.progress:
        at = dict(checkpointer.progress)
        checkpointer.restore(net, optimizer)
        _set_random_state(net.device, at["random"])
        say(f"Resuming at epoch {at['epoch'] + 1}, window {at['window'] + 1}.")
    shuffle = random.Random(seed)
    orders = [shuffle.sample(range(len(windows)), len(windows)) for _ in range(fit.epochs)]
    progress, recent = Progress(), list[float]()
    for epoch in range(at["epoch"], fit.epochs):
        net.train()
        for place in range(at["window"], len(windows)):
            window = windows[orders[epoch][place]]
            with computing_in(fit.precision, net.device.type):
                loss = window_loss(net, window)
            (loss / (fit.divisor * fit.accumulate)).backward()  # type: ignore[no-untyped-call]
            recent = [*recent, float(loss.detach()) / len(window.types)][-_RECENT:]
            if place % every == every - 1:
                update(net, optimizer, rate_at(at["update"], updates, fit))
                at |= {"epoch": epoch, "window": place + 1, "update": at["update"] + 1}
                if checkpointer.due() or (checkpointer.enabled and place + every >= len(windows)):
                    at["random"] = _random_state(net.device)
                    checkpointer.save(STAGE, at, net, optimizer)
            if rate := progress.add(len(window.window.ids)):
                say(
                    f"Epoch {epoch + 1} of {fit.epochs}: window {place + 1:,} of "
                    f"{len(windows):,}, loss {np.mean(recent):.3f}, {rate:.0f} tokens/s."
                )
        line = f"epoch {epoch + 1}: {_evaluate(net, test)}"
        say(f"{line[0].upper()}{line[1:]}.")
        at |= {"epoch": epoch + 1, "window": 0, "history": [*at["history"], line]}
    optimizer.zero_grad(set_to_none=True)
    checkpointer.done[STAGE] = {"history": at["history"]}
    checkpointer.save(STAGE, {}, net)


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


def _evaluate(net: Net, test: Sequence[StoredWindow]) -> str:
    """Accuracy and loss on the held-out windows, for the log."""
    correct, loss, count = 0, 0.0, 0
    net.eval()
    with torch.inference_mode():
        for window in test:
            scores = net(window.states().to(net.device), window.window.spans).double().cpu()
            types = torch.tensor(window.types)
            correct += int((scores.argmax(1) == types).sum())
            loss += float(nn.functional.cross_entropy(scores, types, reduction="sum"))
            count += len(types)
    return f"held-out micro-F1 {correct / count:.3f}, loss {loss / count:.3f}"


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
