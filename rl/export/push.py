"""Upload an exported policy to the Hugging Face Hub."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rl.export.files import CARD, FILES, check_exported, is_part
from rl.training.card.use import HERE
from tagger.hub import upload_files

if TYPE_CHECKING:
    from huggingface_hub import CommitInfo


def push_policy(folder: Path, repo: str, **options: Any) -> CommitInfo:
    """Commit an exported policy to a repository, from where transformers and vLLM load it.

    Args:
        folder: What `rl.export.export.export_policy` wrote; only `FILES` are taken.
        repo: ``owner/name``; made if there is none. The card that is uploaded names it.
        options: ``revision``, ``commit_message``, ``private`` and ``token``, as
            `tagger.hub.upload_files` takes them.

    Returns:
        The commit.

    Raises:
        UserError: The folder holds no whole policy, or something that may run code; or as
            `tagger.hub.upload_files`.
    """
    adapter = check_exported(folder)
    message = options.pop("commit_message", "") or (
        "Upload LoRA adapter" if adapter else "Upload policy"
    )
    with TemporaryDirectory(prefix="suffice-push-") as place:
        staged = Path(place)
        for file in sorted(folder.iterdir()):
            if file.name == CARD:
                text = file.read_text(encoding="utf-8").replace(HERE, repo)
                (staged / CARD).write_text(text, encoding="utf-8")
            elif is_part(file.name):
                _link(file, staged / file.name)
        return upload_files(staged, repo, FILES, "policy", commit_message=message, **options)


def left_behind(folder: Path) -> list[str]:
    """Files of a folder that are no part of a policy and are not uploaded."""
    return sorted(file.name for file in folder.iterdir() if not is_part(file.name))


def _link(file: Path, place: Path) -> None:
    """Put a file in another folder without a copy of its weights, where the disk allows it."""
    try:
        place.hardlink_to(file)
    except OSError:  # another disk
        try:
            place.symlink_to(file.absolute())
        except OSError:
            shutil.copyfile(file, place)
