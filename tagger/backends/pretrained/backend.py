"""What a back end with a pretrained network keeps: settings, weights, and the network's files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from tagger.backends.arrays import ArrayBackend
from tagger.config.settings import Settings
from tagger.errors import UserError

if TYPE_CHECKING:
    from torch import nn

FILES = ("config.json", "tokenizer.json")
"""Files of the pretrained network that are stored with the weights, as bytes."""

_FILE = "file."


S = TypeVar("S", bound=Settings)


class PretrainedBackend(ArrayBackend[S]):
    """Base of the back ends with a pretrained network: its arrays never change.

    Args:
        settings: What fixes the net.
        arrays: Weights of the net; ``file.config.json`` and ``file.tokenizer.json``, the bytes of
            the network's files. Made read-only.

    Raises:
        UserError: An array is missing, or a file is stored that is not read.
    """

    name: str
    output_bias: ClassVar[str]
    """Name of the bias of the last layer: its length is the number of types."""

    def __init__(self, settings: S, arrays: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(settings, arrays)
        known = [_FILE + name for name in FILES]
        missing = [name for name in (*known, self.output_bias) if name not in self._arrays]
        if missing:
            raise UserError(
                f"The {self.name} tagger's weights are incomplete ({', '.join(missing)} missing); "
                "train or fetch it again."
            )
        extra = [n for n in self._arrays if n.startswith(_FILE) and n not in known]
        if extra:
            raise UserError(
                f"The {self.name} tagger's weights hold {', '.join(extra)}, which it does not "
                "read; train or fetch it again."
            )

    @property
    def types(self) -> int:
        """Number of types it scores."""
        return len(self._arrays[self.output_bias])

    def logits(self, steps: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Stack the scores that `read` returned for each step, (steps, types).

        A score depends on the steps before, so it is computed when the step is read.
        """
        return np.stack(steps) if len(steps) else np.empty((0, self.types))

    def _file(self, name: str) -> str:
        return self._arrays[_FILE + name].tobytes().decode()

    def _load_weights(self, net: nn.Module) -> None:
        """Put the stored weights into a net, in float32, for inference.

        Raises:
            UserError: They do not fit it.
        """
        import torch

        weights = {
            name: torch.tensor(array, dtype=torch.float32 if array.dtype.kind == "f" else None)
            for name, array in self._arrays.items()
            if not name.startswith(_FILE)
        }
        try:
            net.load_state_dict(weights, assign=True)
        except RuntimeError as error:
            first = str(error).strip().splitlines()[-1].strip()
            raise UserError(
                f"The {self.name} tagger's weights do not fit its settings ({first}); "
                "train or fetch it again."
            ) from error
        net.eval().requires_grad_(False)


def stored_arrays(
    net: nn.Module,
    weights: str,
    files: Mapping[str, str],
    keep: Callable[[str], bool] = lambda name: True,
) -> dict[str, NDArray[Any]]:
    """Arrays of a trained net as a tagger folder holds them.

    Args:
        net: The net.
        weights: Number type of the floating-point weights, e.g. ``"float16"``.
        files: Content of the network's `FILES`.
        keep: Whether to store a weight, by name.

    Returns:
        Rounded weights and the bytes of the files.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for name, tensor in net.state_dict().items():
        if keep(name):
            values = tensor.detach().cpu().numpy()
            floating = np.issubdtype(values.dtype, np.floating)
            arrays[name] = values.astype(weights) if floating else values.copy()
    for name in FILES:
        arrays[_FILE + name] = np.frombuffer(files[name].encode(), dtype=np.uint8).copy()
    return arrays
