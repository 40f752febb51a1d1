"""Settings that the back ends with a pretrained network share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Interval

from tagger.config.settings import Settings

StoredType = Literal["float16", "float32"]
"""Number types in which a tagger folder can hold the weights."""
Precision = Literal["float32", "bfloat16"]
"""Number type of matrix products in a training; weights and sums stay in float32."""


@dataclass(frozen=True)
class PretrainedFit(Settings):
    """Training settings that both back ends have.

    Attributes:
        epochs: Passes over the data.
        head_rate: Highest learning rate of the head.
        weight_decay: Of AdamW.
        dropout: In the head.
        alternative: Share of the target that goes to a step's plausible second type.
        checkpoint_minutes: Minimum time between checkpoints inside an epoch.
        device: ``auto``, ``cpu`` or ``cuda``.
    """

    KEY: ClassVar[str] = "setting"

    epochs: Annotated[int, Interval(ge=1, le=1000)] = 3
    head_rate: Annotated[float, Interval(ge=0.0, le=1.0)] = 1e-3
    weight_decay: Annotated[float, Interval(ge=0.0, le=1.0)] = 0.01
    dropout: Annotated[float, Interval(ge=0.0, le=0.9)] = 0.1
    alternative: Annotated[float, Interval(ge=0.0, le=0.5)] = 0.2
    checkpoint_minutes: Annotated[float, Interval(ge=0.0, le=1e6)] = 5.0
    device: Literal["auto", "cpu", "cuda"] = "auto"
