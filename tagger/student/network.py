"""The student network, computed with numpy alone.

Words (each with its status) become vectors, convolutions look at a few at a time, pooling and the
look-back flags make a vector of the step, and a gated recurrent unit (Cho et al. 2014,
arXiv 1406.1078) carries what the trace has done so far. Beside it, words, pairs of words and flags
speak for a type directly, as in the linear back end ("wide and deep", Cheng et al. 2016,
arXiv 1606.07792): rare types have too few labels for the deep part.

A step is computed on its own, always by the same operations on arrays of the same shapes. So its
scores are the same whether the trace is finished or still being written, and whatever else is
tagged beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.student.reading import StepReading
from tagger.student.settings import StudentSettings

Floats = NDArray[np.float32]
_ZERO = np.float32(0)

TABLES = ("words", "statuses", "flags", "wide")
"""Weights that are looked up by row; on disk they are whole numbers."""

MEAN_SCALE = 0.3
"""What the mean over words is scaled by, after a division by the root of their number."""


class StudentNetwork:
    """Computes steps with fixed weights.

    Args:
        settings: The shape.
        weights: As `compress` makes them.
    """

    def __init__(self, settings: StudentSettings, weights: Mapping[str, NDArray[Any]]) -> None:
        self._pad = settings.kernel // 2
        self._hidden = settings.hidden
        # Tables stay whole numbers: a quarter of the memory to walk through at random.
        self._words, self._statuses, self._flags = (
            (weights[name], weights[f"{name}.unit"]) for name in ("words", "statuses", "flags")
        )
        self._convolutions = [
            (
                # One matrix for each place of the kernel, (width, hidden).
                [np.ascontiguousarray(weights[f"conv{i}.weight"][:, :, j].T)
                 for j in range(settings.kernel)],
                weights[f"conv{i}.bias"],
            )
            for i in range(settings.layers)
        ]  # fmt: skip
        self._mix = np.ascontiguousarray(weights["mix.weight"].T), weights["mix.bias"]
        self._input = np.ascontiguousarray(weights["gru.weight_ih"].T), weights["gru.bias_ih"]
        self._state = np.ascontiguousarray(weights["gru.weight_hh"].T), weights["gru.bias_hh"]
        self._inner = np.ascontiguousarray(weights["inner.weight"].T), weights["inner.bias"]
        self._outer = np.ascontiguousarray(weights["outer.weight"].T), weights["outer.bias"]

    def begin(self) -> Floats:
        """Memory of a trace of which nothing has been read, (hidden,)."""
        return np.zeros(self._hidden, dtype=np.float32)

    def step(self, reading: StepReading, memory: Floats) -> tuple[Floats, Floats]:
        """Read the next step.

        Args:
            reading: The step.
            memory: Of the trace before it, (hidden,).

        Returns:
            What `logits` scores, (2 * hidden,), and the memory after the step, (hidden,).
        """
        embedded = _rows(self._words, reading.words) + _rows(self._statuses, reading.statuses)
        count = len(embedded)
        states = embedded
        for layer, (kernel, bias) in enumerate(self._convolutions):
            out = self._convolve(states, kernel, bias)
            states = out if layer == 0 else states + out
        pooled = np.concatenate(
            [
                np.maximum.reduce(states, axis=0),
                np.add.reduce(states, axis=0) * np.float32(MEAN_SCALE / sqrt(count)),
                np.add.reduce(embedded, axis=0) / np.float32(count),
            ]
        )
        mixed = pooled @ self._mix[0] + self._mix[1]
        mixed += np.add.reduce(_rows(self._flags, reading.flags), axis=0)
        vector = np.maximum(mixed, _ZERO)
        memory = self._remember(vector, memory)
        return np.concatenate([vector, memory]), memory

    def logits(self, seen: Floats) -> Floats:
        """Score a step, (types,), from what `step` returned."""
        hidden = np.maximum(seen @ self._inner[0] + self._inner[1], _ZERO)
        scores: Floats = hidden @ self._outer[0] + self._outer[1]
        return scores

    def _convolve(self, states: Floats, kernel: list[Floats], bias: Floats) -> Floats:
        """Convolve over words, zeros around them; then cut below 0."""
        pad, count = self._pad, len(states)
        padded = np.zeros((count + 2 * pad, states.shape[1]), dtype=np.float32)
        padded[pad : pad + count] = states
        out: Floats = padded[:count] @ kernel[0]
        for place in range(1, len(kernel)):
            out += padded[place : place + count] @ kernel[place]
        out += bias
        return np.maximum(out, _ZERO, out=out)

    def _remember(self, vector: Floats, memory: Floats) -> Floats:
        size = self._hidden
        given = vector @ self._input[0] + self._input[1]
        kept = memory @ self._state[0] + self._state[1]
        gates = 1 / (1 + np.exp(-(given[: 2 * size] + kept[: 2 * size])))
        new = np.tanh(given[2 * size :] + gates[:size] * kept[2 * size :])
        update = gates[size:]
        remembered: Floats = (1 - update) * new + update * memory
        return remembered


def _rows(table: tuple[NDArray[Any], Floats], rows: NDArray[np.int64]) -> Floats:
    """Rows of a table, float32."""
    numbers: Floats = table[0][rows] * table[1]
    return numbers


def weight_shapes(settings: StudentSettings, types: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight."""
    from tagger.student.recurrence import STATUSES

    width, hidden, kernel = settings.width, settings.hidden, settings.kernel
    shapes: dict[str, tuple[int, ...]] = {
        "words": (2**settings.word_bits, width),
        "statuses": (STATUSES, width),
        "flags": (2**settings.flag_bits, hidden),
        "wide": (2**settings.wide_bits, types),
        "mix.weight": (hidden, 2 * hidden + width),
        "mix.bias": (hidden,),
        "gru.weight_ih": (3 * hidden, hidden),
        "gru.weight_hh": (3 * hidden, hidden),
        "gru.bias_ih": (3 * hidden,),
        "gru.bias_hh": (3 * hidden,),
        "inner.weight": (hidden, 2 * hidden),
        "inner.bias": (hidden,),
        "outer.weight": (types, hidden),
        "outer.bias": (types,),
    }
    for layer in range(settings.layers):
        shapes[f"conv{layer}.weight"] = (hidden, hidden if layer else width, kernel)
        shapes[f"conv{layer}.bias"] = (hidden,)
    return shapes


def compress(weights: Mapping[str, Floats]) -> dict[str, NDArray[Any]]:
    """The form on disk: tables as int8 with one unit each.

    Args:
        weights: As `weight_shapes` lists them.

    Returns:
        The arrays; rounding moves a number of a table by at most half its unit, or, where it lies
        beyond 5 standard deviations of a table, to the largest number kept.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for name, weight in weights.items():
        if name in TABLES:
            limit = min(float(np.abs(weight).max()), 5 * float(weight.std())) or 1.0
            unit = np.array([limit / 127], dtype=np.float32)
            arrays[name] = np.clip(np.rint(weight / unit), -127, 127).astype(np.int8)
            arrays[f"{name}.unit"] = unit
        else:
            arrays[name] = np.ascontiguousarray(weight, dtype=np.float32)
    return arrays
