"""GPUs by name: memory, peak arithmetic and bandwidth, from data sheets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from tagger.config.settings import Settings, build_settings, read_yaml
from tagger.errors import unknown_name

TABLE = Path(__file__).parent / "cards.yaml"
CPU = "cpu"


@dataclass(frozen=True)
class Card(Settings):
    """A GPU, or the CPU.

    Attributes:
        memory: GiB; 0 for the CPU.
        tflops: Peak, 10^12 operations a second.
        bandwidth: Of its memory, 10^9 bytes a second.
    """

    OWNER: ClassVar[str] = TABLE.name

    memory: float
    tflops: float
    bandwidth: float


@cache
def cards() -> dict[str, Card]:
    """All cards by name."""
    return {
        name: build_settings(Card, entry, f"{TABLE.name}, {name}")
        for name, entry in read_yaml(TABLE).items()
    }


def card_named(name: str) -> Card:
    """A card.

    Raises:
        UserError: No such card.
    """
    if name not in cards():
        raise unknown_name("GPU", name, [known for known in cards() if known != CPU])
    return cards()[name]


def card_of_size(memory: float) -> str:
    """The slowest card with so much memory, to the nearest; for estimates where none is named."""
    gpus = {name: card for name, card in cards().items() if name != CPU}
    return min(gpus, key=lambda name: (abs(gpus[name].memory - memory), gpus[name].tflops))
