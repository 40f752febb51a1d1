"""What every trained back end stores: settings and read-only arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from tagger.config.settings import Settings

S = TypeVar("S", bound=Settings)


class ArrayBackend(Generic[S]):
    """Base of the back ends that are settings and arrays; both are part of the fingerprint.

    Args:
        settings: What fixes the back end.
        arrays: Weights by name. Made read-only.
    """

    def __init__(self, settings: S, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._settings = settings
        self._arrays = {k: np.ascontiguousarray(v) for k, v in sorted(arrays.items())}
        for array in self._arrays.values():
            array.setflags(write=False)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings by name, JSON-able."""
        return self._settings.to_dict()

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All weights by name, read-only."""
        return dict(self._arrays)
