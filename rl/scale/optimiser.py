"""Bytes of an optimiser's states, by the name that ``grpo.optim`` gives it.

States of 32 bits are float32, as the weights that are trained. Those of 8 bits are stored in blocks
of 256 numbers, each with a float32 scale (Dettmers et al. 2022, arXiv 2110.02861; bitsandbytes 0.48
and torchao), those of 4 bits in blocks of 128 (Li et al. 2023, arXiv 2309.01507; torchao). Tensors
of fewer than 4096 numbers stay at 32 bits there, which is not counted. transformers (5.17) has
bitsandbytes keep embeddings at 32 bits, too. Adafactor keeps a row and a column of each matrix, and
no first moment (Shazeer and Stern 2018, arXiv 1804.04235).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rl.scale.shape import ALL_LINEAR, ModelShape
from tagger.errors import UserError, unknown_name

DEFAULT = "adamw_torch_fused"
"""What transformers takes where ``grpo.optim`` is not set."""
ADAFACTOR, SGD, RMSPROP = "adafactor", "sgd", "rmsprop"
EIGHT_BIT, FOUR_BIT = 1 + 4 / 256, 0.5 + 4 / 128
"""Bytes of a state with its share of a block's scale."""
COUNTED: dict[str, tuple[int, float]] = {
    "adamw_torch": (2, 4.0),
    DEFAULT: (2, 4.0),
    "adamw_torch_xla": (2, 4.0),
    "adamw_torch_npu_fused": (2, 4.0),
    "adamw_torch_8bit": (2, EIGHT_BIT),
    "adamw_torch_4bit": (2, FOUR_BIT),
    "adamw_bnb_8bit": (2, EIGHT_BIT),
    "adamw_8bit": (2, EIGHT_BIT),
    "paged_adamw_32bit": (2, 4.0),
    "paged_adamw_8bit": (2, EIGHT_BIT),
    "ademamix": (3, 4.0),
    "ademamix_8bit": (3, EIGHT_BIT),
    "paged_ademamix_32bit": (3, 4.0),
    "paged_ademamix_8bit": (3, EIGHT_BIT),
    "lion_32bit": (1, 4.0),
    "lion_8bit": (1, EIGHT_BIT),
    "paged_lion_32bit": (1, 4.0),
    "paged_lion_8bit": (1, EIGHT_BIT),
    "rmsprop_bnb": (1, 4.0),
    "rmsprop_bnb_32bit": (1, 4.0),
    "rmsprop_bnb_8bit": (1, EIGHT_BIT),
    RMSPROP: (1, 4.0),
    "adagrad": (1, 4.0),
    SGD: (0, 4.0),
    ADAFACTOR: (1, 4.0),
}
"""States that an optimiser keeps of a parameter, and bytes of each."""
NOT_COUNTED = (
    "adamw_anyprecision", "galore_adamw", "galore_adamw_8bit", "galore_adafactor",
    "galore_adamw_layerwise", "galore_adamw_8bit_layerwise", "galore_adafactor_layerwise", "lomo",
    "adalomo", "grokadamw", "schedule_free_radam", "schedule_free_adamw", "schedule_free_sgd",
    "apollo_adamw", "apollo_adamw_layerwise", "stable_adamw",
)  # fmt: skip
"""Further names that transformers accepts; they are counted as AdamW. A test holds both lists
against transformers, whose import takes seconds."""
LORA_RANK = 8
"""Rank of a `LoraConfig` that names none."""


@dataclass(frozen=True)
class Trained:
    """What an optimiser updates.

    Attributes:
        parameters: All of it.
        matrices: Rows, columns and number of the matrices among it.
        embedding: Parameters of the input embedding, if it is among it.
    """

    parameters: int
    matrices: Sequence[tuple[int, int, int]]
    embedding: int = 0


def trained_of(shape: ModelShape, lora: Mapping[str, Any] | None) -> Trained:
    """What a run trains.

    Args:
        shape: Its model.
        lora: Settings of the adapter; None trains all weights.

    Raises:
        UserError: A rank that is no number, or a layer that the model has not.
    """
    if lora is None:
        return Trained(shape.parameters, shape.matrices, shape.embedding_parameters)
    rank = lora.get("r", LORA_RANK)
    if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
        raise UserError(f"The config key lora.r is {rank!r}; it must be a number from 1 on.")
    matrices = shape.lora_matrices(rank, lora.get("target_modules") or ALL_LINEAR)
    return Trained(sum(rows * columns * n for rows, columns, n in matrices), matrices)


def check_optimiser(name: object) -> str:
    """The name of an optimiser that transformers accepts.

    Raises:
        UserError: It accepts no such name.
    """
    known = (*COUNTED, *NOT_COUNTED)
    if name not in known:
        raise unknown_name("optimiser in grpo.optim", str(name), known)
    return str(name)


def state_bytes(name: str, arguments: str | None, trained: Trained) -> float:
    """Bytes of all states.

    Args:
        name: As in ``grpo.optim``; one that is not counted is taken for AdamW.
        arguments: ``grpo.optim_args``.
        trained: What it updates.

    Raises:
        UserError: Arguments of SGD or RMSprop that are no pairs.
    """
    states, each = COUNTED.get(name, COUNTED[DEFAULT])
    if name == ADAFACTOR:
        whole = sum(rows * columns * n for rows, columns, n in trained.matrices)
        factors = sum((rows + columns) * n for rows, columns, n in trained.matrices)
        return each * (factors + trained.parameters - whole)
    if name in (SGD, RMSPROP):
        states += _asked(arguments)
    of_bitsandbytes = each == EIGHT_BIT and not name.startswith("adamw_torch")
    at_32_bits = trained.embedding if of_bitsandbytes else 0
    return states * (each * (trained.parameters - at_32_bits) + 4.0 * at_32_bits)


def _asked(arguments: str | None) -> int:
    """States of torch's SGD and RMSprop that are kept only where they are asked for."""
    try:
        pairs = [word.split("=") for word in (arguments or "").replace(" ", "").split(",") if word]
        given = {key: value.lower() for key, value in pairs}
        return int(float(given.get("momentum", 0)) != 0) + (given.get("centered") in _TRUE)
    except (AttributeError, ValueError) as error:
        raise UserError(
            f"The config key grpo.optim_args is {arguments!r}; it must be pairs, e.g. momentum=0.9."
        ) from error


_TRUE = ("true", "1", "yes")


def optimiser_note(name: str) -> str:
    """How the plan counts an optimiser, where a reader could not guess; empty where one can."""
    if name in NOT_COUNTED:
        return "its states are not known to the plan and counted as AdamW's"
    if name.startswith("paged_"):
        return "its states are counted on the GPU, from which they move to the host as it fills"
    return ""
