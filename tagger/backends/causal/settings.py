"""Settings of the causal back end: of the net, and of its training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tagger.config.ranges import refuse_outside, settings_from
from tagger.errors import unknown_name

STORED = ("float16", "float32")
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class CausalSettings:
    """What fixes the net and what it reads; part of the fingerprint.

    Attributes:
        model: Where the language model came from: a local folder or a name on the Hub.
        head_tokens: Tokens of a step's beginning that are read.
        tail_tokens: Tokens of its end; what lies between is left out.
        earlier: How many earlier steps a new window begins with.
        window_tokens: Tokens a window holds; a step that would not fit begins a new one.
        question_tokens: Tokens of the question that are read, half from each end.
        lower: Layers whose weights stay as they were.
        upper: Layers above these that are trained; what lies higher is left out.
        hidden: Size of the hidden layer of the head.
        weights: Number type in which all weights are kept and used after rounding.

    Raises:
        UserError: A value out of range.
    """

    model: str = "HuggingFaceTB/SmolLM2-135M-Instruct"
    head_tokens: int = 56
    tail_tokens: int = 24
    earlier: int = 6
    window_tokens: int = 1400
    question_tokens: int = 160
    lower: int = 12
    upper: int = 4
    hidden: int = 256
    weights: str = "float16"

    def __post_init__(self) -> None:
        if self.weights not in STORED:
            raise unknown_name("value of causal setting weights", self.weights, STORED)
        refuse_outside(
            "Causal setting",
            {
                "head_tokens": (self.head_tokens, 1, 8192),
                "tail_tokens": (self.tail_tokens, 0, 8192),
                "earlier": (self.earlier, 0, 64),
                "window_tokens": (self.window_tokens, 16, 131_072),
                "question_tokens": (self.question_tokens, 0, 8192),
                "lower": (self.lower, 1, 512),
                "upper": (self.upper, 1, 512),
                "hidden": (self.hidden, 1, 8192),
            },
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CausalSettings:
        """Build from a mapping; an unknown key is a UserError that names the nearest one."""
        return settings_from(cls, values, "causal tagger setting")


@dataclass(frozen=True)
class CausalFit:
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
        checkpoint_minutes: Least time between checkpoints inside an epoch.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        UserError: A value out of range.
    """

    epochs: int = 2
    accumulate: int = 4
    divisor: float = 11.0
    upper_rate: float = 2e-4
    head_rate: float = 1e-3
    lowest_rate: float = 0.03
    warm_up: int = 30
    weight_decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.98
    dropout: float = 0.1
    alternative: float = 0.2
    checkpoint_minutes: float = 5.0
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise unknown_name("value of causal setting device", self.device, DEVICES)
        refuse_outside(
            "Causal setting",
            {
                "epochs": (self.epochs, 1, 1000),
                "accumulate": (self.accumulate, 1, 4096),
                "divisor": (self.divisor, 1e-3, 1e6),
                "upper_rate": (self.upper_rate, 0.0, 1.0),
                "head_rate": (self.head_rate, 0.0, 1.0),
                "lowest_rate": (self.lowest_rate, 0.0, 1.0),
                "warm_up": (self.warm_up, 0, 10**9),
                "weight_decay": (self.weight_decay, 0.0, 1.0),
                "beta1": (self.beta1, 0.0, 0.9999),
                "beta2": (self.beta2, 0.0, 0.99999),
                "dropout": (self.dropout, 0.0, 0.9),
                "alternative": (self.alternative, 0.0, 0.5),
                "checkpoint_minutes": (self.checkpoint_minutes, 0.0, 1e6),
            },
        )
