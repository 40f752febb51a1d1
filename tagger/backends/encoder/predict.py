"""Batched scoring of traces; the last digits may depend on the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from tagger.backends.encoder.net import Net, flags_of
from tagger.backends.encoder.reading import StepInput
from tagger.backends.pretrained.progress import Progress

_STEPS = 1024  # steps encoded between two looks at the progress


def vectors_of(
    net: Net, traces: Sequence[Sequence[StepInput]], say: Callable[[str], None] = lambda line: None
) -> list[torch.Tensor]:
    """Step vectors of traces, (steps, width) each, on the CPU, without gradients.

    Args:
        net: The net; put back into training mode if it was.
        traces: Their steps as read.
        say: Takes a line on progress every now and then.
    """
    flat = [step for trace in traces for step in trace]
    was = net.training
    net.eval()
    parts, progress = [], Progress()
    with torch.inference_mode():
        for begin in range(0, len(flat), _STEPS):
            parts.append(net.encode_batch(flat[begin : begin + _STEPS]).cpu())
            done = min(begin + _STEPS, len(flat))
            if rate := progress.add(done - begin):
                say(f"Encoded {done} of {len(flat)} steps, {rate:.0f} steps/s.")
    net.train(was)
    together = torch.cat(parts).clone() if parts else torch.empty(0, net.width)
    return list(torch.split(together, [len(trace) for trace in traces]))


def score_batch(
    net: Net,
    traces: Sequence[Sequence[StepInput]],
    vectors: Sequence[torch.Tensor] | None = None,
    head: int = 0,
) -> list[NDArray[np.float64]]:
    """Scores of whole traces.

    Args:
        net: The net; put back into training mode if it was.
        traces: Their steps as read.
        vectors: Their step vectors where they are known.
        head: Which taxonomy's scores.

    Returns:
        (steps, types) for each trace.
    """
    known = vectors_of(net, traces) if vectors is None else vectors
    was = net.training
    net.eval()
    out: list[NDArray[np.float64]] = []
    last = net.head.out[head]
    with torch.inference_mode():
        for steps, vector in zip(traces, known, strict=True):
            if not steps:
                out.append(np.empty((0, net.types[head])))
                continue
            flags = flags_of(steps)[None].to(net.device)
            seen, _ = net.head(vector[None].to(net.device), flags)
            out.append(last(seen)[0].double().cpu().numpy())
    net.train(was)
    return out
