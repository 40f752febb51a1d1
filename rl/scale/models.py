"""What is known of a model before anything of it is loaded: its shape and how it thinks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from rl.policy.config import PolicyConfig
from rl.policy.converted import SMOLLM2, SMOLLM2_THINKING
from rl.policy.source import resolve_policy
from rl.scale.shape import ModelShape, shape_from_config
from tagger.config.settings import Settings, build_settings, read_yaml
from tagger.errors import UserError
from tagger.files import read_json

TABLE = Path(__file__).parent / "architectures.yaml"
NO_THINKING = "none"


@dataclass(frozen=True)
class Architecture(Settings):
    """An entry of ``architectures.yaml``, which says what its keys are."""

    OWNER: ClassVar[str] = "architectures.yaml"

    source: str
    parameters: float
    thinking: str
    config: dict[str, Any] = field(default_factory=dict)


@cache
def architectures() -> dict[str, Architecture]:
    """The known architectures by Hub name."""
    return {
        name: build_settings(Architecture, entry, f"{TABLE.name}, {name}")
        for name, entry in read_yaml(TABLE).items()
    }


_SMOLLM2 = "HuggingFaceTB/SmolLM2-135M-Instruct"
CONVERTED_FROM = {SMOLLM2: _SMOLLM2, SMOLLM2_THINKING: _SMOLLM2}
"""Models of `rl.policy.converted` with the Hub names of their architectures."""


def known_architecture(model: str) -> Architecture | None:
    """The entry of a model by its Hub name, or by its name as a converted one; None if unknown."""
    return architectures().get(CONVERTED_FROM.get(model, model))


def shape_of(config: PolicyConfig) -> ModelShape:
    """The shape of a run's model, from the table or from the ``config.json`` of its folder.

    Args:
        config: The run's config, or any policy's.

    Raises:
        UserError: A folder that does not exist or holds no model, a Hub name that is not in the
            table, or an architecture that cannot be planned.
    """
    entry = known_architecture(config.model)
    if entry is not None:
        return shape_from_config(entry.config, config.model)
    name, known = resolve_policy(config).model, architectures()
    if name in known:
        return shape_from_config(known[name].config, name)
    folder = Path(name)
    if not folder.is_dir():
        raise UserError(
            f"The model {config.model} is no folder, and without a network its shape is not known; "
            f"name a folder with its config.json, or one of {', '.join(known)}."
        )
    return shape_from_config(read_json(folder / "config.json", "name a model folder"), config.model)


def check_thinking(config: PolicyConfig) -> None:
    """Refuse a model that is known to write no thinking delimiters where none are named.

    Folders have their tokenizer, which knows more; see `rl.policy.load.load_tokenizer`.

    Raises:
        UserError: The remedy is named.
    """
    if config.model == SMOLLM2_THINKING:
        return
    entry = known_architecture(config.model)
    if entry is not None and entry.thinking == NO_THINKING and config.delimiters is None:
        raise UserError(
            f"The model {config.model} writes no thinking delimiters; name some, e.g. delimiters: "
            "{open: <think>, close: </think>}, of its warm start."
        )
