"""Whether a run has a gradient to follow: counted by batch, warned of early, settled at the end.

A group whose rewards are all equal has advantages of 0; which groups have equal advantages, the
method of aggregation says. A run in which that holds for every group of every batch, or whose
gradient norm is 0 at every step, trained nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from rewards.facts.outcomes import Outcomes, count_outcomes, outcomes_of_table, readable_answer
from rl.analysis.signal import Cause, Mismatch, Setting, diagnose, equal_rewards, join
from tagger.thinking.split import ThinkingDelimiters, split_thinking

if TYPE_CHECKING:
    import torch

    from rewards.facts.compute import FactsComputer
    from rl.training.records.scored import ScoredBatch

FIRST = 3
"""Batches after which a run without any spread is warned of. Where no rollout is correct and the
cause is plain, it is after the first."""
LATER = 10
"""Batches in a row without spread after which a run that had some is warned of."""


class SignalWatch(TrainerCallback):
    """Counts spread and outcomes of every batch, warns, and says at the end whether there was any.

    Args:
        setting: Keys and limits that the sentences name.
        main: Whether this process speaks.
    """

    def __init__(self, setting: Setting, main: bool = True) -> None:
        self._setting, self._main = setting, main
        self._mismatch: Mismatch | None = None
        self._outcomes = Outcomes()
        self._batches = self._flat_batches = self._streak = 0
        self._groups = self._flat = 0
        self._norms = self._zero_norms = 0
        self._whole = True  # whether the run was watched from its first batch

    def add(
        self, table: torch.Tensor, columns: Sequence[str], flat: torch.Tensor
    ) -> dict[str, float]:
        """Count one batch of training rollouts, and warn if there is reason to.

        Args:
            table: The gathered facts, shape (B, C).
            columns: Names of the facts.
            flat: Shape (groups,), bool: which groups have no spread.

        Returns:
            Metrics of the batch: ``signal/<outcome>`` and ``signal/equal_rewards``, shares.
        """
        outcomes = count_outcomes(outcomes_of_table(table, columns))
        dead = bool(flat.all())
        self._outcomes += outcomes
        self._batches += 1
        self._flat_batches += dead
        self._streak = self._streak + 1 if dead else 0
        self._groups += len(flat)
        self._flat += int(flat.sum())
        self._warn()
        names = ("cut_off", "no_thinking", "no_answer", "unmatched")
        shares = {f"signal/{name}": outcomes.share(name) for name in names}
        return shares | {"signal/equal_rewards": float(flat.double().mean())}

    def note_mismatch(self, text: str, reference: str, delimiters: ThinkingDelimiters) -> None:
        """Keep one answer that did not match its reference, for the message.

        Args:
            text: The completion, end token left out.
            reference: Its reference.
            delimiters: Thinking delimiters.
        """
        if self._mismatch is None:
            answer = readable_answer(split_thinking(text, delimiters).answer or text, reference)
            self._mismatch = Mismatch(answer, reference)

    def find_mismatch(
        self,
        completion_ids: Sequence[Sequence[int]],
        batch: ScoredBatch,
        computer: FactsComputer,
        decode: Callable[[Sequence[int]], str],
    ) -> None:
        """Note the first finished answer that did not match, if one is still looked for.

        Args:
            completion_ids: Token ids of this process's completions.
            batch: The same, scored.
            computer: What computed their facts.
            decode: From token ids to text.
        """
        if not self.wants_mismatch:
            return
        outcomes = outcomes_of_table(batch.facts, computer.columns)
        for ids, task, outcome in zip(completion_ids, batch.tasks, outcomes, strict=True):
            if outcome.ended and outcome.answered and not outcome.correct:
                self.note_mismatch(decode(ids[:-1]), task.reference, computer.delimiters)
                return

    @property
    def wants_mismatch(self) -> bool:
        """Whether an example is still looked for."""
        return self._main and self._mismatch is None

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any
    ) -> None:
        """Take the gradient norm of the step, where every step is logged."""
        if logs and "grad_norm" in logs and args.logging_steps == 1:
            self._norms += 1
            self._zero_norms += float(logs["grad_norm"]) == 0.0

    @property
    def without_gradient(self) -> bool:
        """Whether the whole run, from its first batch, had no gradient."""
        flat = self._batches > 0 and self._flat_batches == self._batches
        return self._whole and (flat or 0 < self._norms == self._zero_norms)

    def causes(self) -> list[Cause]:
        """Why there is no signal, with remedies; empty if nothing stands out."""
        found = diagnose(self._outcomes, self._named())
        if self._groups and self._flat == self._groups and not found:
            found.append(equal_rewards(self._outcomes, self._groups, self._flat))
        return found

    def verdict(self) -> str | None:
        """Why the run trained nothing, in sentences with remedies; None if it had a gradient."""
        if not self.without_gradient:
            return None
        batches = "the one batch" if self._batches == 1 else f"all {self._batches} batches"
        if self._flat_batches == self._batches:
            why = f"in {batches} the advantages of every group were equal, so every gradient was 0"
        else:
            why = (
                f"the gradient was 0 at all {self._norms} steps although rewards differed; check"
                " grpo.mask_truncated_completions"
            )
        return f"No signal: {why}. {join(self.causes())}".rstrip()

    def record(self) -> dict[str, Any]:
        """What was counted, for ``result.json``."""
        return {
            "batches": self._batches,
            "batches_without_spread": self._flat_batches,
            "groups": self._groups,
            "groups_without_spread": self._flat,
            **self._outcomes.to_dict(),
            "causes": [cause.to_dict() for cause in self.causes()],
        }

    def state_dict(self) -> dict[str, Any]:
        """The counts, for the checkpoint."""
        example = self._mismatch
        return {
            "counts": [
                self._batches, self._flat_batches, self._streak, self._groups, self._flat,
                self._norms, self._zero_norms,
            ],
            "outcomes": self._outcomes.to_dict(),
            "mismatch": [example.answer, example.reference] if example else None,
            "whole": self._whole,
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state; an empty one is that of a run that was not watched so far."""
        if not state:
            self._whole = False
            return
        (
            self._batches, self._flat_batches, self._streak, self._groups, self._flat,
            self._norms, self._zero_norms,
        ) = state["counts"]  # fmt: skip
        self._outcomes = Outcomes(**state["outcomes"])
        self._mismatch = Mismatch(*state["mismatch"]) if state["mismatch"] else None
        self._whole = bool(state["whole"])

    def _named(self) -> Setting:
        return replace(self._setting, mismatch=self._mismatch)

    def _warn(self) -> None:
        """Say once what is wrong: at the first batch if it is plain, then as batches double."""
        if not self._main:
            return
        streak, causes = self._streak, self.causes()
        dead_so_far = streak == self._batches
        plain = self._batches == 1 and bool(diagnose(self._outcomes, self._setting))
        plain = plain and self._outcomes.correct == 0
        first = FIRST if dead_so_far else LATER
        due = streak >= first and (streak // first).bit_count() == 1 and streak % first == 0
        if dead_so_far and (plain or due):
            so_far = "the first batch" if streak == 1 else f"the first {streak} batches"
            _say(f"no gradient in {so_far}. {join(causes)}")
        elif due:
            _say(f"no gradient in the last {streak} batches: advantages were equal in every group.")
        elif self._batches == FIRST and causes:
            _say(f"weak signal after {FIRST} batches. {join(causes)}")


def _say(text: str) -> None:
    print(f"suffice: WARNING: {text}", file=sys.stderr, flush=True)
