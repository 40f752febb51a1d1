"""Stops a run whose policy loses its accuracy, and knows which checkpoint was the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import torch
from transformers import TrainerCallback

from rl.analysis.sequential_test import DropTest, FloorTest


class AccuracyFloor(TrainerCallback):
    """Stops the run when it is established that accuracy fell; remembers the best checkpoint.

    Accuracy is seen as the share of correct rollouts of each group: rollouts of one problem
    resemble each other, groups are separate draws. All draws of a step are one batch; where a draw
    serves several steps, the others have none. With both `floor` and `drop`, each test gets half of
    `alpha`.

    Args:
        floor: Lowest accuracy allowed; None for none.
        drop: Most it may fall from what it was before; None for any.
        window: Fewest steps before a fall; the running accuracy covers as many.
        alpha: Chance that a run which keeps its accuracy is stopped, over its whole length.
        served: Steps that a batch of rollouts serves; at least 1.
    """

    def __init__(
        self,
        floor: float | None,
        drop: float | None,
        window: int,
        alpha: float = 0.05,
        served: float = 1.0,
    ) -> None:
        self._floor, self._drop, self._served = floor, drop, served
        self._window = ceil(window / served)  # in batches, as all that follows
        self._alpha = alpha / 2 if floor is not None and drop is not None else alpha
        self._seen: list[list[float]] = []
        self._draws: list[float] = []  # of the step
        self._horizon: int | None = None
        self._tests: list[FloorTest | DropTest] = []
        self.best_step: int | None = None
        self.best_accuracy = -1.0
        self.reason: str | None = None

    @property
    def accuracy(self) -> float:
        """Mean share of correct rollouts over the last `window` steps; NaN before the first."""
        recent = [sum(batch) / len(batch) for batch in self._seen[-self._window :]]
        return sum(recent) / len(recent) if recent else float("nan")

    def see(self, table: torch.Tensor, groups: torch.Tensor, columns: Sequence[str]) -> None:
        """Take the facts of one draw of rollouts, gathered from all processes.

        Args:
            table: Shape (rollouts, columns).
            groups: Shape (rollouts,), the group of each.
            columns: Names of the columns.
        """
        correct = table[:, list(columns).index("correct")].double()
        _, index = torch.unique(groups, return_inverse=True)
        sums = torch.zeros(int(index.max()) + 1, dtype=torch.float64, device=correct.device)
        sums.index_add_(0, index, correct)
        self.see_groups((sums / torch.bincount(index)).tolist())

    def see_groups(self, shares: Sequence[float]) -> None:
        """Take the share of correct rollouts of each group of a draw."""
        self._draws += [float(share) for share in shares]

    def _test(self, shares: list[float]) -> None:
        """Take the batch of a step."""
        self._seen.append(shares)
        for test in self._tests:
            fall = test.see(shares)
            if fall is not None and self.reason is None:
                since = f"{fall.after:.1%} of rollouts were correct lately"
                self.reason = "accuracy fell below its floor: " + (
                    f"{since}, floor {fall.before:.1%}"
                    if isinstance(test, FloorTest)
                    else f"{since}, {fall.before:.1%} before step "
                    f"{int(fall.begin * self._served) + 1}, allowed drop {self._drop:.1%}"
                )

    def begin(self, horizon: int) -> None:
        """Set the tests up for a run of so many steps."""
        self._horizon = horizon
        batches = ceil(horizon / self._served)
        self._tests = []
        if self._floor is not None:
            self._tests.append(FloorTest(self._floor, self._alpha, batches))
        if self._drop is not None:
            self._tests.append(DropTest(self._drop, self._window, self._alpha, batches))

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begin, unless a checkpoint has been loaded."""
        if self._horizon is None:
            self.begin(int(state.max_steps))

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """As at the end of a step: with ``save_strategy: epoch`` checkpoints are due only here."""
        self.on_step_end(args, state, control)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Test the step's batch, if it had one; note the best checkpoint; stop after a fall.

        Its step is the last one, and logged whatever ``logging_steps`` says.
        """
        if self._draws:
            shares, self._draws = self._draws, []
            self._test(shares)
        if self.reason is not None:
            control.should_training_stop = control.should_log = True
        elif control.should_save and self._seen and self.accuracy >= self.best_accuracy:
            self.best_step, self.best_accuracy = int(state.global_step), self.accuracy

    def state_dict(self) -> dict[str, Any]:
        """What was seen, the best checkpoint and the verdict."""
        return {
            "seen": self._seen,
            "horizon": self._horizon,
            "best_step": self.best_step,
            "best_accuracy": self.best_accuracy,
            "reason": self.reason,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state; the tests see again what they had seen."""
        if "seen" not in state:  # of a checkpoint made before the tests were sequential
            return
        if state["horizon"] is not None:
            self.begin(int(state["horizon"]))
        self._seen = []
        for shares in state["seen"]:
            self._test([float(share) for share in shares])
        self.best_step, self.best_accuracy = state["best_step"], float(state["best_accuracy"])
        self.reason = state["reason"]
