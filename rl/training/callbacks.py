"""Callbacks of a run: the tagger stays frozen, metrics reach the disk, progress is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from transformers import TrainerCallback

from tagger.errors import UserError
from tagger.files import write_atomically

ACCURACY = "facts/correct"
VERIFICATION = "facts/count/VERIFY"


class Fingerprinted(Protocol):
    """A tagger that can hash its weights anew."""

    @property
    def fingerprint(self) -> str:
        """The fingerprint it was loaded with."""
        ...

    def recompute_fingerprint(self) -> str:
        """The fingerprint of the weights as they are now."""
        ...


class TaggerUnchanged(TrainerCallback):
    """Fails the run if the tagger that feeds the reward is not the one it began with.

    The weights are hashed again at the start, at every checkpoint and at the end.
    """

    def __init__(self, tagger: Fingerprinted) -> None:
        self._tagger = tagger
        self.before = tagger.recompute_fingerprint()

    def check(self) -> str:
        """Hash the weights; return the fingerprint.

        Raises:
            RuntimeError: It is not the one from the start.
        """
        now = self._tagger.recompute_fingerprint()
        if now != self.before or now != self._tagger.fingerprint:
            raise RuntimeError(
                f"The tagger changed during training: fingerprint {self.before[:12]} before, "
                f"{now[:12]} now. The rewards of this run mean nothing; it was stopped."
            )
        return now

    def state_dict(self) -> dict[str, Any]:
        """The fingerprint, for the checkpoint."""
        return {"fingerprint": self.before}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Check that the checkpoint was made with this tagger.

        Raises:
            RuntimeError: It was not.
        """
        if state["fingerprint"] != self.before:
            raise RuntimeError(f"The checkpoint's tagger was {state['fingerprint'][:12]}.")

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Check before the first step."""
        self.check()

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Check at every checkpoint."""
        self.check()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Check after the last step."""
        self.check()


class MetricsFile(TrainerCallback):
    """Writes one JSON line a logged step.

    Args:
        path: The file.
        step: Step the run goes on from. Lines beyond it are cut away: they will be made again.
        resumed: Whether the file may be there already.

    Raises:
        UserError: The file is there and the run is not resumed.
    """

    def __init__(self, path: Path, step: int = 0, resumed: bool = False) -> None:
        self.path = path
        if path.exists():
            if not resumed:
                raise UserError(f"{path} exists already; name a new output folder.")
            self._cut(step)

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any
    ) -> None:
        """Append the step's metrics."""
        if not state.is_world_process_zero or not logs or "loss" not in logs:
            return
        row = {"step": state.global_step, **logs}
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")

    def _cut(self, step: int) -> None:
        kept = [
            line
            for line in self.path.read_text(encoding="utf-8").splitlines()
            if (row := _row(line)) is not None and row["step"] <= step
        ]
        write_atomically(self.path, "".join(f"{line}\n" for line in kept))


def _row(line: str) -> dict[str, Any] | None:
    """A line of a metrics file; None for a last line that was cut off by a kill."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None


class Progress(TrainerCallback):
    """Shows how far the run is: a bar on a terminal, a line now and then elsewhere.

    Args:
        every: Steps between two lines where there is no terminal; the first step begun here has
            a line of its own.
    """

    def __init__(self, every: int = 10) -> None:
        from rich.console import Console

        self._console = Console(stderr=True)
        self._every = every
        self._bar: Any = None
        self._task: Any = None
        self._shown = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Draw the bar."""
        if not (state.is_world_process_zero and self._console.is_terminal):
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[shown]}"),
            console=self._console,
        )
        self._bar.start()
        self._task = self._bar.add_task(
            "training", total=state.max_steps, completed=state.global_step, shown=""
        )

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any
    ) -> None:
        """Show accuracy, tokens and verification steps of the rollouts."""
        if not state.is_world_process_zero or not logs or ACCURACY not in logs:
            return
        shown = (
            f"correct {logs[ACCURACY]:.1%}, tokens {logs['facts/tokens']:.0f}, "
            f"verification steps {logs.get(VERIFICATION, float('nan')):.2f}"
        )
        if self._bar is not None:
            self._bar.update(self._task, completed=state.global_step, shown=shown)
        elif (
            not self._shown
            or state.global_step % self._every == 0
            or state.global_step == state.max_steps
        ):
            self._console.print(f"step {state.global_step}/{state.max_steps}: {shown}")
            self._shown = True

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Put the bar away."""
        if self._bar is not None:
            self._bar.stop()
