"""The student network in PyTorch, for training.

`tagger.backends.student.network` is its numpy twin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tagger.backends.features.step_features import StepFeatures, fold
from tagger.backends.student.network import MEAN_SCALE
from tagger.backends.student.reading import GROUP_WEIGHTS, StepReading
from tagger.backends.student.recurrence import STATUSES
from tagger.backends.student.settings import StudentSettings


@dataclass(frozen=True)
class PackedSteps:
    """The steps of several traces laid end to end, a gap of unread places after each step.

    Attributes:
        words: Rows of the words, (places,); 0 in a gap.
        statuses: (places,).
        read: 1 where a word stands, 0 in a gap, (places, 1).
        step: Which step a place belongs to, (places,).
        flags: (steps, flags).
        wide: Rows of the direct features, (features,).
        wide_starts: Where a step's direct features begin, (steps,).
        wide_scale: What each counts, (features,).
        lengths: Steps of each trace.
    """

    words: Tensor
    statuses: Tensor
    read: Tensor
    step: Tensor
    flags: Tensor
    wide: Tensor
    wide_starts: Tensor
    wide_scale: Tensor
    lengths: list[int]


def pack(traces: Sequence[Sequence[StepReading]], gap: int, wide_bits: int) -> PackedSteps:
    """Lay the steps of traces end to end; `gap` is how far convolutions reach."""
    steps = [reading for trace in traces for reading in trace]
    places = np.array([len(s.words) + gap for s in steps])
    ends = np.cumsum(places)
    words, statuses = np.zeros(ends[-1], dtype=np.int64), np.zeros(ends[-1], dtype=np.int64)
    read = np.zeros((ends[-1], 1), dtype=np.float32)
    for step, end, size in zip(steps, ends, places, strict=True):
        span = slice(end - size, end - gap)
        words[span], statuses[span], read[span] = step.words, step.statuses, 1
    wide, wide_starts, wide_scale = _direct([s.wide for s in steps], wide_bits)
    return PackedSteps(
        torch.from_numpy(words),
        torch.from_numpy(statuses),
        torch.from_numpy(read),
        torch.from_numpy(np.repeat(np.arange(len(steps)), places)),
        torch.from_numpy(np.stack([s.flags for s in steps])),
        torch.from_numpy(wide),
        torch.from_numpy(wide_starts),
        torch.from_numpy(wide_scale),
        [len(trace) for trace in traces],
    )


def _direct(
    features: Sequence[StepFeatures], bits: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Direct features of steps: rows, where a step begins, and what each row counts.

    `tagger.backends.features.step_features.fold` sorts by group, then by step; an
    embedding bag wants them by step.
    """
    folded = fold(features, bits, GROUP_WEIGHTS)
    steps = len(features)
    counts = np.diff(np.append(folded.starts, len(folded.buckets)))
    scale = np.repeat(folded.scale[[0, 0, 1, 2]].reshape(-1), counts)
    owner = np.repeat(np.tile(np.arange(steps), 4), counts)
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(steps))
    return folded.buckets[order], starts, scale[order].astype(np.float32)


@dataclass(frozen=True)
class Dropout:
    """Dropout rates: of activations, of the memory's input, and of whole words."""

    numbers: float = 0.35
    memory: float = 0.35
    words: float = 0.15


class StudentModel(nn.Module):
    """Scores the steps of traces.

    Args:
        settings: The shape.
        heads: Types of each output: the first is the tagger's own, the others are for labels in
            other taxonomies: auxiliary heads, dropped at export.
        dropout: In training.
    """

    def __init__(self, settings: StudentSettings, heads: Sequence[int], dropout: Dropout) -> None:
        super().__init__()
        width, hidden = settings.width, settings.hidden
        self.gap = settings.layers * (settings.kernel // 2)
        self.words = nn.Embedding(2**settings.word_bits, width)
        self.statuses = nn.Embedding(STATUSES, width)
        self.flags = nn.EmbeddingBag(2**settings.flag_bits, hidden, mode="sum")
        for table, spread in ((self.words, 0.1), (self.statuses, 0.1), (self.flags, 0.05)):
            nn.init.normal_(table.weight, std=spread)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(
                hidden if layer else width, hidden, settings.kernel, padding=settings.kernel // 2
            )
            for layer in range(settings.layers)
        )
        self.wide = nn.ModuleList(
            nn.EmbeddingBag(2**settings.wide_bits, types, mode="sum") for types in heads
        )
        for weight in self.wide.parameters():
            nn.init.zeros_(weight)
        self.wide_bits = settings.wide_bits
        self.mix = nn.Linear(2 * hidden + width, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)
        self.inner = nn.Linear(2 * hidden, hidden)
        self.outer = nn.ModuleList(nn.Linear(hidden, types) for types in heads)
        self.drop = nn.Dropout(dropout.numbers)
        self.drop_memory = nn.Dropout(dropout.memory)
        self.word_dropout = dropout.words

    def forward(self, steps: PackedSteps, head: int = 0) -> Tensor:
        """Logits, (steps, types of the head)."""
        embedded = self.words(steps.words)
        if self.training and self.word_dropout:
            kept = torch.rand(len(embedded), 1) >= self.word_dropout
            embedded = embedded * kept
        embedded = (embedded + self.statuses(steps.statuses)) * steps.read
        states = embedded
        for layer, convolution in enumerate(self.convolutions):
            out = torch.relu(convolution(states.t()[None])[0].t()) * steps.read
            states = out if layer == 0 else states + out
        count = sum(steps.lengths)
        owner = steps.step[:, None].expand(-1, states.shape[1])
        largest = states.new_zeros(count, states.shape[1])
        largest = largest.scatter_reduce(0, owner, states, "amax", include_self=True)
        total = states.new_zeros(count, states.shape[1]).index_add(0, steps.step, states)
        plain = embedded.new_zeros(count, embedded.shape[1]).index_add(0, steps.step, embedded)
        size = steps.read.new_zeros(count, 1).index_add(0, steps.step, steps.read)
        pooled = torch.cat([largest, total * MEAN_SCALE / size.sqrt(), plain / size], dim=1)
        vectors = torch.relu(self.mix(self.drop(pooled)) + self.flags(steps.flags))
        padded = nn.utils.rnn.pad_sequence(
            list(torch.split(vectors, steps.lengths)), batch_first=True
        )
        memory, _ = self.gru(self.drop_memory(padded))
        flat = torch.cat([memory[i, :n] for i, n in enumerate(steps.lengths)])
        inner = torch.relu(self.inner(self.drop(torch.cat([vectors, flat], dim=1))))
        deep: Tensor = self.outer[head](self.drop(inner))
        direct: Tensor = self.wide[head](
            steps.wide, steps.wide_starts, per_sample_weights=steps.wide_scale
        )
        return deep + direct

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Weights by the names of `network.weight_shapes`, first head only."""
        return {k: v.detach().numpy().astype(np.float32) for k, v in self._named().items()}

    def set_weights(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Take over weights as `weights` returns them; other heads keep theirs."""
        with torch.no_grad():
            for name, parameter in self._named().items():
                parameter.copy_(torch.from_numpy(weights[name]))

    def _named(self) -> dict[str, Tensor]:
        named: dict[str, Any] = {
            "words": self.words.weight,
            "statuses": self.statuses.weight,
            "flags": self.flags.weight,
            "wide": self.wide[0].weight,
            "mix.weight": self.mix.weight,
            "mix.bias": self.mix.bias,
            "gru.weight_ih": self.gru.weight_ih_l0,
            "gru.weight_hh": self.gru.weight_hh_l0,
            "gru.bias_ih": self.gru.bias_ih_l0,
            "gru.bias_hh": self.gru.bias_hh_l0,
            "inner.weight": self.inner.weight,
            "inner.bias": self.inner.bias,
            "outer.weight": self.outer[0].weight,
            "outer.bias": self.outer[0].bias,
        }
        for layer, convolution in enumerate(self.convolutions):
            named[f"conv{layer}.weight"] = convolution.weight
            named[f"conv{layer}.bias"] = convolution.bias
        return named
