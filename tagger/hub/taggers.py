"""Taggers in repositories of the Hugging Face Hub: names, download, upload.

Only the files of a tagger folder ever travel (`FILES`: JSON, safetensors and the card), so
nothing that could run code is downloaded, whatever else a repository holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.calibrations import CALIBRATIONS_FILE
from tagger.errors import UserError
from tagger.hub.names import MAIN, HubName
from tagger.hub.upload import status_of, upload_files
from tagger.novelty import KNOWN_WORDS_FILE
from tagger.storage import CARD_FILE, CONFIG_FILE, WEIGHTS_FILE

if TYPE_CHECKING:
    from huggingface_hub import CommitInfo

FILES = (CONFIG_FILE, WEIGHTS_FILE, CARD_FILE, CALIBRATIONS_FILE, KNOWN_WORDS_FILE)
"""What is downloaded and uploaded of a repository."""

_HEADER = "---\nlibrary_name: suffice\ntags:\n- step-tagger\n- reasoning\n---\n\n"


def download_tagger(
    name: HubName,
    *,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
    force_download: bool = False,
) -> Path:
    """Fetch a tagger's files into the cache of `huggingface_hub`, or find them there.

    Args:
        name: Repository and revision.
        token: Access token; None takes the one that is stored, False sends none.
        cache_dir: Where the cache is; None for that of `huggingface_hub`.
        local_files_only: Look into the cache only; implied by ``HF_HUB_OFFLINE=1``.
        force_download: Fetch the files again though the cache holds them.

    Returns:
        The folder of the snapshot, named by its commit.

    Raises:
        UserError: No such repository or revision, no access, no network and not in the cache, or
            the repository holds no tagger.
    """
    from huggingface_hub import constants, snapshot_download

    options: dict[str, Any] = {
        "revision": name.revision,
        "allow_patterns": list(FILES),
        "cache_dir": cache_dir,
        "token": token,
        "library_name": "suffice",
    }
    offline = local_files_only or bool(constants.HF_HUB_OFFLINE)
    try:
        if offline:
            folder = Path(snapshot_download(name.repo, local_files_only=True, **options))
        else:
            folder = _fetch(name.repo, force_download, options)
    except Exception as error:  # its errors share no class: offline, no such name, no access
        raise UserError(
            f"No tagger {str(name)!r}: there is no such folder here, and "
            f"{_why_not_had(error, name, cache_dir)}."
        ) from error
    missing = [file for file in (CONFIG_FILE, WEIGHTS_FILE) if not (folder / file).is_file()]
    if missing:
        raise UserError(
            f"The Hub repository {name} (commit {folder.name[:12]}) is no step tagger: it has no "
            f"{' and no '.join(missing)}; name one that 'suffice tagger push' wrote."
        )
    return folder


def _fetch(repo: str, force_download: bool, options: Mapping[str, Any]) -> Path:
    """Download; without a network, a commit in the cache will do, as a branch does anyway."""
    import httpx
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(repo, force_download=force_download, **options))
    except httpx.TransportError:
        return Path(snapshot_download(repo, local_files_only=True, **options))


def upload_tagger(
    folder: Path,
    repo: str,
    *,
    revision: str | None = None,
    commit_message: str = "",
    private: bool | None = None,
    token: str | bool | None = None,
    create_pr: bool = False,
) -> CommitInfo:
    """Commit a tagger folder to a repository, which is made if there is none.

    Args:
        folder: The tagger's; only `FILES` are taken. Those of them that it lacks are deleted from
            the branch, whose other files stay.
        repo: ``owner/name``.
        revision: Branch to commit to, made if there is none; None is the main branch.
        commit_message: Of the commit.
        private: Visibility of a repository that is made; None is the owner's default.
        token: Access token with the right to write; None takes the one that is stored.
        create_pr: Open a pull request instead of committing to the branch.

    Returns:
        The commit; its ``oid`` is a revision to load the tagger by.

    Raises:
        UserError: Not a name of a repository, no network, or no right to write.
    """
    return upload_files(
        folder,
        repo,
        FILES,
        "tagger",
        revision=revision,
        commit_message=commit_message or "Upload step tagger",
        private=private,
        token=token,
        create_pr=create_pr,
    )


def card_for_hub(card: str, repo: str, fingerprint: str) -> str:
    """A tagger's card with the Hub's header, the fingerprint and how to load it.

    Args:
        card: Text of the README.md so far; a header that it has is kept.
        repo: Where it goes.
        fingerprint: Of the tagger.
    """
    text = card if card.strip() else "# Step tagger\n"
    if not text.startswith("---\n"):
        text = _HEADER + text
    if fingerprint not in text:
        text = f"{text.rstrip()}\n\n* Fingerprint `{fingerprint}`\n"
    load = f'FrozenTagger.from_pretrained("{repo}")'
    if load not in text:
        text = (
            f"{text.rstrip()}\n\n## Use\n\n```python\nfrom suffice import FrozenTagger\n\n"
            f"tagger = {load}\n```\n"
        )
    return text


def _why_not_had(error: Exception, name: HubName, cache_dir: str | Path | None) -> str:
    """What a failed download means to the user, with the remedy."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return (
            "access to the Hub repository is restricted; ask for it on its page, and log in "
            "with 'hf auth login'"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return (
            "the Hub has no such repository, or it is private; check the name, or log in with "
            "'hf auth login'"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return (
            f"the Hub repository {name.repo} has no revision {name.revision or MAIN!r}; name "
            "a branch, tag or commit of it"
        )
    if isinstance(error, errors.HFValidationError):
        return "it is no name of a Hub repository (owner/name)"
    if isinstance(error, errors.HfHubHTTPError):
        return f"the Hub answers {status_of(error)}; try again later"
    wanted = f"revision {name.revision or MAIN!r}"
    held = _cached_revisions(name.repo, cache_dir)
    if isinstance(error, errors.IncompleteSnapshotError):
        found = f"{wanted} is in the cache only in part"
    elif held:
        found = f"{wanted} is not in the cache, which holds {', '.join(held)}"
    else:
        found = "it is not in the cache"
    return f"the Hub cannot be reached (offline) and {found}; go online once to fetch it"


def _cached_revisions(repo: str, cache_dir: str | Path | None = None) -> list[str]:
    """Branches and tags of a repository in the cache, sorted; its commits if it has none."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    place = Path(cache_dir or constants.HF_HUB_CACHE)
    place /= repo_folder_name(repo_id=repo, repo_type="model")
    refs = place / "refs"
    named = sorted(str(p.relative_to(refs)) for p in refs.rglob("*") if p.is_file())
    return named or sorted(p.name[:12] for p in place.glob("snapshots/*"))
