"""Settings of the encoder back end: of the net, and of its training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tagger.backends.linear import FEATURES_VERSION
from tagger.config.ranges import refuse_outside, settings_from
from tagger.errors import UserError, unknown_name

POOLINGS = ("mean", "cls", "last")
HEADS = ("gru", "linear")
MODES = ("frozen", "finetuned")
STORED = ("float16", "float32")
PICKS = ("micro_f1", "loss", "last")


def _refuse_unknown(values: Mapping[str, tuple[str, tuple[str, ...]]]) -> None:
    """Raise for the first value that is none of its choices."""
    for name, (value, known) in values.items():
        if value not in known:
            raise unknown_name(f"value of encoder setting {name}", value, known)


@dataclass(frozen=True)
class EncoderSettings:
    """What fixes the net and what it reads; part of the fingerprint.

    Attributes:
        encoder: Where the encoder came from: ``minilm``, a local folder, or a name on the Hub.
        pooling: How token vectors become a step vector; ``auto`` is replaced in training by what
            the encoder's own folder says, else ``mean``.
        normalize: Whether step vectors are brought to length 1; training takes it from the
            encoder's folder.
        max_tokens: Tokens of a step that are read; of a longer one the head and the tail.
        previous_tokens: Tokens of the end of the step before that stand in front; before the
            first step stands the question.
        head: ``gru`` over the steps of a trace, or ``linear``.
        hidden: Size of the GRU's state.
        earlier: How many earlier step vectors stand beside the step's own.
        flag_bits: Look-back flags are hashed into ``2**flag_bits`` rows.
        flag_size: Size of their embedding.
        max_words: Words of a step beyond this many are not read for the flags.
        weights: Number type in which the encoder's weights are kept and used after rounding.
        features_version: Of the look-back code.

    Raises:
        UserError: A value out of range, or flags of another version.
    """

    encoder: str = "minilm"
    pooling: str = "auto"
    normalize: bool = False
    max_tokens: int = 128
    previous_tokens: int = 32
    head: str = "gru"
    hidden: int = 192
    earlier: int = 1
    flag_bits: int = 12
    flag_size: int = 64
    max_words: int = 2000
    weights: str = "float16"
    features_version: int = FEATURES_VERSION

    def __post_init__(self) -> None:
        _refuse_unknown(
            {
                "pooling": (self.pooling, (*POOLINGS, "auto")),
                "head": (self.head, HEADS),
                "weights": (self.weights, STORED),
            }
        )
        refuse_outside(
            "Encoder setting",
            {
                "max_tokens": (self.max_tokens, 4, 8192),
                "previous_tokens": (self.previous_tokens, 0, 1024),
                "hidden": (self.hidden, 1, 4096),
                "earlier": (self.earlier, 0, 16),
                "flag_bits": (self.flag_bits, 4, 20),
                "flag_size": (self.flag_size, 1, 1024),
                "max_words": (self.max_words, 1, 10_000),
            },
        )
        if self.features_version != FEATURES_VERSION:
            raise UserError(
                f"The tagger was trained with features version {self.features_version}, this "
                f"release computes version {FEATURES_VERSION}; train it again."
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> EncoderSettings:
        """Build from a mapping; an unknown key is a UserError that names the nearest one."""
        return settings_from(cls, values, "encoder tagger setting")


@dataclass(frozen=True)
class FitSettings:
    """How the net is trained.

    Attributes:
        mode: ``frozen`` trains the head on the encoder's vectors, ``finetuned`` everything.
        head_epochs: Passes over whole traces that train the head alone, on vectors computed once.
            All of the training when frozen; when finetuned they come first (Kumar et al. 2022,
            arXiv 2202.10054: a probe first distorts the features less). 0 leaves them out.
        epochs: Passes that train everything; unused when frozen.
        batch: Windows of steps (traces, for the head alone) in an update.
        window: Consecutive steps with loss in a window.
        burn_in: Steps before a window that are read without loss.
        head_rate: Learning rate of the head.
        encoder_rate: Learning rate of the encoder's topmost layer.
        layer_decay: Each layer below learns at this times the rate of the one above.
        train_embeddings: Whether the token embeddings learn too; half of MiniLM's weights.
        warm_up: Share of the updates in which rates rise from 0; then they fall to 0.
        weight_decay: Of AdamW.
        dropout: Before the head and before its last layer.
        smoothing: Share of the target spread evenly over all types.
        alternative: Share of the target that goes to a step's plausible second type.
        balance: Steps weigh by their type's frequency to the power of minus this; 0 is no weight.
        pick: Which epoch is kept: best ``micro_f1`` or ``loss`` on the held-out questions, or
            ``last``.
        retrain: Train once more on all traces, for as many epochs as were picked; else the tagger
            has never seen the held-out ones.
        extra_share: Windows (traces) of other taxonomies for each of our own.
        extra_weight: Weight of their loss.
        checkpoint_minutes: Least time between checkpoints.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        UserError: A value out of range.
    """

    mode: str = "finetuned"
    head_epochs: int = 15
    epochs: int = 3
    batch: int = 4
    window: int = 8
    burn_in: int = 4
    head_rate: float = 1e-3
    encoder_rate: float = 5e-5
    layer_decay: float = 0.9
    train_embeddings: bool = False
    warm_up: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.2
    smoothing: float = 0.05
    alternative: float = 0.2
    balance: float = 0.0
    pick: str = "micro_f1"
    retrain: bool = False
    extra_share: float = 1.0
    extra_weight: float = 0.5
    checkpoint_minutes: float = 5.0
    device: str = "auto"

    def __post_init__(self) -> None:
        _refuse_unknown(
            {
                "mode": (self.mode, MODES),
                "pick": (self.pick, PICKS),
                "device": (self.device, ("auto", "cpu", "cuda")),
            }
        )
        refuse_outside(
            "Encoder setting",
            {
                "head_epochs": (self.head_epochs, int(self.mode == "frozen"), 1000),
                "epochs": (self.epochs, 1, 1000),
                "batch": (self.batch, 1, 1024),
                "window": (self.window, 1, 1024),
                "burn_in": (self.burn_in, 0, 1024),
                "head_rate": (self.head_rate, 0.0, 1.0),
                "encoder_rate": (self.encoder_rate, 0.0, 1.0),
                "layer_decay": (self.layer_decay, 0.0, 1.0),
                "warm_up": (self.warm_up, 0.0, 0.9),
                "weight_decay": (self.weight_decay, 0.0, 1.0),
                "dropout": (self.dropout, 0.0, 0.9),
                "smoothing": (self.smoothing, 0.0, 0.9),
                "alternative": (self.alternative, 0.0, 0.5),
                "balance": (self.balance, 0.0, 1.0),
                "extra_share": (self.extra_share, 0.0, 100.0),
                "extra_weight": (self.extra_weight, 0.0, 100.0),
                "checkpoint_minutes": (self.checkpoint_minutes, 0.0, 1e6),
            },
        )
