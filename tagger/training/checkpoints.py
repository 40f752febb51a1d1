"""Checkpoints of a training: one safetensors file, replaced atomically, from which it resumes.

No pickle: weights and the optimiser's moments are arrays, everything else is JSON in the header.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tagger.errors import UserError
from tagger.files import replacing

_FILE = "training.safetensors"


class Checkpointer:
    """Writes and reads the checkpoint of a training that runs in stages.

    Args:
        folder: For the checkpoint; None writes none.
        key: Hash of everything that fixes the training.
        minutes: Minimum time between two checkpoints inside a stage.

    Attributes:
        done: Results of finished stages by name, JSON-able.
        stage: Name of the stage of the last checkpoint, empty before the first.
        progress: Where in that stage; empty if it is finished.

    Raises:
        UserError: The folder holds the checkpoint of another training, or an unreadable one.
    """

    def __init__(self, folder: Path | None, key: str, minutes: float) -> None:
        self._file = folder / _FILE if folder else None
        self._key = key
        self._minutes = minutes
        self._last = time.monotonic()
        self._tensors: dict[str, Tensor] = {}
        self.done: dict[str, Any] = {}
        self.stage = ""
        self.progress: dict[str, Any] = {}
        if self._file and self._file.is_file():
            self._read(self._file)

    def _read(self, file: Path) -> None:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(file, "pt") as content:
                state = json.loads((content.metadata() or {})["state"])
                self._tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118 - no mapping
            key = state["key"]
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"The checkpoint {file} cannot be read ({error}); name another --checkpoint folder "
                "to start anew."
            ) from error
        if key != self._key:
            raise UserError(
                f"The checkpoint {file} belongs to a training with other labels or settings, or of "
                "another release; name another --checkpoint folder, or run that training's command "
                "again."
            )
        self.done, self.stage, self.progress = state["done"], state["stage"], state["progress"]

    @property
    def enabled(self) -> bool:
        """Whether it writes checkpoints."""
        return bool(self._file)

    def due(self) -> bool:
        """Whether it is time for the next checkpoint."""
        return bool(self._file) and time.monotonic() - self._last >= 60 * self._minutes

    def save(
        self,
        stage: str,
        progress: Mapping[str, Any],
        net: nn.Module,
        optimizer: torch.optim.Optimizer | None = None,
        best: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Write a checkpoint under a temporary name and rename it.

        Args:
            stage: The stage that is running; finished if `progress` is empty.
            progress: Where in the stage, JSON-able.
            net: The net.
            optimizer: AdamW, if the stage is not finished.
            best: Weights of the best epoch so far.
        """
        from safetensors.torch import save_file

        if not self._file:
            return
        tensors = {f"net.{k}": v for k, v in net.state_dict().items()}
        tensors |= {f"best.{k}": v for k, v in (best or {}).items()}
        if optimizer:
            for number, parameter in enumerate(_parameters(optimizer)):
                for name, value in optimizer.state[parameter].items():
                    tensors[f"adam.{number}.{name}"] = torch.as_tensor(value)
        tensors = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
        state = {"key": self._key, "done": self.done, "stage": stage, "progress": dict(progress)}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self._file) as draft:
            save_file(tensors, str(draft), {"state": json.dumps(state)})
        self.stage = stage
        self._last = time.monotonic()

    def restore(self, net: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> None:
        """Load the weights, and the optimiser's moments, of the checkpoint."""
        net.load_state_dict(self._named("net."))
        if optimizer:
            moments: dict[int, dict[str, Tensor]] = {}
            for name, tensor in self._named("adam.").items():
                number, _, key = name.partition(".")
                moments.setdefault(int(number), {})[key] = tensor
            parameters = _parameters(optimizer)
            for place, state in moments.items():
                p = parameters[place]
                optimizer.state[p] = {k: v.to(p.device) if v.dim() else v for k, v in state.items()}

    def restore_finished(self, stage: str, net: nn.Module) -> None:
        """Load the final weights of a finished stage, if it is the last one that ran."""
        if self.stage == stage and self._tensors:
            self.restore(net)

    def best(self) -> dict[str, Tensor]:
        """Weights of the best epoch so far, empty before the end of the first."""
        return self._named("best.")

    def _named(self, prefix: str) -> dict[str, Tensor]:
        return {k[len(prefix) :]: v for k, v in self._tensors.items() if k.startswith(prefix)}


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"]]
