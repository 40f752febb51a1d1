"""How far the run is."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

ACCURACY = "facts/correct"
VERIFICATION = "facts/count/VERIFY"


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
