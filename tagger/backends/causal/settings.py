"""Settings of the causal back end: of the net, and of its training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Interval

from tagger.backends.pretrained.settings import Precision, PretrainedFit, StoredType
from tagger.config.settings import Settings


@dataclass(frozen=True)
class CausalSettings(Settings):
    """What fixes the net and what it reads; part of the fingerprint.

    Attributes:
        model: Where the language model came from: a local folder or a name on the Hub.
        head_tokens: Tokens of a step's beginning that are read.
        tail_tokens: Tokens of its end; what is in between is dropped.
        earlier: How many earlier steps a new window begins with.
        window_tokens: Tokens a window holds; a step that would not fit begins a new one.
        question_tokens: Tokens of the question that are read, half from each end.
        lower: Frozen layers.
        upper: Layers above these that are trained; higher ones are dropped.
        hidden: Size of the hidden layer of the head.
        weights: Number type in which all weights are kept and used after rounding.

    Raises:
        UserError: A value out of range.
    """

    KEY: ClassVar[str] = "setting"
    OWNER: ClassVar[str] = "the causal tagger"

    model: str = "HuggingFaceTB/SmolLM2-135M-Instruct"
    head_tokens: Annotated[int, Interval(ge=1, le=8192)] = 56
    tail_tokens: Annotated[int, Interval(ge=0, le=8192)] = 24
    earlier: Annotated[int, Interval(ge=0, le=64)] = 6
    window_tokens: Annotated[int, Interval(ge=16, le=131_072)] = 1400
    question_tokens: Annotated[int, Interval(ge=0, le=8192)] = 160
    lower: Annotated[int, Interval(ge=1, le=512)] = 12
    upper: Annotated[int, Interval(ge=1, le=512)] = 4
    hidden: Annotated[int, Interval(ge=1, le=8192)] = 256
    weights: StoredType = "float16"


@dataclass(frozen=True)
class CausalFit(PretrainedFit):
    """How the upper layers and the head are trained.

    Attributes:
        epochs: Passes over the windows.
        accumulate: Windows an update.
        divisor: The summed loss of a window is divided by it: about how many labelled steps a
            window holds. It is fixed, so every step counts the same.
        upper_rate: Highest learning rate of the upper layers.
        head_rate: Highest learning rate of the head.
        lowest_rate: Share of the highest rates below which they do not fall.
        warm_up: Updates in which rates rise from 0; then they fall linearly.
        weight_decay: Of AdamW.
        beta1: Of AdamW.
        beta2: Of AdamW.
        dropout: Before each layer of the head.
        alternative: Share of the target that goes to a step's plausible second type; a second
            annotator who differs gets twice as much.
        checkpoint_minutes: Minimum time between checkpoints inside an epoch.
        device: ``auto``, ``cpu`` or ``cuda``.
        precision: Number type of the layers' matrix products in training, ``float32`` or
            ``bfloat16``; the tagger that comes out computes in float32.

    Raises:
        UserError: A value out of range.
    """

    OWNER: ClassVar[str] = "the causal training"

    epochs: Annotated[int, Interval(ge=1, le=1000)] = 2
    accumulate: Annotated[int, Interval(ge=1, le=4096)] = 4
    divisor: Annotated[float, Interval(ge=1e-3, le=1e6)] = 11.0
    upper_rate: Annotated[float, Interval(ge=0.0, le=1.0)] = 2e-4
    lowest_rate: Annotated[float, Interval(ge=0.0, le=1.0)] = 0.03
    warm_up: Annotated[int, Interval(ge=0, le=10**9)] = 30
    beta1: Annotated[float, Interval(ge=0.0, le=0.9999)] = 0.9
    beta2: Annotated[float, Interval(ge=0.0, le=0.99999)] = 0.98
    precision: Precision = "float32"
