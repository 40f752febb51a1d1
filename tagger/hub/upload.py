"""Uploading a folder to a repository of the Hugging Face Hub: a tagger, a policy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import UserError
from tagger.hub.names import HubName

if TYPE_CHECKING:
    from huggingface_hub import CommitInfo


def upload_files(
    folder: Path,
    repo: str,
    patterns: Sequence[str],
    what: str,
    *,
    revision: str | None = None,
    commit_message: str,
    private: bool | None = None,
    token: str | bool | None = None,
    create_pr: bool = False,
) -> CommitInfo:
    """Commit files of a folder to a repository, which is made if there is none.

    Args:
        folder: Holds the files.
        repo: ``owner/name``.
        patterns: Names that are uploaded, no others ever are. Files of the branch that match one
            of them and are not in the folder are deleted, the others stay.
        what: What is uploaded, for the refusal: ``tagger``.
        revision: Branch to commit to, made if there is none; None is the main branch.
        commit_message: Of the commit.
        private: Visibility of a repository that is made; None is the owner's default.
        token: Access token with the right to write; None takes the one that is stored.
        create_pr: Open a pull request instead of committing to the branch.

    Returns:
        The commit; its ``oid`` is a revision to load by.

    Raises:
        UserError: Not a name of a repository, no network, or no right to write.
    """
    parsed = HubName.parse(repo)
    if parsed is None or parsed.revision is not None:
        raise UserError(
            f"{repo!r} is no name of a Hub repository; write owner/name, and the branch, if any, "
            "as the revision."
        )
    from huggingface_hub import HfApi

    api = HfApi(token=token, library_name="suffice")
    try:
        api.create_repo(repo, private=private, exist_ok=True)
        if revision is not None and not create_pr:
            api.create_branch(repo, branch=revision, exist_ok=True)
        return api.upload_folder(
            repo_id=repo,
            folder_path=folder,
            allow_patterns=list(patterns),
            delete_patterns=list(patterns),  # what was there before would not fit the new files
            revision=revision,
            commit_message=commit_message,
            create_pr=create_pr,
        )
    except Exception as error:  # its errors share no class: offline, not logged in, no right
        raise UserError(
            f"The {what} cannot be uploaded to {repo}: {_why_not_taken(error)}."
        ) from error


def _why_not_taken(error: Exception) -> str:
    from huggingface_hub import errors

    if isinstance(error, errors.HFValidationError):
        return "this is no name of a Hub repository (owner/name)"
    if isinstance(error, errors.LocalTokenNotFoundError):
        return "no access token is stored; log in with 'hf auth login'"
    if isinstance(error, errors.HfHubHTTPError):
        if getattr(error.response, "status_code", None) in (401, 403):
            return (
                f"the Hub answers {status_of(error)}; log in with 'hf auth login' by a token "
                "that may write there"
            )
        return f"the Hub answers {status_of(error)}"
    if isinstance(error, errors.OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set; unset it"
    return f"the Hub cannot be reached ({type(error).__name__})"


def status_of(error: Exception) -> str:
    """The HTTP status that an error of `huggingface_hub` carries, for people."""
    response = getattr(error, "response", None)
    code = getattr(response, "status_code", "an error")
    return f"{code} {getattr(response, 'reason_phrase', '')}".strip()
