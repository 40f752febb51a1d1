"""Tells the trackers of a run what transformers' callbacks do not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from rl.training.config import RunConfig, names_of
from rl.training.run_folder import RunFolder
from rl.training.tracking.base import Tracker
from rl.training.tracking.completions import NewRollouts
from rl.training.tracking.tensorboard_tracker import TensorBoardTracker
from rl.training.tracking.trackio_tracker import TrackioTracker
from rl.training.tracking.wandb_tracker import WandbTracker, log_artifacts

if TYPE_CHECKING:
    from tagger.frozen import FrozenTagger


class Tracking(TrainerCallback):
    """Speaks on the main process, after the callbacks of transformers: reporters come first.

    Args:
        trackers: Where to.
        provenance: As `rl.provenance.provenance` makes it: config with reward and problems,
            fingerprints of the taggers, commit, versions.
        rollouts: Those that the run keeps.
        metrics: The run's metrics file.
    """

    def __init__(
        self,
        trackers: Sequence[Tracker],
        provenance: Mapping[str, Any],
        rollouts: NewRollouts,
        metrics: Path,
    ) -> None:
        self._trackers, self._provenance = trackers, provenance
        self._rollouts, self._metrics = rollouts, metrics

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Say what the run is made of."""
        for tracker in self._trackers:
            tracker.begin(self._provenance)

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any
    ) -> None:
        """Show the panels of the step, and rollouts that were kept since the last one."""
        if not logs or "loss" not in logs or not self._trackers:
            return
        step = int(state.global_step)
        kept = self._rollouts.read(step)
        for tracker in self._trackers:
            tracker.metrics(step, logs)
            for drawn, records in kept.items():
                tracker.completions(drawn, records)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Show the curves of the whole run together."""
        for tracker in self._trackers:
            tracker.end(self._metrics)


def make_tracking(
    config: RunConfig,
    run: RunFolder,
    callbacks: Callable[[], Sequence[Any]],
    step: int,
) -> Tracking:
    """What a run says to its trackers.

    Args:
        config: The run's config.
        run: Its folder.
        callbacks: Gives the trainer's callbacks, once they are made.
        step: Step from which it resumes; 0 if it begins.
    """

    def writer() -> Any:
        for callback in callbacks():
            if type(callback).__name__ == "TensorBoardCallback":
                return callback.tb_writer
        return None

    makers: dict[str, Callable[[], Tracker]] = {
        # transformers has imported them by then; they are never imported for their own sake
        "wandb": lambda: WandbTracker(lambda: sys.modules["wandb"]),
        "trackio": lambda: TrackioTracker(lambda: sys.modules["trackio"]),
        "tensorboard": lambda: TensorBoardTracker(writer),
    }
    reported = names_of(config.report_to)
    trackers = [make() for name, make in makers.items() if name in reported]
    kept = NewRollouts(run.rollouts, step)
    return Tracking(trackers, run.read_provenance(), kept, run.metrics)


def finish_tracking(
    config: RunConfig, policy: Path | None, tagger: FrozenTagger, metadata: Mapping[str, Any]
) -> None:
    """Upload the artefacts, if the config asks for them, and end the run at W&B.

    So that a further run of this process begins one of its own.

    Args:
        config: The run's config.
        policy: Folder of the policy; None if there is none.
        tagger: The tagger that fed the reward.
        metadata: What came out.
    """
    wandb: Any = sys.modules.get("wandb")
    if "wandb" not in names_of(config.report_to) or getattr(wandb, "run", None) is None:
        return
    if config.report_artifacts and policy is not None:
        log_artifacts(wandb, policy, tagger, metadata)
    wandb.finish()
