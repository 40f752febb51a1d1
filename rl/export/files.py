"""Which files a policy that is given away consists of: weights as safetensors, and text."""

from __future__ import annotations

import fnmatch
import shutil
from pathlib import Path

from rl import run_files
from tagger.errors import UserError
from tagger.files import read_json

ANEW = "export the policy anew"
COPIED = "put back the file that it is a copy of, in the folder of the training run"
CARD = "README.md"
RUN_CONFIG = "training_config.yaml"
CONFIG, ADAPTER = "config.json", "adapter_config.json"
WEIGHTS, INDEX, ADAPTER_WEIGHTS = (
    "model*.safetensors",
    "model.safetensors.index.json",
    "adapter_model.safetensors",
)
TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "chat_template.jinja",
)  # fmt: skip
MODEL = (CONFIG, "generation_config.json", WEIGHTS, INDEX)
FILES = (*MODEL, ADAPTER, ADAPTER_WEIGHTS, *TOKENIZER, CARD, RUN_CONFIG, run_files.PROVENANCE)
"""Patterns of everything that a folder may hold and that is uploaded."""
PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.ckpt")


def copy_files(source: Path, target: Path, patterns: tuple[str, ...]) -> None:
    """Copy the files of a folder that match one of the patterns."""
    for file in sorted(source.iterdir()):
        if file.is_file() and _matches(file.name, patterns):
            shutil.copyfile(file, target / file.name)


def is_part(name: str) -> bool:
    """Whether a file of this name belongs to a policy that is given away."""
    return _matches(name, FILES)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model or an adapter, sorted."""
    return sorted({*folder.glob(WEIGHTS), *folder.glob(ADAPTER_WEIGHTS)})


def check_exported(folder: Path) -> bool:
    """Check that a folder holds a whole policy to give away, and nothing that runs code.

    Args:
        folder: The folder.

    Returns:
        Whether it holds an adapter alone.

    Raises:
        UserError: It does not; the file and the remedy are named.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; name one that `suffice export` wrote.")
    adapter = (folder / ADAPTER).is_file()
    if not adapter and not (folder / CONFIG).is_file():
        raise UserError(
            f"{folder} holds neither {CONFIG} nor {ADAPTER}; name a folder that `suffice export` "
            "wrote."
        )
    for file in sorted(folder.rglob("*")):
        if _matches(file.name, PICKLES):
            raise UserError(
                f"{file} is no safetensors file but may be a pickle, which runs code when it is "
                "loaded; take it away, or export the policy anew."
            )
        if file.suffix == ".py":
            raise UserError(
                f"{file} is code; a policy is given away without any. Take it away, or push the "
                "folder by other means."
            )
    _check_weights(folder, adapter)
    if not (folder / "tokenizer_config.json").is_file():
        raise UserError(f"{folder} holds no tokenizer_config.json; export the policy anew.")
    if not _has_template(folder):
        raise UserError(f"The tokenizer in {folder} has no chat template; export the policy anew.")
    if not (folder / CARD).is_file():
        raise UserError(f"{folder} holds no card, {CARD}; export the policy anew.")
    return adapter


def _check_weights(folder: Path, adapter: bool) -> None:
    """Every file that is needed is there and whole."""
    from safetensors import SafetensorError, safe_open

    wanted = {ADAPTER_WEIGHTS} if adapter else {file.name for file in folder.glob(WEIGHTS)}
    index = folder / INDEX
    if not adapter and index.is_file():
        wanted = set(read_json(index, ANEW, keys=("weight_map",))["weight_map"].values())
    if not wanted:
        raise UserError(f"{folder} holds no weights as safetensors; export the policy anew.")
    for name in sorted(wanted):
        try:
            with safe_open(folder / name, framework="np") as weights:
                weights.keys()
        except (OSError, SafetensorError) as error:
            raise UserError(
                f"{folder / name} cannot be read as safetensors ({error}); export the policy anew."
            ) from error


def _has_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").is_file():
        return True
    return bool(read_json(folder / "tokenizer_config.json", ANEW).get("chat_template"))


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
