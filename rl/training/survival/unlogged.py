"""What was gathered since the last logged step goes into a checkpoint that lies between two.

A signal writes a checkpoint after any step, ``grpo.save_strategy: epoch`` at the end of any epoch.
transformers (5.17) and TRL (1.16) begin a resumed run with empty sums, so its next line of metrics
would be of fewer steps than the same line of a run that was not interrupted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trl import GRPOTrainer

from rl import run_files
from tagger.files import read_json, write_json


class UnloggedTrainer(GRPOTrainer):
    """`GRPOTrainer` that loses no step's metrics, neither to a checkpoint nor at its end."""

    _unlogged: dict[str, Any] | None = None

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """As TRL's, and what is not logged yet: all processes' losses, the main one's metrics."""
        super()._save_checkpoint(model, trial)
        if self.state.global_step == self._globalstep_last_logged:
            return
        losses = self.accelerator.gather(self._tr_loss.reshape(1)).tolist()
        if self.args.should_save:
            folder = Path(self._get_output_dir(trial=trial))
            folder /= f"{run_files.CHECKPOINT}{self.state.global_step}"
            found = {"since": self._globalstep_last_logged, "losses": losses}
            write_json(folder / run_files.UNLOGGED, {**found, "metrics": self._metrics["train"]})

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        """As TRL's, and what was not logged yet."""
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is not None and (file := Path(checkpoint, run_files.UNLOGGED)).is_file():
            self._unlogged = read_json(file)

    def _run_epoch(self, **kwargs: Any) -> None:
        """As transformers', which has emptied the sums by now."""
        found, self._unlogged = self._unlogged, None
        if found is not None:
            self._globalstep_last_logged = found["since"]
            self._tr_loss += found["losses"][self.accelerator.process_index]
            self._metrics["train"].update(found["metrics"])
        super()._run_epoch(**kwargs)

    def _maybe_log_save_evaluate(self, *args: Any, **kwargs: Any) -> None:
        """As transformers'; the last step is logged, whatever ``grpo.logging_steps`` says."""
        if self.state.global_step >= self.state.max_steps:
            self.control.should_log = True
        super()._maybe_log_save_evaluate(*args, **kwargs)
