"""What training a tagger gives back."""

from __future__ import annotations

from dataclasses import dataclass

from tagger.frozen import FrozenTagger
from tagger.training.scores import Scores


@dataclass(frozen=True)
class TrainedTagger:
    """What training gives back.

    Attributes:
        tagger: Trained on all traces, or on those that were not held out (see the trainer).
        scores: Of the tagger, or a twin, trained without the held-out traces, on those traces.
        traces: How many traces were read.
        steps: How many labelled steps they hold.
        held_out: How many of the traces were held out.
    """

    tagger: FrozenTagger
    scores: Scores
    traces: int
    steps: int
    held_out: int
