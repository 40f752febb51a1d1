"""Back ends by name. A new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from tagger.backends.base import Backend
from tagger.backends.causal.backend import CausalBackend
from tagger.backends.encoder.backend import EncoderBackend
from tagger.backends.ensemble import EnsembleBackend
from tagger.backends.linear import LinearBackend
from tagger.backends.student.backend import StudentBackend
from tagger.errors import unknown_name


def load_backend(
    name: str, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> Backend:
    """Build a back end from what a tagger folder holds.

    Args:
        name: Its name in `BACKENDS`.
        settings: JSON-able settings, as `Backend.settings` gives them.
        arrays: Weights by name, as `Backend.arrays` gives them.

    Raises:
        UserError: Unknown name; the nearest one is suggested.
    """
    if name not in BACKENDS:
        raise unknown_name("tagger back end", name, BACKENDS)
    return BACKENDS[name](settings, arrays)


def _load_ensemble(settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Backend:
    return EnsembleBackend.load(settings, arrays, load_backend)


BACKENDS: dict[str, Callable[[Mapping[str, Any], Mapping[str, NDArray[Any]]], Backend]] = {
    CausalBackend.name: CausalBackend.load,
    EnsembleBackend.name: _load_ensemble,
    LinearBackend.name: LinearBackend.load,
    EncoderBackend.name: EncoderBackend.load,
    StudentBackend.name: StudentBackend.load,
}
