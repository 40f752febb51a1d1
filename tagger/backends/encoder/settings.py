"""Settings of the encoder back end: of the net, and of its training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Interval

from tagger.backends.features import FEATURES_VERSION
from tagger.backends.pretrained.settings import PretrainedFit, StoredType
from tagger.config.settings import Settings
from tagger.errors import UserError


@dataclass(frozen=True)
class EncoderSettings(Settings):
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
        earlier: How many earlier step vectors are concatenated to the step's own.
        flag_bits: Look-back flags are hashed into ``2**flag_bits`` rows.
        flag_size: Size of their embedding.
        max_words: Words of a step beyond this many are not read for the flags.
        weights: Number type in which the encoder's weights are kept and used after rounding.
        features_version: Of the look-back code.

    Raises:
        UserError: A value out of range, or flags of another version.
    """

    KEY: ClassVar[str] = "setting"
    OWNER: ClassVar[str] = "the encoder tagger"

    encoder: str = "minilm"
    pooling: Literal["mean", "cls", "last", "auto"] = "auto"
    normalize: bool = False
    max_tokens: Annotated[int, Interval(ge=4, le=8192)] = 128
    previous_tokens: Annotated[int, Interval(ge=0, le=1024)] = 32
    head: Literal["gru", "linear"] = "gru"
    hidden: Annotated[int, Interval(ge=1, le=4096)] = 192
    earlier: Annotated[int, Interval(ge=0, le=16)] = 1
    flag_bits: Annotated[int, Interval(ge=4, le=20)] = 12
    flag_size: Annotated[int, Interval(ge=1, le=1024)] = 64
    max_words: Annotated[int, Interval(ge=1, le=10_000)] = 2000
    weights: StoredType = "float16"
    features_version: int = FEATURES_VERSION

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.features_version != FEATURES_VERSION:
            raise UserError(
                f"The tagger was trained with features version {self.features_version}, this "
                f"release computes version {FEATURES_VERSION}; train it again."
            )


@dataclass(frozen=True)
class FitSettings(PretrainedFit):
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
        checkpoint_minutes: Minimum time between checkpoints.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        UserError: A value out of range.
    """

    OWNER: ClassVar[str] = "the encoder training"

    mode: Literal["frozen", "finetuned"] = "finetuned"
    head_epochs: Annotated[int, Interval(ge=0, le=1000)] = 15
    batch: Annotated[int, Interval(ge=1, le=1024)] = 4
    window: Annotated[int, Interval(ge=1, le=1024)] = 8
    burn_in: Annotated[int, Interval(ge=0, le=1024)] = 4
    encoder_rate: Annotated[float, Interval(ge=0.0, le=1.0)] = 5e-5
    layer_decay: Annotated[float, Interval(ge=0.0, le=1.0)] = 0.9
    train_embeddings: bool = False
    warm_up: Annotated[float, Interval(ge=0.0, le=0.9)] = 0.1
    dropout: Annotated[float, Interval(ge=0.0, le=0.9)] = 0.2
    smoothing: Annotated[float, Interval(ge=0.0, le=0.9)] = 0.05
    balance: Annotated[float, Interval(ge=0.0, le=1.0)] = 0.0
    pick: Literal["micro_f1", "loss", "last"] = "micro_f1"
    retrain: bool = False
    extra_share: Annotated[float, Interval(ge=0.0, le=100.0)] = 1.0
    extra_weight: Annotated[float, Interval(ge=0.0, le=100.0)] = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode == "frozen" and self.head_epochs < 1:
            raise UserError(
                f"head_epochs of {self.OWNER} is {self.head_epochs}; mode frozen trains the head "
                "alone and needs at least 1."
            )
