"""Preallocated KV cache: writes in place, and drops rows as they finish.

`transformers.DynamicCache` copies the whole cache for every new token and again for every change
of the batch. This one allocates ahead and moves the last living row into the slot of a finished
one, so that a step copies one token a row and no more.
"""

from __future__ import annotations

import torch
from transformers.cache_utils import Cache, CacheLayerMixin, DynamicCache

ROOM = 64
"""Positions the cache grows by when it is full."""


class PreallocatedLayer(CacheLayerMixin):
    """Keys and values of one full-attention layer, shape (rows, heads, positions, head_dim)."""

    is_sliding = False

    def __init__(self) -> None:
        super().__init__()
        self._length = 0
        self._rows = 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Take shape, type and device from the first states."""
        self.dtype, self.device = key_states.dtype, key_states.device
        self._rows = key_states.shape[0]
        self.keys = key_states.new_empty((*key_states.shape[:2], 0, key_states.shape[3]))
        self.values = value_states.new_empty((*value_states.shape[:2], 0, value_states.shape[3]))
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append states; return views of all keys and values so far."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self._length + key_states.shape[2]
        if end > self.keys.shape[2]:
            self.keys = self._grown(self.keys, end + ROOM)
            self.values = self._grown(self.values, end + ROOM)
        keys, values = self.keys[: self._rows], self.values[: self._rows]
        keys[:, :, self._length : end] = key_states
        values[:, :, self._length : end] = value_states
        self._length = end
        return keys[:, :, :end], values[:, :, :end]

    def _grown(self, states: torch.Tensor, positions: int) -> torch.Tensor:
        wide = states.new_empty((self._rows, states.shape[1], positions, states.shape[3]))
        wide[:, :, : self._length] = states[: self._rows, :, : self._length]
        return wide

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Make row i what row ``indices[i]`` was; fewer rows than now are moved in place."""
        if not self.is_initialized:
            return
        if len(indices) > self._rows:
            self.keys, self.values = self.keys[indices], self.values[indices]
        else:
            here = torch.arange(len(indices), device=indices.device)
            moved = here[indices != here]
            self.keys[moved] = self.keys[indices[moved]]
            self.values[moved] = self.values[indices[moved]]
        self._rows = len(indices)

    def gathered(self, rows: torch.Tensor, columns: torch.Tensor) -> PreallocatedLayer:
        """A layer of other rows and positions of this one, copied.

        Args:
            rows: Which row each new row is taken from, shape (new rows,).
            columns: Which positions, shape (new rows, positions).
        """
        heads = torch.arange(self.keys.shape[1], device=rows.device)[None, :, None]
        at = (rows[:, None, None], heads, columns[:, None, :])
        new = PreallocatedLayer()
        new.dtype, new.device, new.is_initialized = self.dtype, self.device, True
        new.keys, new.values = self.keys[at], self.values[at]
        new._rows, new._length = columns.shape
        return new

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Length and offset of the keys a query of this length will see."""
        return self._length + query_length, 0

    def get_seq_length(self) -> int:
        """Positions filled."""
        return self._length

    def get_max_length(self) -> int:
        """No limit."""
        return -1


def preallocated_cache(config: object) -> Cache:
    """Build the cache for a model: in place where every layer is full attention, else stock.

    Args:
        config: The model's `PretrainedConfig`.
    """
    stock = DynamicCache(config=config)
    layers = getattr(config, "num_hidden_layers", 0)
    if len(stock.layers) != layers or any(type(x).__name__ != "DynamicLayer" for x in stock.layers):
        return stock
    return Cache(layers=[PreallocatedLayer() for _ in range(layers)])


def can_gather(cache: Cache) -> bool:
    """Whether rows and positions of a cache can be copied: every layer keeps all of them."""
    return all(isinstance(layer, PreallocatedLayer) for layer in cache.layers)


def gathered_cache(cache: Cache, rows: torch.Tensor, columns: torch.Tensor) -> Cache:
    """A cache of other rows and positions of one that `can_gather`; see `PreallocatedLayer`."""
    layers = [x.gathered(rows, columns) for x in cache.layers if isinstance(x, PreallocatedLayer)]
    return Cache(layers=layers)
