"""Finding a pre-trained model: a local folder, or a name on the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tagger.errors import UserError


def pretrained_folder(
    kind: str, name: str, patterns: Sequence[str], remedy: str = "name a folder"
) -> Path:
    """Find a model; nothing is loaded yet.

    Args:
        kind: What it is called in errors, e.g. ``"encoder"``.
        name: A local folder, or a name on the Hub, taken from the cache when offline.
        patterns: Files to fetch.
        remedy: What to do instead, for errors.

    Returns:
        Where it is.

    Raises:
        UserError: It cannot be found, or lacks a file.
    """
    folder = Path(name) if Path(name).is_dir() else _from_hub(kind, name, patterns, remedy)
    return checked_folder(kind, folder)


def checked_folder(kind: str, folder: Path) -> Path:
    """Give the folder back if it has what is needed of a model; errors as above."""
    for file in ("config.json", "tokenizer.json"):
        if not (folder / file).is_file():
            raise UserError(
                f"The {kind} in {folder} has no {file}; name a folder that transformers' "
                "save_pretrained wrote, tokenizer included."
            )
    if not list(folder.glob("*.safetensors")):
        raise UserError(
            f"The {kind} in {folder} has no safetensors weights; save it again with "
            "safe_serialization, pickled weights are not read."
        )
    return folder


def model_text(kind: str, folder: Path, name: str) -> str:
    """Content of a text file of a model.

    Args:
        kind: What the model is called in errors, e.g. ``"encoder"``.
        folder: Of the model.
        name: Of the file.

    Raises:
        UserError: It is not UTF-8.
    """
    try:
        return (folder / name).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"The {name} of the {kind} in {folder} is not UTF-8 text ({error}); fetch it again, "
            "or save model and tokenizer again with save_pretrained."
        ) from error


def reason_of(error: Exception) -> str:
    """What a library says of a model it cannot read: its first sentence, on one line.

    The class goes first, as the text of a KeyError is but a key.
    """
    text = " ".join(str(error).split()).partition(". ")[0].rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def shown_name(name: str) -> str:
    """What a tagger remembers of where its model came from; never a path of this machine."""
    return Path(name).resolve().name if Path(name).is_dir() else name


def _from_hub(kind: str, name: str, patterns: Sequence[str], remedy: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(patterns)))
    except Exception as error:  # its errors share no class: offline, no such model, bad name
        raise UserError(
            f"No {kind} {name!r}: it is no folder here and cannot be had from the Hugging Face "
            f"Hub ({type(error).__name__}); check the name, go online once to fetch it, or "
            f"{remedy}."
        ) from error
