"""Weights & Biases gets the whole config of the run, not only TRL's arguments."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from transformers import TrainerCallback


class WandbConfig(TrainerCallback):
    """Adds what the run is made of to the config of the run at W&B, if it reports there.

    transformers' own callback has begun that run by then: reporters come before other callbacks.

    Args:
        provenance: As `rl.provenance.provenance` makes it: config with reward and problems,
            fingerprints of the taggers, commit, versions.
    """

    def __init__(self, provenance: Mapping[str, Any]) -> None:
        self._provenance = dict(provenance)

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Add it under ``suffice``."""
        run = getattr(sys.modules.get("wandb"), "run", None)  # never imported for its own sake
        if state.is_world_process_zero and run is not None and "wandb" in (args.report_to or ()):
            run.config.update({"suffice": self._provenance}, allow_val_change=True)
