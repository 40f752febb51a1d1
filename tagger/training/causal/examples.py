"""Training examples of the causal back end: windows of labelled traces, with soft targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.backends.causal.reading import Tokens
from tagger.backends.causal.settings import CausalSettings
from tagger.backends.causal.windows import Window, windows_of
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.soft_targets import label_targets


@dataclass(frozen=True, eq=False)
class Example:
    """A labelled trace in windows that score its labelled steps.

    Attributes:
        windows: The windows.
        targets: Share of each type for the steps of each window, (steps, types).
        types: Index of the true type of the steps of each window.
    """

    windows: list[Window]
    targets: list[NDArray[np.float32]]
    types: list[list[int]]


def make_examples(
    traces: Sequence[LabelledTrace],
    taxonomy: Taxonomy,
    tokens: Tokens,
    settings: CausalSettings,
    alternative: float,
) -> list[Example]:
    """Read labelled traces up to their last labels.

    Args:
        traces: With at least one label each.
        taxonomy: Of the labels.
        tokens: The language model's tokenizer.
        settings: Of the net.
        alternative: Share of the target for a second plausible type, as `label_targets`.

    Returns:
        One example for each trace.
    """
    examples = []
    for trace in traces:
        wanted = sorted(trace.labels)
        steps = [tokens.step(text) for text in trace.steps[: wanted[-1] + 1]]
        targets = label_targets(trace, taxonomy, len(steps), alternative)
        windows = windows_of(tokens.question(trace.question), steps, wanted, settings)
        places = [[span.step for span in window.spans] for window in windows]
        types = [[taxonomy.index(trace.labels[i]) for i in part] for part in places]
        examples.append(Example(windows, [targets[part] for part in places], types))
    return examples
