"""Training examples of the encoder: inputs, soft targets, windows of consecutive steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.backends.encoder.reading import StepExtractor, StepInput, Tokens
from tagger.backends.encoder.settings import EncoderSettings, FitSettings
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Example:
    """A labelled trace, read up to its last label.

    Attributes:
        steps: Its steps as the net sees them.
        targets: Share of each type, (steps, types); zeros where there is no label.
        weights: Weight of a step's loss, (steps,); 0 where there is no label.
        types: Index of the type by index of the step.
        head: Index of the head: 0 is our own taxonomy.
    """

    steps: list[StepInput]
    targets: Floats
    weights: Floats
    types: dict[int, int]
    head: int


@dataclass(frozen=True, eq=False, slots=True)
class Window:
    """Consecutive steps of an example: read from `begin`, with loss from `start` to `end`."""

    example: Example
    begin: int
    start: int
    end: int


def make_examples(
    traces: Sequence[LabelledTrace],
    taxonomy: Taxonomy,
    tokens: Tokens,
    settings: EncoderSettings,
    fit: FitSettings,
    head: int = 0,
) -> list[Example]:
    """Read labelled traces.

    Args:
        traces: With at least one label each.
        taxonomy: Of the labels.
        tokens: The encoder's tokenizer.
        settings: Of the net.
        fit: Fixes targets and weights.
        head: Index of the head.

    Returns:
        One example for each trace.
    """
    count = len(taxonomy.types)
    named = [
        {i: taxonomy.index(name) for i, name in sorted(trace.labels.items())} for trace in traces
    ]
    seen = np.bincount([t for types in named for t in types.values()], minlength=count)
    balance = (seen.sum() / np.maximum(seen, 1) / count) ** fit.balance
    examples = []
    for trace, types in zip(traces, named, strict=True):
        extractor = StepExtractor(tokens, settings, trace.question)
        steps = [extractor.read(text) for text in trace.steps[: max(types) + 1]]
        second = second_types(trace, taxonomy)
        targets = np.zeros((len(steps), count), dtype=np.float32)
        weights = np.zeros(len(steps), dtype=np.float32)
        for i, kind in types.items():
            targets[i] = soft_target(kind, second.get(i), count, fit)
            weights[i] = balance[kind]
        examples.append(Example(steps, targets, weights, types, head))
    return examples


def second_types(trace: LabelledTrace, taxonomy: Taxonomy) -> dict[int, int]:
    """Index of the plausible second type of each step that has one."""
    return {i: taxonomy.index(name) for i, name in trace.alternatives.items()}


def soft_target(kind: int, second: int | None, count: int, fit: FitSettings) -> Floats:
    """Target of one step: its type, a share for the second one, a little for all; sums to 1."""
    target = np.zeros(count, dtype=np.float32)
    share = fit.alternative if second is not None and second != kind else 0.0
    target[kind] = 1 - share
    if share and second is not None:
        target[second] += share
    return target * np.float32(1 - fit.smoothing) + np.float32(fit.smoothing / count)


def whole(example: Example) -> list[Window]:
    """A trace as one window."""
    return [Window(example, 0, 0, len(example.steps))]


def windows_of(example: Example, fit: FitSettings, first: int) -> list[Window]:
    """Cut a trace into windows that hold all its labels.

    Args:
        example: The trace.
        fit: Length of windows and of what is read before them.
        first: Length of the first window, from 1 to ``fit.window``, so that cuts move.

    Returns:
        The windows; stretches without labels are in none.
    """
    windows: list[Window] = []
    start, length = -1, first
    for i in example.types:
        if start < 0 or i >= start + length:
            if windows:
                length = fit.window
            start = i
            end = min(i + length, len(example.steps))
            windows.append(Window(example, max(0, i - fit.burn_in), i, end))
    return windows


def plan(
    own: Sequence[Example],
    extra: Sequence[Example],
    fit: FitSettings,
    seed: int,
    epoch: int,
    cut: Callable[[Example, int], list[Window]],
) -> list[list[Window]]:
    """Batches of one epoch; the same for the same seed and epoch.

    Args:
        own: Examples in our taxonomy, each used once.
        extra: Examples in others, of which a sample is used.
        fit: Sizes and shares.
        seed: Of the training.
        epoch: Counted from 0.
        cut: Windows of an example and the length of its first window.

    Returns:
        The batches.
    """
    rng = np.random.default_rng([seed, epoch])
    lengths = rng.integers(1, fit.window + 1, len(own) + len(extra))
    mine = [w for e, n in zip(own, lengths, strict=False) for w in cut(e, int(n))]
    if extra and fit.extra_share:
        others = [
            w for e, n in zip(extra, lengths[len(own) :], strict=True) for w in cut(e, int(n))
        ]
        wanted = min(len(others), round(fit.extra_share * len(mine)))
        mine += [others[i] for i in rng.permutation(len(others))[:wanted]]
    order = rng.permutation(len(mine))
    return [[mine[i] for i in order[at : at + fit.batch]] for at in range(0, len(order), fit.batch)]
