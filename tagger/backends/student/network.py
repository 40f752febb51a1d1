"""The student network, computed with numpy alone.

Words (each with its status) become vectors, convolutions look at a few at a time, pooling and the
look-back flags make a vector of the step, and a gated recurrent unit (Cho et al. 2014,
arXiv 1406.1078) carries the history of the trace. In addition, words, pairs of words and flags
vote for a type directly, as in the linear back end ("wide and deep", Cheng et al. 2016,
arXiv 1606.07792): rare types have too few labels for the deep part.

A step is computed on its own, always by the same operations on arrays of the same shapes. So its
scores are the same whether the trace is finished or still being written, and in any batch. This is
also why steps are not computed in batches: the rounding of a row of a matrix product depends on its
position among the others.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.student.reading import StepReading
from tagger.backends.student.settings import StudentSettings

Floats = NDArray[np.float32]
_ZERO, _ONE = np.float32(0), np.float32(1)

TABLES = ("words", "statuses", "flags", "wide")
"""Weights that are looked up by row; on disk they are whole numbers."""

MEAN_SCALE = 0.3
"""What the mean over words is scaled by, after a division by the root of their number."""


class _Scratch(threading.local):
    """Memory for what a step needs and no later step reads, one for each thread.

    Arrays of a step's size that are made anew go back to the system each time they are freed, and
    touching them again costs more than what is computed in them.
    """

    def __init__(self) -> None:
        self._buffers: dict[tuple[str, int], Floats] = {}

    def rows(self, name: str, count: int, width: int) -> Floats:
        """Room for ``count`` rows, (count, width), holding whatever it held before."""
        buffer = self._buffers.get((name, width))
        if buffer is None or len(buffer) < count:
            buffer = np.empty((2 * count, width), dtype=np.float32)
            self._buffers[name, width] = buffer
        return buffer[:count]


_scratch = _Scratch()


class StudentNetwork:
    """Computes steps with fixed weights.

    Args:
        settings: The shape.
        weights: As `compress` makes them.
    """

    def __init__(self, settings: StudentSettings, weights: Mapping[str, NDArray[Any]]) -> None:
        self._pad = settings.kernel // 2
        self._hidden = settings.hidden
        # Large tables stay whole numbers: a quarter of the memory to walk through at random.
        self._words, self._flags = weights["words"], weights["flags"]
        self._word_unit, self._flag_unit = weights["words.unit"], weights["flags.unit"]
        self._statuses = weights["statuses"] * weights["statuses.unit"]
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

    def steps(self, readings: Sequence[StepReading], memory: Floats) -> Floats:
        """Read the next steps of a trace.

        One kind of work is done for all steps before the next kind: the weights of all kinds
        together do not fit into a core's cache, those of one kind do. Each step's operations are
        the same as if it came alone.

        Args:
            readings: The steps, at least one.
            memory: Of the trace before them, (hidden,).

        Returns:
            What `logits` scores, (steps, 2 * hidden); its second half is the memory after each
            step.
        """
        size, width = self._hidden, self._words.shape[1]
        pooled = np.empty((len(readings), 2 * size + width), dtype=np.float32)
        vectors = np.empty((len(readings), size), dtype=np.float32)
        given = np.empty((len(readings), 3 * size), dtype=np.float32)
        seen = np.empty((len(readings), 2 * size), dtype=np.float32)
        for reading, row in zip(readings, pooled, strict=True):
            self._look(reading, row)
        for reading, row, vector in zip(readings, pooled, vectors, strict=True):
            row.dot(self._mix[0], out=vector)
            vector += self._mix[1]
            flags = self._flags.take(reading.flags, axis=0) * self._flag_unit
            vector += np.add.reduce(flags, axis=0)
        np.maximum(vectors, _ZERO, out=vectors)
        for vector, row in zip(vectors, given, strict=True):
            vector.dot(self._input[0], out=row)
        given += self._input[1]
        seen[:, :size] = vectors
        for row, out in zip(given, seen, strict=True):
            memory = self._remember(row, memory, out[size:])
        return seen

    def logits(self, seen: Floats) -> Floats:
        """Score a step, (types,), from its row of what `steps` returned."""
        hidden = seen.dot(self._inner[0])
        hidden += self._inner[1]
        np.maximum(hidden, _ZERO, out=hidden)
        scores: Floats = hidden.dot(self._outer[0])
        scores += self._outer[1]
        return scores

    def _room(self, layer: int, count: int, width: int) -> tuple[Floats, Floats]:
        """What a layer convolves: words with zeros around them, and the words alone."""
        pad = self._pad
        padded = _scratch.rows(f"padded{layer}", count + 2 * pad, width)
        padded[:pad] = padded[pad + count :] = 0
        return padded, padded[pad : pad + count]

    def _look(self, reading: StepReading, pooled: Floats) -> None:
        """Pool a step's words: the greatest and mean of each state, and the mean of the words."""
        size, count = self._hidden, len(reading.words)
        padded, embedded = self._room(0, count, self._words.shape[1])
        np.multiply(self._words.take(reading.words, axis=0), self._word_unit, out=embedded)
        embedded += self._statuses.take(reading.statuses, axis=0)
        states = _convolve(padded, *self._convolutions[0])
        for layer, (kernel, bias) in enumerate(self._convolutions[1:], start=1):
            padded, inside = self._room(layer, count, size)
            inside[:] = states
            states = _convolve(padded, kernel, bias)
            states += inside
        greatest, mean, words = pooled[:size], pooled[size : 2 * size], pooled[2 * size :]
        np.maximum.reduce(states, axis=0, out=greatest)
        np.add.reduce(states, axis=0, out=mean)
        mean *= np.float32(MEAN_SCALE / sqrt(count))
        np.add.reduce(embedded, axis=0, out=words)
        words /= np.float32(count)

    def _remember(self, given: Floats, memory: Floats, out: Floats) -> Floats:
        """Memory after a step, into `out`; `given`, the input of the step, is modified in place."""
        size = self._hidden
        kept = memory.dot(self._state[0])
        kept += self._state[1]
        gates, new = given[: 2 * size], given[2 * size :]
        gates += kept[: 2 * size]
        np.negative(gates, out=gates)
        np.exp(gates, out=gates)
        gates += _ONE
        np.divide(_ONE, gates, out=gates)
        reset, update = gates[:size], gates[size:]
        reset *= kept[2 * size :]
        new += reset
        np.tanh(new, out=new)
        np.multiply(update, memory, out=out)
        np.subtract(_ONE, update, out=update)
        new *= update
        out += new
        return out


def _convolve(padded: Floats, kernel: list[Floats], bias: Floats) -> Floats:
    """Convolve over words with zeros around them; then cut below 0."""
    count, width = len(padded) - len(kernel) + 1, len(bias)
    out = _scratch.rows("out", count, width)
    term = _scratch.rows("term", count, width)
    np.dot(padded[:count], kernel[0], out=out)
    for place in range(1, len(kernel)):
        out += np.dot(padded[place : place + count], kernel[place], out=term)
    out += bias
    return np.maximum(out, _ZERO, out=out)


def weight_shapes(settings: StudentSettings, types: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight."""
    from tagger.backends.student.recurrence import STATUSES

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


def decompress(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
    """The weights that arrays of `compress` stand for, by the names of `weight_shapes`."""
    weights: dict[str, Floats] = {}
    for name, array in arrays.items():
        if name in TABLES:
            weights[name] = array * arrays[f"{name}.unit"]
        elif not name.endswith(".unit"):
            weights[name] = np.array(array, dtype=np.float32)
    return weights
