"""A run that was killed after its last step, before its result was written, trains no further.

transformers (5.17) asks whether a run is over only after a step: a resumed one does one more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rl.training.survival.unlogged import UnloggedTrainer


class EndedTrainer(UnloggedTrainer):
    """`GRPOTrainer` that takes no step from a checkpoint of its last one."""

    _stopped: Callable[[], bool]

    def _run_epoch(self, **kwargs: Any) -> None:
        """As transformers', unless the run is over."""
        if self.state.global_step >= self.state.max_steps or self._stopped():
            self.control.should_training_stop = True
        else:
            super()._run_epoch(**kwargs)
