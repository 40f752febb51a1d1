"""Result of training a tagger."""

from __future__ import annotations

from dataclasses import dataclass

from tagger.frozen import FrozenTagger
from tagger.training.scores import Scores


@dataclass(frozen=True)
class TrainedTagger:
    """Result of training a tagger.

    Attributes:
        tagger: Trained on all traces, or on those that were not held out (see the trainer).
        scores: On the held-out traces, of the tagger or one trained the same way without them.
        traces: How many traces were read.
        steps: How many labelled steps they hold.
        held_out: How many of the traces were held out.
    """

    tagger: FrozenTagger
    scores: Scores
    traces: int
    steps: int
    held_out: int
