"""Hidden states below the trained layers: computed once, stored on disk, read window by window."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tagger.backends.causal.net import states_of
from tagger.backends.causal.windows import Window
from tagger.backends.pretrained.progress import Progress
from tagger.backends.pretrained.settings import Precision
from tagger.errors import UserError
from tagger.files import replacing
from tagger.training.causal.examples import Example
from tagger.training.devices import computing_in

_BYTES = 2  # of a float16


@dataclass(frozen=True, eq=False, slots=True)
class StoredWindow:
    """A window whose hidden states are on disk.

    Attributes:
        window: Its tokens and steps.
        targets: Of its steps, (steps, types).
        types: Index of the true type of each step.
        file: Where the states are.
        number: Which of the file's windows it is.
    """

    window: Window
    targets: Tensor
    types: list[int]
    file: Path
    number: int

    def states(self) -> Tensor:
        """States of its tokens below the trained layers, (tokens, width)."""
        with safe_open(self.file, "pt") as content:
            states: Tensor = content.get_tensor(str(self.number))
        return states.float()


def store_states(
    body: Any,
    examples: Sequence[Example],
    folder: Path,
    key: str,
    say: Callable[[str], None],
    precision: Precision = "float32",
) -> list[list[StoredWindow]]:
    """Run the lower layers over all windows, one file a trace; existing files are reused.

    Args:
        body: The lower layers.
        examples: The traces.
        folder: For the files.
        key: Hash of the layers.
        say: Takes a line on progress.
        precision: Number type of the layers' matrix products.

    Returns:
        The windows of each trace.

    Raises:
        UserError: The disk is too full, or states are too large for float16.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if precision != "float32":
        key = f"{key}:{precision}"
    files = [folder / f"{_name(e, key)}.safetensors" for e in examples]
    missing = {  # traces that read alike share a file
        file: sum(len(w.ids) for w in example.windows)
        for file, example in dict(zip(files, examples, strict=True)).items()
        if not _is_whole(file, len(example.windows))
    }
    left = sum(missing.values())
    need = left * int(body.config.hidden_size) * _BYTES
    free = shutil.disk_usage(folder).free
    say(
        f"Running {left:,} tokens of {len(missing):,} traces once through the lower layers; "
        f"their states take {need / 1e6:,.0f} MB in {folder}."
    )
    if need > free:
        raise UserError(
            f"The states of the lower layers take {need / 1e6:,.0f} MB, {folder} has "
            f"{free / 1e6:,.0f} MB left; make room or name another --checkpoint folder."
        )
    stored, ran, progress = [], 0, Progress()
    for example, file in zip(examples, files, strict=True):
        tokens = missing.pop(file, 0)
        if tokens:
            _run(body, example, file, precision)
            ran += tokens
        stored.append(
            [
                StoredWindow(w, torch.from_numpy(t), kinds, file, number)
                for number, (w, t, kinds) in enumerate(
                    zip(example.windows, example.targets, example.types, strict=True)
                )
            ]
        )
        if rate := progress.add(tokens):
            say(f"Ran {ran:,} of {left:,} tokens, {rate:.0f} tokens/s.")
    return stored


def _name(example: Example, key: str) -> str:
    digest = hashlib.sha256(key.encode())
    for window in example.windows:
        digest.update(repr(window.ids).encode())
    return digest.hexdigest()[:32]


def _is_whole(file: Path, windows: int) -> bool:
    try:
        with safe_open(file, "pt") as content:
            return len(content.keys()) == windows
    except (SafetensorError, OSError):
        return False


def _run(body: Any, example: Example, file: Path, precision: Precision) -> None:
    device = next(body.parameters()).device
    states = {}
    with torch.inference_mode(), computing_in(precision, device.type):
        for number, window in enumerate(example.windows):
            ids = torch.tensor(window.ids, device=device)
            states[str(number)] = states_of(body, ids).half().cpu().contiguous()
            if not bool(states[str(number)].isfinite().all()):
                raise UserError(
                    "States of the lower layers are too large for float16; choose "
                    "another number of lower layers or another model."
                )
    with replacing(file) as draft:
        save_file(states, str(draft))
