"""The logits processor that vLLM loads; importing it needs vLLM (the V1 model runner)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from vllm.v1.sample.logits_processor import LogitsProcessor, process_dict_updates

from rl.sampling.vllm_rows import LiveRow, joined, leave_one_token

if TYPE_CHECKING:
    from vllm.config import VllmConfig
    from vllm.v1.sample.logits_processor import BatchUpdate


class RowProcessor(LogitsProcessor):
    """Draws for every row that the kit has asked for, and forces what monitors ask for."""

    def __init__(self, vllm_config: VllmConfig, device: torch.device, is_pin_memory: bool) -> None:
        self._rows: dict[int, LiveRow] = {}

    def is_argmax_invariant(self) -> bool:
        """Whether greedy search could go without it; it could not."""
        return False

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        """Follow requests that join, leave or move in the batch."""
        process_dict_updates(self._rows, batch_update, joined)

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Leave each row one token; see `leave_one_token`."""
        return leave_one_token(logits, self._rows)
