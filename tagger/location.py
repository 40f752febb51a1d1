"""Where a tagger is: a folder, a packaged one by name, or a repository of the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tagger.errors import UserError
from tagger.hub import HubName, download_tagger
from tagger.storage import CONFIG_FILE

PACKAGED = Path(__file__).parent / "models" / "default"
"""The tagger that ships with the package and is loaded when none is named."""


def packaged_taggers() -> list[str]:
    """Names of the taggers that ship with the package, the default one first."""
    found = sorted(p.parent.name for p in PACKAGED.parent.glob(f"*/{CONFIG_FILE}"))
    return sorted(found, key=lambda name: name != PACKAGED.name)


def tagger_folder(name: str | Path | None, revision: str | None = None, **download: Any) -> Path:
    """Folder of a tagger.

    Args:
        name: A folder; if there is none, the name of a packaged tagger, or a Hub repository,
            ``owner/name`` or ``owner/name@revision`` (a string; a `Path` is always local). None
            for the default one.
        revision: Branch, tag or commit of a Hub repository.
        download: Options of `tagger.hub.download_tagger`.

    Returns:
        The folder; of a repository that in the Hub's cache, fetched first if it is not there. Any
        other path with a separator in it is returned as it is.

    Raises:
        UserError: Neither a folder nor a packaged name; the packaged ones are listed. A revision
            given twice, or of what has none. Or as `tagger.hub.download_tagger`.
    """
    path = Path(PACKAGED if name is None else name).expanduser()
    local = path.exists() or not isinstance(name, str)
    hub = None if local else HubName.parse(str(name))
    if revision is not None and (hub is None or hub.revision is not None):
        raise UserError(
            f"The revision {revision!r} does not go with the tagger {str(name)!r}: only a Hub "
            "repository (owner/name) has revisions, and one is named at a time; leave it out."
        )
    if hub is not None:
        return download_tagger(HubName(hub.repo, hub.revision or revision), **download)
    if path.exists() or path.name != str(name):
        return path
    packaged = packaged_taggers()
    if path.name in packaged:
        return PACKAGED.parent / path.name
    raise UserError(
        f"No tagger {str(name)!r}: there is no such folder, and the packaged taggers are "
        f"{', '.join(packaged)}."
    )
