"""Rollouts of chosen steps, kept on disk with everything that made their advantage.

``suffice tag RUN --html page.html`` shows them.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from rl import run_files
from rl.training.config import KeepRolloutsConfig
from rl.training.records.scored import ScoredBatch
from tagger.files import write_atomically


class KeptRollouts:
    """Writes ``step-<step>.jsonl.gz``, a line a rollout, for the steps that are due.

    Due are the first step and every multiple of `every`; the file is named by the step at which
    the rollouts were drawn, which comes before a multiple if a draw serves several steps. What a
    resumed run draws again it writes again, with the same content.

    Args:
        folder: Where the files go; made with the first.
        settings: Which steps and how many rollouts.
        problem_ids: Names of the problems, by index.
        columns: Names of the columns of the facts table.
        terms: Names of the reward terms.
        served: Optimizer steps that one draw of rollouts serves.
    """

    def __init__(
        self,
        folder: Path,
        settings: KeepRolloutsConfig,
        problem_ids: Sequence[str],
        columns: Sequence[str],
        terms: Sequence[str],
        served: int = 1,
    ) -> None:
        self._folder, self._settings, self._served = folder, settings, max(1, served)
        self._ids, self._columns, self._terms = problem_ids, columns, terms
        self._last = 0

    def due(self, step: int) -> bool:
        """Whether the rollouts drawn at a step (counted from 1) are to be kept.

        Several draws within one step are one batch to the optimizer; the first of them is kept.
        """
        every = self._settings.every
        last = step + self._served - 1
        return step != self._last and (step == 1 or last // every > (step - 1) // every)

    def keep(self, step: int, batch: ScoredBatch, advantages: torch.Tensor) -> None:
        """Gather the rollouts of all processes and write them; called on every process alike.

        Args:
            step: The step at which they were drawn, counted from 1.
            batch: The rollouts of this process.
            advantages: Shape (B,), what the policy gradient weighs each with.
        """
        from accelerate import PartialState
        from accelerate.utils import gather_object

        self._last = step
        size = batch.group_size
        wanted = max(1, self._settings.count // size) * size  # whole groups
        mine = [
            self._record(step, batch, i, float(advantages[i]))
            for i in range(len(batch.analyses))
            if batch.first + i < wanted
        ]
        rows: list[dict[str, Any]] = gather_object(mine)
        if PartialState().is_main_process:
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            path = self._folder / run_files.ROLLOUT_FILES.replace("*", f"{step:06d}")
            write_atomically(path, gzip.compress(text.encode(), 6, mtime=0))

    def _record(self, step: int, batch: ScoredBatch, i: int, advantage: float) -> dict[str, Any]:
        found, task = batch.analyses[i], batch.tasks[i]
        parsed, terms = found.rollout, batch.terms[i]
        return {
            "step": step,
            "problem_id": self._ids[batch.problems[i]],
            "group": (batch.first + i) // batch.group_size,
            "sample": (batch.first + i) % batch.group_size,
            "question": task.question,
            "reference": task.reference,
            "text": parsed.text,
            "thinking": parsed.thinking.text,
            "answer": found.answer,
            "correct": found.correct,
            "finished": found.finished,
            "tokens": parsed.tokens,
            "answer_step": found.answer_step,
            "steps": [
                {
                    "text": tagged.step.text,
                    "type": tagged.type,
                    "confidence": round(tagged.confidence, 6),
                    "tokens": tokens,
                }
                for tagged, tokens in zip(found.steps, parsed.step_tokens, strict=True)
            ],
            "facts": dict(zip(self._columns, batch.facts[i].tolist(), strict=True)),
            "rewards": _named(self._terms, terms),
            "weights": _named(self._terms, batch.weights),
            "total": None if bool(terms.isnan().all()) else float((terms * batch.weights).nansum()),
            "advantage": advantage,
            "model": f"policy before step {step}",
        }


def _named(names: Sequence[str], values: torch.Tensor) -> dict[str, float | None]:
    """Values by name; None where a term does not apply, for JSON has no NaN."""
    return {
        name: None if math.isnan(value) else value
        for name, value in zip(names, values.tolist(), strict=True)
    }
